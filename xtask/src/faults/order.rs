//! The order of the calls to the system, as `strace` sees it: the sync comes before the answer.

use std::path::Path;

use anyhow::{Context, ensure};

use super::commits::PUSHED;
use super::load::record;
use super::report::Figures;
use crate::crash::http::post;
use crate::crash::service::{PUSH_PATH, Service};

/// Pushes, one after another.
const PUSHES: usize = 30;
/// What marks the record of each push in the calls.
const MARKER: &str = "in-order-";

/// A call of interest, in the order of the trace.
#[derive(Debug, PartialEq, Eq)]
enum Call {
    /// A page with a marked record is written into the log: which push.
    Write(usize),
    /// A sync of the log begins.
    SyncBegins,
    /// A sync of the log has succeeded.
    SyncEnds,
    /// An answer of 200 is written into a socket.
    Answer,
}

/// Pushes one record at a time under the eyes of `strace`.
pub(crate) fn run(program: &Path, folder: &Path) -> anyhow::Result<Figures> {
    let service = Service::with(program, folder, PUSHED)?;
    // The service makes it anew, and has to bring its name to the disk too.
    std::fs::remove_dir(service.data()).context("remove the data directory")?;
    let trace = folder.join("trace.txt");
    let trace_path = trace.to_string_lossy();
    let words = [
        "strace",
        "-f",
        "-qq",
        "-y",
        "-s",
        "8192",
        "-e",
        "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg",
        "-o",
        &trace_path,
    ];
    let mut process = service.start_behind(&words.map(str::to_owned), &[])?;
    service.wait_for_answers(&mut process)?;
    for push in 0..PUSHES {
        let description = format!("{MARKER}{push}.");
        post(service.port, PUSH_PATH, &record(&description, 0))?.ok()?;
    }
    // The tracer hands the signal on to nobody: what it traces ends by its own id.
    let pid = std::fs::read_to_string(service.data().join("cresset.lock"));
    stop(&pid.context("read the id of the service")?)?;
    while process.has_ended()?.is_none() {
        std::thread::sleep(crate::crash::process::LOOK_AGAIN);
    }
    let text = std::fs::read(&trace).context("read the trace")?;
    let text = String::from_utf8_lossy(&text);
    let calls = read(&text);
    let synced = fsync_comes_before_the_answer(&calls);
    let named = syncs_directory(&text, folder);
    Ok(Figures {
        passed: synced == PUSHES && named,
        text: format!(
            "{PUSHES} pushes, {synced} answered after the sync of their commit; the name of the data directory {}",
            if named { "is synced" } else { "is NOT synced" }
        ),
    })
}

fn stop(pid: &str) -> anyhow::Result<()> {
    let status = std::process::Command::new("kill")
        .args(["-TERM", pid.trim()])
        .status();
    ensure!(
        status.context("stop the service")?.success(),
        "the service could not be stopped"
    );
    Ok(())
}

/// How many pushes were written, then synced, and only then answered. One push is under way at a time, so the
/// first answer behind its write is its own.
fn fsync_comes_before_the_answer(calls: &[Call]) -> usize {
    (0..PUSHES)
        .filter(|push| {
            let mut rest = calls.iter().skip_while(|call| **call != Call::Write(*push));
            let mut before = rest.by_ref().take_while(|call| **call != Call::Answer);
            before.any(|call| *call == Call::SyncBegins)
                && before.any(|call| *call == Call::SyncEnds)
        })
        .count()
}

/// Whether the names in a directory were brought to the disk before the first answer.
fn syncs_directory(trace: &str, directory: &Path) -> bool {
    let place = format!("<{}>)", directory.display());
    let before = trace
        .lines()
        .take_while(|line| !line.contains("\"HTTP/1.1 "));
    let mut syncs = before
        .filter(|line| line.contains(" fsync(") && line.contains(&place) && line.ends_with("= 0"));
    syncs.next().is_some()
}

/// Picks the calls of interest out of a trace.
fn read(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut syncing: Vec<&str> = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        let is_sync = call.starts_with("fsync(") || call.starts_with("fdatasync(");
        if is_sync && call.contains("-wal>") {
            calls.push(Call::SyncBegins);
            if call.ends_with("= 0") {
                calls.push(Call::SyncEnds);
            } else if call.contains("<unfinished") {
                syncing.push(thread);
            }
        } else if call.starts_with("<... f") && call.contains("sync resumed>") {
            let before = syncing.len();
            syncing.retain(|other| *other != thread);
            if syncing.len() < before && call.ends_with("= 0") {
                calls.push(Call::SyncEnds);
            }
        } else if call.contains("-wal>") && call.contains(MARKER) {
            let behind = call.split(MARKER).nth(1).unwrap_or_default();
            let number = behind.split('.').next().and_then(|text| text.parse().ok());
            calls.extend(number.map(Call::Write));
        } else if call.contains("\"HTTP/1.1 200") {
            calls.push(Call::Answer);
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(trace: &str, expected: usize) {
        assert_eq!(
            fsync_comes_before_the_answer(&read(trace)),
            expected,
            "{trace}"
        );
    }

    const WRITE: &str =
        "7  pwrite64(9</d/cresset.db-wal>, \"..in-order-0.\"..., 4096, 32) = 4096\n";
    const SYNC: &str = "7  fdatasync(9</d/cresset.db-wal>) = 0\n";
    const ANSWER: &str = "8  sendto(12<socket:[5]>, \"HTTP/1.1 200 OK\\r\\n\", 17) = 17\n";

    #[test]
    fn an_answer_counts_only_behind_a_sync_that_has_succeeded() {
        check(&[WRITE, SYNC, ANSWER].concat(), 1);
        check(&[WRITE, ANSWER, SYNC].concat(), 0);
        check(&[SYNC, WRITE, ANSWER].concat(), 0);
        check(&[WRITE, ANSWER].concat(), 0);
        check(
            &[WRITE, &SYNC.replace("= 0", "= -1 EIO"), ANSWER].concat(),
            0,
        );
        check(&[WRITE, &SYNC.replace("-wal", ""), ANSWER].concat(), 0);
    }

    #[test]
    fn a_directory_counts_when_it_is_synced_before_the_first_answer() {
        let sync = "7  fsync(9</d>) = 0\n";
        let is_synced = |trace: &str| syncs_directory(trace, Path::new("/d"));
        assert!(is_synced(&[sync, ANSWER].concat()));
        assert!(!is_synced(&[ANSWER, sync].concat()));
        assert!(!is_synced(SYNC));
    }

    #[test]
    fn a_sync_that_is_interrupted_in_the_trace_counts_where_it_ends() {
        let begins = SYNC.replace(") = 0", " <unfinished ...>");
        let ends = "7  <... fdatasync resumed>) = 0\n";
        check(&[WRITE, &begins, ends, ANSWER].concat(), 1);
        check(&[WRITE, &begins, ANSWER, ends].concat(), 0);
    }
}
