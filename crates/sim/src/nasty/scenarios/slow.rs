//! Answers that take for ever.

use std::time::Duration;

use bytes::Bytes;

use crate::nasty::book::Paging;
use crate::nasty::cast::Cast;
use crate::nasty::play::{Act, Play};
use crate::nasty::wire::{JSON, Piece, Wire, begin_chunks, head};

/// Between two bytes.
const GAP: Duration = Duration::from_millis(500);
/// What keeps a test short; the service's own limits are longer.
const TIMEOUTS: &str =
    "timeouts: { connect: 1s, first_byte: 2s, idle: 2s, total: 3s, total_max: 4s }";

pub(in crate::nasty) fn slow_drip(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 20);
    let body = || {
        Act::new(|moment| {
            let length = format!("content-length: {}", moment.body.len());
            Wire {
                pieces: vec![
                    Piece::Bytes(head("200 OK", &[JSON, &length])),
                    Piece::Drip(moment.body.clone(), GAP),
                ],
                keep: false,
            }
        })
    };
    let begin = Act::new(|_| Wire {
        pieces: vec![Piece::Drip(head("200 OK", &[JSON]), GAP)],
        keep: false,
    });
    // Slow, but not too slow.
    let patient = Act::taken(|body| {
        let (first, rest) = (body.slice(..3), body.slice(3..));
        let length = format!("content-length: {}", body.len());
        let pieces = vec![
            Piece::Bytes(head("200 OK", &[JSON, &length])),
            Piece::Drip(first, GAP),
            Piece::Bytes(rest),
        ];
        Wire { pieces, keep: true }
    });
    let acts = vec![body(), begin, body().told("answer too slow"), patient];
    Play::of(book).after(acts).with(TIMEOUTS)
}

pub(in crate::nasty) fn silence(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 20);
    let nothing = || {
        Act::send(Wire {
            pieces: vec![Piece::Silence],
            keep: false,
        })
    };
    let acts = vec![
        nothing(),
        Act::new(|moment| Wire::stalled(moment.body, 0)),
        Act::new(|moment| Wire::stalled(moment.body, moment.body.len() / 2)).told("answer stalled"),
        // Everything but the end of the last chunk.
        Act::new(|moment| {
            let chunks = begin_chunks(moment.body, 900);
            let mut wire = Wire::chunked(Bytes::from(chunks));
            wire.pieces.push(Piece::Silence);
            wire
        }),
        Act::new(|moment| Wire::stalled(moment.body, moment.body.len() - 1)),
        nothing().told("no answer within"),
    ];
    Play::of(book).after(acts).with(TIMEOUTS)
}
