//! The smallest HTTP client that the campaign needs: one request a connection, bodies in memory.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

/// How long a connection or a read may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// Whether it says when to come again.
    pub(crate) says_when: bool,
}

impl Answer {
    /// The body of a 200, as JSON.
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(self.ok()?).context("an answer is no JSON")
    }

    /// The body of a 200.
    pub(crate) fn ok(&self) -> anyhow::Result<&str> {
        if self.status != 200 {
            bail!("the answer is {}: {}", self.status, self.body);
        }
        Ok(&self.body)
    }
}

/// Asks for a path on a port of this machine.
pub(crate) fn get(port: u16, path: &str) -> anyhow::Result<Answer> {
    request(port, "GET", path, (&[], ""))
}

/// Posts JSON, or nothing, to a path on a port of this machine.
pub(crate) fn post(port: u16, path: &str, body: &str) -> anyhow::Result<Answer> {
    post_with(port, path, &[], body)
}

/// Posts JSON with further headers.
pub(crate) fn post_with(
    port: u16,
    path: &str,
    headers: &[(&str, String)],
    body: &str,
) -> anyhow::Result<Answer> {
    request(port, "POST", path, (headers, body))
}

fn request(
    port: u16,
    method: &str,
    path: &str,
    (headers, body): (&[(&str, String)], &str),
) -> anyhow::Result<Answer> {
    let place = || format!("{method} http://127.0.0.1:{port}{path}");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).with_context(place)?;
    stream.set_read_timeout(Some(TIMEOUT)).with_context(place)?;
    stream
        .set_write_timeout(Some(TIMEOUT))
        .with_context(place)?;
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\
         accept: */*\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    if !body.is_empty() {
        head.push_str("content-type: application/json\r\n");
    }
    write!(stream, "{head}\r\n{body}").with_context(place)?;
    let mut bytes = Vec::new();
    let mut limited = stream.take(ANSWER_BYTES_MAX);
    limited.read_to_end(&mut bytes).with_context(place)?;
    read_answer(&bytes).with_context(place)
}

/// Reads a whole answer: of a declared length, in chunks, or up to the end of the connection.
fn read_answer(bytes: &[u8]) -> anyhow::Result<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = bytes.split_at(end.context("the answer has no end of its head")?);
    let body = body.get(4..).unwrap_or_default();
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let header = |name: &str| {
        let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.trim())
    };
    let body = match (header("transfer-encoding"), header("content-length")) {
        (Some("chunked"), _) => unchunk(body)?,
        (_, Some(length)) => {
            let length: usize = length.parse().context("a wrong content-length")?;
            let whole = body.get(..length);
            whole
                .context("the answer ends before its declared length")?
                .to_vec()
        }
        _ => body.to_vec(),
    };
    Ok(Answer {
        status: status.context("the answer has no status")?,
        says_when: header("retry-after").is_some(),
        body: String::from_utf8(body).context("the answer is no UTF-8")?,
    })
}

fn unchunk(mut rest: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n");
        let (size, behind) = rest.split_at(end.context("the answer ends before its last chunk")?);
        let size = String::from_utf8_lossy(size);
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).context("a wrong chunk size")?;
        if size == 0 {
            return Ok(body);
        }
        let chunk = behind.get(2..size + 2);
        body.extend_from_slice(chunk.context("the answer ends within a chunk")?);
        rest = behind.get(size + 4..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, status: u16, body: &str) {
        let read = read_answer(answer.as_bytes()).unwrap();
        assert_eq!((read.status, read.body.as_str()), (status, body));
    }

    fn check_refused(answer: &str, message: &str) {
        let error = read_answer(answer.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn every_form_of_body_is_read() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok");
        check("HTTP/1.1 500 X\r\n\r\nno", 500, "no");
        check(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
            200,
            "abc",
        );
    }

    #[test]
    fn an_answer_that_was_cut_off_is_refused() {
        check_refused("HTTP/1.1 200", "the answer has no end of its head");
        check_refused(
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok",
            "the answer ends before its declared length",
        );
        check_refused(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
            "the answer ends before its last chunk",
        );
    }
}
