//! Bodies of 256 MiB.

use std::time::Duration;

use bytes::Bytes;

use crate::nasty::book::{Book, Paging};
use crate::nasty::cast::Cast;
use crate::nasty::crowd::{Crowd, RECORD_BYTES};
use crate::nasty::play::{Act, Play};
use crate::nasty::wire::{JSON, Piece, Wire};

/// Bytes of the answer.
const HUGE: u64 = 256 << 20;
/// Bytes that are repeated.
const BLOCK: usize = 64 << 10;

/// A block of one letter, as often as it takes to fill what is huge.
fn block(letter: u8, of: u64) -> Piece {
    Piece::Repeat(Bytes::from(vec![letter; BLOCK]), of / BLOCK as u64)
}

pub(in crate::nasty) fn huge_body(cast: &mut Cast) -> Play {
    let mut book = cast.book(Paging::All, 20);
    // Older than the newest ones, so that not each page of a round holds it.
    let at = cast.before(15);
    let form = cast.alert(at).of_source("firewall").form();
    let json = form.with("description", "\"").json();
    let (begin, end) = json.split_at(json.rfind("\",\"src_ip").unwrap_or_default() + 1);
    let raw = vec![
        Piece::Bytes(Bytes::from(begin.to_owned())),
        block(b'a', HUGE),
        Piece::Bytes(Bytes::from(format!("\"{end}"))),
    ];
    book.spoil_long(at, raw, "record_too_large");
    Play::of(book)
}

pub(in crate::nasty) fn huge_body_many(cast: &mut Cast) -> Play {
    let count = HUGE / RECORD_BYTES;
    let mut book = Book::new(Paging::All);
    // Older than the overlap of a sync: they are read once. The unusable ones come with every sync.
    book.crowd = Some(Crowd {
        count,
        first: cast.before(1_800),
        step: Duration::from_micros(900),
        seed: cast.seed,
    });
    for nth in 0..3 {
        let at = cast.before(10 + nth);
        let form = cast.alert(at).of_source("waf").form();
        book.spoil(at, form.without("timestamp").json(), "missing_field");
        let alert = cast.alert(at);
        book.tell(&alert);
    }
    Play::of(book)
}

pub(in crate::nasty) fn huge_blank(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 20);
    let blanks = |place: fn(Bytes, Piece) -> Vec<Piece>| {
        Act::taken(move |body| {
            let pieces = place(body.clone(), block(b' ', HUGE / 3));
            Wire::new("200 OK", &[JSON], pieces)
        })
    };
    let acts = vec![
        blanks(|body, blank| vec![blank, Piece::Bytes(body)]),
        blanks(|body, blank| vec![Piece::Bytes(body), blank]),
        blanks(|body, blank| {
            vec![
                Piece::Bytes(body.slice(..1)),
                blank,
                Piece::Bytes(body.slice(1..)),
            ]
        }),
    ];
    Play::of(book).after(acts)
}
