//! What goes over a connection, byte by byte, and in which time.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;

use super::crowd::Crowd;

/// A step of an answer.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// These bytes.
    Bytes(Bytes),
    /// The same bytes again and again.
    Repeat(Bytes, u64),
    /// The records of a crowd from an index on, with commas between them.
    Crowd(Crowd, u64),
    /// One byte after the other, with a pause before each.
    Drip(Bytes, Duration),
    /// Nothing more, until the client has gone.
    Silence,
}

impl Piece {
    /// How many bytes it sends.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) | Self::Drip(bytes, _) => bytes.len() as u64,
            Self::Repeat(bytes, times) => bytes.len() as u64 * times,
            Self::Crowd(crowd, from) => crowd.bytes_from(*from),
            Self::Silence => 0,
        }
    }
}

/// One answer, from the first byte of its head on.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub(super) pieces: Vec<Piece>,
    /// Whether the connection stays open for another request.
    pub(super) keep: bool,
}

impl Wire {
    /// These bytes and no more.
    pub(super) fn raw(bytes: impl Into<Bytes>) -> Self {
        Self {
            pieces: vec![Piece::Bytes(bytes.into())],
            keep: false,
        }
    }

    /// A whole answer. Each header is `name: value`.
    pub(super) fn new(status: &str, headers: &[&str], body: Vec<Piece>) -> Self {
        let length: u64 = body.iter().map(Piece::len).sum();
        let length = format!("content-length: {length}");
        let headers = [headers, &[&length]].concat();
        let mut pieces = vec![Piece::Bytes(head(status, &headers))];
        pieces.extend(body);
        Self { pieces, keep: true }
    }

    /// A whole answer with a short body.
    pub(super) fn short(status: &str, headers: &[&str], body: impl Into<Bytes>) -> Self {
        Self::new(status, headers, vec![Piece::Bytes(body.into())])
    }

    /// JSON as it should be.
    pub(super) fn json(body: impl Into<Bytes>) -> Self {
        Self::short("200 OK", &[JSON], body)
    }

    /// An answer in chunks, whole or not: what follows the head is written as it is.
    pub(super) fn chunked(body: impl Into<Bytes>) -> Self {
        Self {
            pieces: vec![
                Piece::Bytes(head("200 OK", &[JSON, "transfer-encoding: chunked"])),
                Piece::Bytes(body.into()),
            ],
            keep: false,
        }
    }

    /// Promises all of `body`, sends its first bytes and hangs up.
    pub(super) fn cut(body: &Bytes, at: usize) -> Self {
        let length = format!("content-length: {}", body.len());
        Self {
            pieces: vec![
                Piece::Bytes(head("200 OK", &[JSON, &length])),
                Piece::Bytes(body.slice(..at.min(body.len()))),
            ],
            keep: false,
        }
    }

    /// The same, and then says nothing in place of hanging up.
    pub(super) fn stalled(body: &Bytes, at: usize) -> Self {
        let mut wire = Self::cut(body, at);
        wire.pieces.push(Piece::Silence);
        wire
    }
}

/// The usual label.
pub(super) const JSON: &str = "content-type: application/json";

/// The head of an answer.
pub(super) fn head(status: &str, headers: &[&str]) -> Bytes {
    let mut head = format!("HTTP/1.1 {status}\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    Bytes::from(head)
}

/// A body as one chunk of its own and the end.
pub(super) fn in_chunks(body: &Bytes, size: usize) -> Bytes {
    let mut out = begin_chunks(body, size);
    out.extend_from_slice(b"0\r\n\r\n");
    Bytes::from(out)
}

/// The same without the end.
pub(super) fn begin_chunks(body: &Bytes, size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in body.chunks(size.max(1)) {
        let mut line = String::new();
        write!(line, "{:x}\r\n", chunk.len()).expect("writing to a string cannot fail");
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out
}
