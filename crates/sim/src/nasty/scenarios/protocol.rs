//! Answers that break the rules of HTTP.

use bytes::Bytes;

use crate::nasty::book::Paging;
use crate::nasty::cast::Cast;
use crate::nasty::play::{Act, Play};
use crate::nasty::wire::{JSON, Piece, Wire, head, in_chunks};

/// Bytes of headers beyond every reason.
const HEADERS_BYTES: u64 = 8 << 20;

/// Bytes that are no answer at all.
const GARBAGE: [&[u8]; 14] = [
    b"[]",
    b"HTTP/0.9 200 OK\r\n\r\n[]",
    b"HTTP/2 200\r\n\r\n[]",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"HTTP/1.1 OK 200\r\n\r\n[]",
    b"HTTP/1.1 99999 Odd\r\n\r\n[]",
    b"HTTP/1.1 -200 OK\r\n\r\n[]",
    b"ICY 200 OK\r\n\r\n[]",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"SSH-2.0-OpenSSH_9.9\r\n",
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n[]",
    b"HTTP/1.1 200 OK\r\nx: a\x00b\r\n\r\n[]",
    b"HTTP/1.1 200 OK\r\n: empty name\r\n\r\n[]",
];

/// Heads that contradict themselves; what follows them would be a good page.
const CONTRADICTIONS: [&str; 6] = [
    "content-length: 10\r\ncontent-length: 20",
    "content-length: -1",
    "content-length: 99999999999999999999999",
    "content-length: 0x10",
    "transfer-encoding: gzip, chunked, chunked",
    "transfer-encoding: chunked\r\ntransfer-encoding: identity",
];

pub(in crate::nasty) fn broken_http(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 20);
    let forged = forged(cast);
    let mut acts: Vec<Act> = Vec::new();
    acts.extend(GARBAGE.map(|bytes| Act::send(Wire::raw(bytes))));
    acts.extend(
        CONTRADICTIONS
            .map(|header| Act::send(Wire::raw(format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n")))),
    );
    acts.extend([
        endless("x-padding: ", b"a"),
        endless("x: 1\r\n", b"x: 1\r\n"),
        Act::send(Wire::raw(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n",
        )),
        Act::send(Wire::raw("HTTP/1.1 304 Not Modified\r\n\r\n")).told("304 Not Modified"),
        // A second answer behind the first, which nobody asked for: nothing of it may be taken.
        Act::taken(move |body| {
            let mut wire = Wire::json(body.clone());
            wire.pieces.extend(Wire::json(forged.clone()).pieces);
            wire
        }),
        // Answers that only announce another one.
        Act::taken(|body| {
            let mut wire = Wire::json(body.clone());
            let hints = Bytes::from("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(3));
            wire.pieces.insert(0, Piece::Bytes(hints));
            wire
        }),
        // Both ways to say where the body ends: chunks win (RFC 9112, section 6.3).
        Act::taken(|body| {
            let begin = head(
                "200 OK",
                &[JSON, "content-length: 2", "transfer-encoding: chunked"],
            );
            Wire::raw([begin, in_chunks(body, 100)].concat())
        }),
        // Lines that end in a line feed alone.
        Act::taken(|body| {
            let begin = format!("HTTP/1.1 200 OK\ncontent-length: {}\n\n", body.len());
            Wire::raw([Bytes::from(begin), body.clone()].concat())
        }),
    ]);
    Play::of(book).after(acts)
}

/// A head that never ends.
fn endless(begin: &str, again: &'static [u8]) -> Act {
    let pieces = vec![
        Piece::Bytes(Bytes::from(format!("HTTP/1.1 200 OK\r\n{begin}"))),
        Piece::Repeat(
            Bytes::from_static(again),
            HEADERS_BYTES / again.len() as u64,
        ),
    ];
    Act::send(Wire {
        pieces,
        keep: false,
    })
}

/// A page that must not be believed.
fn forged(cast: &mut Cast) -> String {
    let mut forged = cast.alert(cast.before(9));
    "forged".clone_into(&mut forged.id);
    format!("[{}]", forged.json())
}
