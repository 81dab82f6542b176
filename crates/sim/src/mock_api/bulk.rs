//! One large page, written before anybody asks for it, so that a bench measures the client only.

use std::time::Duration;

use bytes::Bytes;
use cresset_model::Timestamp;

use super::alert::{Alert, Format};
use crate::rng::Rng;

/// Bytes of one piece of the page.
const PIECE_BYTES: usize = 64 << 10;

/// The alerts of the page.
#[derive(Debug, Clone)]
pub(super) struct Bulk {
    count: u64,
    seed: u64,
    id_second: i64,
    begin: Timestamp,
}

impl Bulk {
    /// `count` alerts, a microsecond apart, the last one just before `now`.
    pub(super) fn new(count: u64, seed: u64, id_second: i64, now: Timestamp) -> Self {
        Self {
            count,
            seed,
            id_second,
            begin: now.minus(Duration::from_micros(count)),
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// One alert of the page; every second one is of the legacy format.
    pub(super) fn alert(&self, index: u64) -> Alert {
        let format = if index.is_multiple_of(2) {
            Format::Standard
        } else {
            Format::Legacy
        };
        let id = format!("alert-{}-{index}", self.id_second);
        let at = self.begin.plus(Duration::from_micros(index));
        Alert::of_format(format, id, at, &mut Rng::of(self.seed ^ 0xb01c, index))
    }

    /// The whole page in pieces.
    pub(super) fn page(&self) -> Vec<Bytes> {
        let mut pieces = Vec::new();
        let mut piece = String::from("[");
        for index in 0..self.count {
            if index > 0 {
                piece.push(',');
            }
            piece.push_str(&self.alert(index).json());
            if piece.len() >= PIECE_BYTES {
                pieces.push(Bytes::from(std::mem::take(&mut piece)));
            }
        }
        piece.push(']');
        pieces.push(Bytes::from(piece));
        pieces
    }
}
