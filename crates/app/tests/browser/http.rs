//! The little of HTTP that the tests speak: to the browser's driver, the service and the mock.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// How long an answer may take; the driver answers a navigation only when the page has been loaded.
const TIMEOUT: Duration = Duration::from_mins(1);

/// An answer: status and body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("no JSON: {self:?}"))
    }
}

/// Asks a port of this machine, on a connection of its own.
pub(crate) fn request(
    port: u16,
    method: &str,
    path: &str,
    body: Option<&str>,
) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let body = body.unwrap_or_default();
    let length = body.len();
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/json\r\n"
    };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{kind}\
         Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
    read(&mut stream).with_context(|| format!("read the answer to {method} {path}"))
}

/// Reads one answer. Not everyone closes the connection after it.
fn read(stream: &mut TcpStream) -> anyhow::Result<Answer> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let count = stream.read(&mut piece)?;
        bytes.extend_from_slice(piece.get(..count).unwrap_or_default());
        if let Some(answer) = parse(&bytes, count == 0)? {
            return Ok(answer);
        }
    }
}

/// The answer, if all of it is there.
fn parse(bytes: &[u8], at_end: bool) -> anyhow::Result<Option<Answer>> {
    const BLANK: &[u8] = b"\r\n\r\n";
    let Some(at) = bytes.windows(BLANK.len()).position(|part| part == BLANK) else {
        ensure!(!at_end, "the answer ends in its head");
        return Ok(None);
    };
    let (head, body) = bytes.split_at(at + BLANK.len());
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let field = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.trim())
    };
    let length: Option<usize> = field("content-length").and_then(|text| text.parse().ok());
    if !at_end && length.is_none_or(|length| body.len() < length) {
        return Ok(None);
    }
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
    let body = String::from_utf8_lossy(body);
    let body = match field("transfer-encoding") {
        Some("chunked") => unchunk(&body),
        _ => body.into_owned(),
    };
    Ok(Some(Answer {
        status: status.context("the answer has no status")?,
        body,
    }))
}

fn unchunk(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        let (Some(piece), Some(behind)) = (rest.get(..size), rest.get(size + 2..)) else {
            break;
        };
        out.push_str(piece);
        body = behind;
    }
    out
}
