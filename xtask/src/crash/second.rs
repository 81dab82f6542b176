//! A second signal ends the service at once.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::process::wait_until;
use super::service::{PUSH_PATH, Service};
use crate::stopwatch::Stopwatch;
use crate::terminal::say;

/// What the program says when it begins to stop.
const STOPPING: &str = "stopping";
/// How long it may take to say so.
const PART_MAX: Duration = Duration::from_secs(10);
/// How long it may take to end after the second signal, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Its code then.
const CODE: i32 = 130;
/// One pipeline that takes pushes.
const PIPELINES: &str = "pipelines: { pushed: { source: { push: {} }, adapter: nullify } }\n";

/// Holds the stop up by a push that never ends, and asks again.
pub(super) fn check(program: &Path) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("create a folder")?;
    let service = Service::with(program, folder.path(), PIPELINES)?;
    let mut process = service.start()?;
    service.wait_for_answers(&mut process)?;
    let mut half = TcpStream::connect((Ipv4Addr::LOCALHOST, service.port)).context("push half")?;
    write!(
        half,
        "POST {PUSH_PATH} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-length: 100\r\n\r\n{{",
        service.port
    )
    .context("push half")?;
    // The head has been read once a later request is answered.
    service.wait_for_answers(&mut process)?;
    process.terminate()?;
    wait_until("the service begins to stop", PART_MAX, || {
        let log = std::fs::read_to_string(service.log()).unwrap_or_default();
        Ok(log.contains(STOPPING))
    })?;
    process.check_running()?;
    let stopwatch = Stopwatch::start();
    process.terminate()?;
    let mut code = None;
    wait_until("a second signal ends the service at once", AT_ONCE, || {
        code = process.has_ended()?;
        Ok(code.is_some())
    })?;
    let code = code.and_then(|status| status.code());
    ensure!(
        code == Some(CODE),
        "a second signal ends the service with {code:?}"
    );
    say(&format!(
        "a second signal ended the service after {} ms",
        stopwatch.elapsed().as_millis()
    ));
    Ok(())
}
