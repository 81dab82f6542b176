//! Asks a service on loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_mins(1);

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }
}

/// Asks, and reads the whole answer.
pub(crate) fn ask(port: u16, method: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
    let (status, mut reader) = begin(port, method, path, body)?;
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    Ok(Answer { status, body })
}

/// Reads an answer line by line, however long it is.
pub(crate) fn lines(
    port: u16,
    path: &str,
    mut take: impl FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (status, reader) = begin(port, "GET", path, "")?;
    ensure!(status == 200, "{path} answered {status}");
    for line in reader.lines() {
        take(&line?)?;
    }
    Ok(())
}

/// HTTP/1.0, so that the end of the connection is the end of the answer.
fn begin(
    port: u16,
    method: &str,
    path: &str,
    body: &str,
) -> anyhow::Result<(u16, BufReader<TcpStream>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let request = format!(
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut status) = (String::new(), None);
    while reader.read_line(&mut line)? > 0 && line != "\r\n" {
        status = status.or_else(|| line.split(' ').nth(1).map(str::to_owned));
        line.clear();
    }
    let status = status.context("no answer")?;
    Ok((status.parse()?, reader))
}
