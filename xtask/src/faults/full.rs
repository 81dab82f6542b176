//! A disk that is full for a while: a small file system of its own, or, where nobody may mount one, a library below the
//! service that lets nothing grow.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use super::commits::judge;
use super::disk::{Disk, Plan};
use super::load::{Load, Shape};
use super::report::Figures;
use crate::crash::http::get;
use crate::crash::judge::judge as judge_polled;
use crate::crash::process::{Process, wait_until};
use crate::crash::service::{Mock, Service};

/// Bytes of the file system.
const SIZE: &str = "size=64m";
/// Bytes of it that are taken from the beginning and free again in the end: more than the load could fill before it is told to end.
const RESERVED: usize = 60 << 20;
/// The seed of the upstream.
const SEED: u64 = 3;
/// Pushes that are answered before the disk is full, and again after it.
const PUSHES: u64 = 40;
/// Pushes that are refused while it is full.
const REFUSED: u64 = 20;
/// How long each part may take.
const PART_MAX: Duration = Duration::from_mins(1);
/// The pushes.
const SHAPE: Shape = Shape {
    clients: 2,
    records: 3,
    padding: 200,
};

/// The disk and how it gets full.
enum Room {
    /// A file system; unmounted when dropped.
    Mounted { at: PathBuf },
    /// The library.
    Below(Disk),
}

impl Room {
    /// Mounts a file system, or says why not and takes the library.
    fn make(folder: &Path, data: &Path) -> anyhow::Result<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", SIZE, "cresset-test"])
            .arg(data)
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Ok(Self::Mounted {
                at: data.to_owned(),
            });
        }
        Ok(Self::Below(Disk::compile(folder, data)?))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Mounted { .. } => "a tmpfs of 64 MiB",
            Self::Below(_) => "a library that lets nothing grow, as nobody may mount here",
        }
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Mounted { .. } => Vec::new(),
            Self::Below(disk) => disk.variables(Plan {
                seed: SEED,
                one_in: 0,
                cut_after: 0,
            }),
        }
    }

    fn filler(&self) -> PathBuf {
        match self {
            Self::Mounted { at } => at.join("filler"),
            Self::Below(disk) => disk.full.clone(),
        }
    }

    /// Takes what will be free again later.
    fn reserve(&self) -> anyhow::Result<()> {
        if matches!(self, Self::Mounted { .. }) {
            std::fs::write(self.filler(), vec![0; RESERVED]).context("create the filler")?;
        }
        Ok(())
    }

    /// Leaves no byte free.
    fn fill(&self) -> anyhow::Result<()> {
        let mut options = File::options();
        let filler = options.append(true).create(true).open(self.filler());
        let mut filler = filler.context("open the filler")?;
        if matches!(self, Self::Mounted { .. }) {
            let page = [0; 4 << 10];
            while filler.write_all(&page).is_ok() {}
        }
        Ok(())
    }

    fn free(&self) -> anyhow::Result<()> {
        std::fs::remove_file(self.filler()).context("remove the filler")
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Self::Mounted { at } = self {
            // A process that still ends may hold it for a moment; then it goes with that process.
            Command::new("umount").arg("--lazy").arg(at).status().ok();
        }
    }
}

/// Fills the disk under a running service, restarts it there, and lets space return.
pub(crate) fn run(program: &Path, folder: &Path) -> anyhow::Result<Figures> {
    let mock = Mock::start(program, folder, SEED)?;
    mock.behave()?;
    let service = Service::with(program, folder, &pipelines(mock.port))?;
    let room = Room::make(folder, &service.data())?;
    room.reserve()?;
    let mut process = start(&service, &room)?;
    service.sync()?;
    let load = Load::start(service.port, SHAPE);
    wait_until("pushes are answered", PART_MAX, || {
        Ok(load.pushes() >= PUSHES)
    })?;
    let slowest = fill(&service, &room, &load)?;
    process.kill()?;
    let restart = restart_full(&service, &room)?;
    room.free()?;
    process = match restart.0 {
        Some(process) => process,
        None => start(&service, &room)?,
    };
    let answered = load.pushes();
    wait_until("pushes are answered again", PART_MAX, || {
        Ok(load.pushes() >= answered + PUSHES)
    })?;
    let pushed = load.finish()?;
    service.sync()?;
    let truth = mock.truth()?;
    service.sync()?;
    let mut kept = service.kept()?;
    let after = mock.truth()?;
    kept.records.forget_pushed();
    let polled = judge_polled(&truth, &after, &kept.records);
    let (missing, doubled, invented) = judge(&service, &pushed)?;
    process.stop()?;
    let verified = service.verify()?;
    mock.stop()?;
    let sound = missing + doubled + invented == 0 && polled.is_clean() && verified;
    Ok(Figures {
        passed: sound && pushed.without_when == 0,
        text: format!(
            "on {}: {} pushes answered, {} refused with 503 and a time to come again ({} without), reads and \
             /health in {slowest} ms at most; started again while full: {}; polled: {} alerts; lost {}, doubled {}, \
             invented {}, verify {}",
            room.name(),
            pushed.pushes,
            pushed.statuses.get(&503).copied().unwrap_or(0),
            pushed.without_when,
            restart.1,
            truth.counts().0,
            missing + polled.lost,
            doubled + polled.doubled,
            invented + polled.invented,
            if verified { "ok" } else { "NO" },
        ),
    })
}

