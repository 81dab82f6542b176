//! Packed answers.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::nasty::book::Paging;
use crate::nasty::cast::Cast;
use crate::nasty::play::{Act, Play};
use crate::nasty::wire::{JSON, Piece, Wire};

const GZIP: &str = "content-encoding: gzip";
/// Bytes of blanks in one member.
const MEMBER_BYTES: usize = 16 << 20;
/// Members of the bomb: a gigabyte in all.
const MEMBERS: u64 = 64;

fn pack(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to a vector cannot fail.
    drop(encoder.write_all(plain));
    Bytes::from(encoder.finish().unwrap_or_default())
}

fn labeled(label: &'static str, body: Bytes) -> Wire {
    Wire::short("200 OK", &[JSON, label], body)
}

pub(in crate::nasty) fn gzip_bomb(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 40);
    let member = pack(&vec![b' '; MEMBER_BYTES]);
    let bomb = vec![
        Piece::Bytes(pack(b"[")),
        Piece::Repeat(member.clone(), MEMBERS),
        Piece::Bytes(pack(b"]")),
    ];
    let acts = vec![
        Act::send(Wire::new("200 OK", &[JSON, GZIP], bomb)).told("unpacks to more than 100 times"),
        Act::send(labeled(GZIP, member)).told("unpacks to more than 100 times"),
        // Packed twice: said, or not.
        Act::new(|moment| labeled("content-encoding: gzip, gzip", pack(&pack(moment.body))))
            .told("refused content encoding 'gzip, gzip'"),
        Act::new(|moment| labeled(GZIP, pack(&pack(moment.body)))).told("a JSON array is expected"),
        Act::new(|moment| labeled("content-encoding: br", moment.body.clone()))
            .told("refused content encoding 'br'"),
        Act::new(|moment| labeled("content-encoding: deflate", moment.body.clone()))
            .told("refused content encoding 'deflate'"),
        // Packed, and not said.
        Act::new(|moment| Wire::json(pack(moment.body))).told("a JSON array is expected"),
        // Said, and not packed; cut; damaged at its end, where the checksum is.
        Act::new(|moment| labeled(GZIP, moment.body.clone())),
        Act::new(|moment| {
            let packed = pack(moment.body);
            labeled(GZIP, packed.slice(..packed.len() / 2))
        }),
        Act::new(|moment| {
            let mut packed = pack(moment.body).to_vec();
            if let Some(byte) = packed.iter_mut().rev().nth(6) {
                *byte ^= 0xff;
            }
            labeled(GZIP, Bytes::from(packed))
        })
        .told("is not valid gzip"),
        Act::taken(|body| labeled(GZIP, pack(body))),
        // In two members, as some servers send it.
        Act::taken(|body| {
            let (first, second) = body.split_at(body.len() / 2);
            labeled(GZIP, Bytes::from([pack(first), pack(second)].concat()))
        }),
    ];
    Play::of(book).after(acts)
}
