//! Clients that misbehave, held by the hundred.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::stopwatch::Stopwatch;

/// How long a connection or an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often the ends are looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Clients that sent the same and nothing more.
pub(crate) struct Clients {
    streams: Vec<TcpStream>,
    since: Stopwatch,
}

impl Clients {
    /// Connects them, and lets each send this.
    pub(crate) fn connect(port: u16, count: usize, sent: &str) -> anyhow::Result<Self> {
        let since = Stopwatch::start();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut streams = Vec::with_capacity(count);
        for index in 0..count {
            let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)
                .with_context(|| format!("connect client {index}"))?;
            stream
                .set_read_timeout(Some(TIMEOUT))
                .context("bound the reads of a client")?;
            stream
                .write_all(sent.as_bytes())
                .context("send as a client")?;
            streams.push(stream);
        }
        Ok(Self { streams, since })
    }

    /// Each has been answered with a 200.
    pub(crate) fn answered(&mut self) -> anyhow::Result<()> {
        for stream in &mut self.streams {
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).context("hear an answer")?;
            let answer = String::from_utf8_lossy(&answer);
            ensure!(answer == "HTTP/1.1 200", "the answer begins with {answer}");
        }
        Ok(())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.streams.len()
    }

    /// Waits until the service has closed them all; the seconds it took, or how many are left.
    pub(crate) fn closed_within(mut self, limit: Duration) -> Result<String, usize> {
        loop {
            self.streams.retain_mut(|stream| !is_closed(stream));
            if self.streams.is_empty() {
                return Ok(self.since.seconds());
            }
            if self.since.elapsed() > limit {
                return Err(self.streams.len());
            }
            thread::sleep(LOOK_AGAIN);
        }
    }
}

/// Whether a stream has ended; what it still has to say is read.
fn is_closed(stream: &mut TcpStream) -> bool {
    if stream.set_nonblocking(true).is_err() {
        return true;
    }
    let mut piece = [0; 4_096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}