fn start(service: &Service, room: &Room) -> anyhow::Result<Process> {
    let mut process = service.start_behind(&[], &room.variables())?;
    service.wait_for_answers(&mut process)?;
    Ok(process)
}

/// Fills the disk and sees pushes refused, a poll end, and reads go on; the slowest of them, in milliseconds.
fn fill(service: &Service, room: &Room, load: &Load) -> anyhow::Result<u128> {
    room.fill()?;
    wait_until("pushes are refused", PART_MAX, || Ok(load.answers(503) > 0))?;
    let refused = load.answers(503);
    let turns = turns(service)?;
    service.poke();
    let mut slowest = 0;
    wait_until("more pushes are refused and a poll ends", PART_MAX, || {
        for path in ["/health", "/api/v1/alerts?limit=10", "/alerts"] {
            let stopwatch = crate::stopwatch::Stopwatch::start();
            let answer = get(service.port, path)?;
            slowest = slowest.max(stopwatch.elapsed().as_millis());
            if answer.status != 200 {
                bail!(
                    "{path} is answered {} on a full disk: {}",
                    answer.status,
                    answer.body
                );
            }
        }
        Ok(load.answers(503) >= refused + REFUSED && turns_since(service, turns)?)
    })?;
    Ok(slowest)
}

fn turns(service: &Service) -> anyhow::Result<u64> {
    let source = get(service.port, "/api/v1/sources/upstream")?.json()?;
    let turns = source.get("turns").and_then(Value::as_u64);
    turns.context("a source says no turns")
}

/// Whether a turn has ended since; a poll that waits for space would hang in it.
fn turns_since(service: &Service, before: u64) -> anyhow::Result<bool> {
    Ok(turns(service)? > before)
}

/// Starts the service on the full disk: it serves, or ends with a message that names the place and the cause.
fn restart_full(service: &Service, room: &Room) -> anyhow::Result<(Option<Process>, &'static str)> {
    let before = std::fs::metadata(service.log()).map_or(0, |log| log.len());
    let mut process = service.start_behind(&[], &room.variables())?;
    let mut is_refused = false;
    wait_until("the service answers or ends", PART_MAX, || {
        is_refused = process.has_ended()?.is_some();
        Ok(is_refused || get(service.port, "/health").is_ok_and(|answer| answer.status == 200))
    })?;
    if !is_refused {
        return Ok((Some(process), "it serves"));
    }
    let log = std::fs::read(service.log()).context("read the log")?;
    let said = log.get(usize::try_from(before)?..).unwrap_or_default();
    let said = String::from_utf8_lossy(said);
    let data = service.data();
    let names_place = said.contains(&data.display().to_string());
    let names_cause = said.contains("full") || said.contains("No space left");
    ensure!(
        names_place && names_cause,
        "a start on a full disk says only: {said}"
    );
    Ok((None, "refused with place and cause"))
}

/// One polled and one pushed pipeline, and nobody who is told.
fn pipelines(mock: u16) -> String {
    format!(
        "pipelines:
  upstream:
    source: {{ http_poll: {{ url: \"http://127.0.0.1:{mock}/alerts\", interval: 30m, max_pages: 1000,
                           allow_private: 127.0.0.1:{mock} }} }}
    adapter: seed_a
    alerts: all
  pushed:
    source: {{ push: {{}} }}
    adapter: nullify
    detect: [ threat: {{ severity: high }} ]
"
    )
}
