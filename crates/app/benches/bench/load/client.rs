//! A client of the service that keeps its connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, ensure};

/// A connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    port: u16,
}

impl Client {
    /// Connects.
    pub(crate) fn new(port: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(64 << 10, stream),
            port,
        })
    }

    /// Pushes a body, and returns the answer to it.
    pub(crate) fn push(&mut self, source: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        let head = format!(
            "POST /api/v1/events/{source} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        self.ask(&request)
    }

    /// Asks for a path, and returns the body.
    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<Vec<u8>> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n",
            self.port
        );
        self.ask(request.as_bytes())
    }

    fn ask(&mut self, request: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.stream.get_mut().write_all(request)?;
        let mut head = String::new();
        let mut length = None;
        loop {
            let start = head.len();
            ensure!(self.stream.read_line(&mut head)? > 0, "the service hung up");
            let line = head[start..].trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = Some(value.trim().parse()?);
            }
        }
        let body = match length {
            Some(length) => {
                let mut body = vec![0; length];
                self.stream.read_exact(&mut body)?;
                body
            }
            None => self.chunks()?,
        };
        ensure!(
            head.starts_with("HTTP/1.1 2"),
            "{head}{}",
            String::from_utf8_lossy(&body)
        );
        Ok(body)
    }

    /// A body that comes in chunks.
    fn chunks(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim(), 16).context("no length of a chunk")?;
            let start = body.len();
            body.resize(start + length + 2, 0);
            self.stream.read_exact(&mut body[start..])?;
            body.truncate(start + length);
            if length == 0 {
                return Ok(body);
            }
        }
    }
}

/// Runs a client in a thread of its own.
pub(crate) fn start<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> std::thread::JoinHandle<anyhow::Result<T>> {
    std::thread::spawn(work)
}

/// What a client came back with.
pub(crate) fn join<T>(client: std::thread::JoinHandle<anyhow::Result<T>>) -> anyhow::Result<T> {
    client
        .join()
        .map_err(|_| anyhow::anyhow!("a client failed"))?
}
