//! What a client should have: one line for each distinct alert, with its newest content, and a summary.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;

use super::bulk::Bulk;
use super::world::{Record, World};

/// Records looked at for one piece of the answer.
const PIECE_RECORDS: usize = 1_000;

/// Where the listing is.
enum Place {
    World(u64),
    Bulk(u64),
    Summary,
    End,
}

struct Listing {
    world: Arc<Mutex<World>>,
    bulk: Option<Arc<Bulk>>,
    place: Place,
    alerts: u64,
}

/// Lists the truth piece by piece. `bulk` is the large page if it has been sent.
pub(super) fn listing(
    world: Arc<Mutex<World>>,
    bulk: Option<Arc<Bulk>>,
) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
    let begin = Listing {
        world,
        bulk,
        place: Place::World(0),
        alerts: 0,
    };
    unfold(begin, |mut listing| async move {
        let piece = listing.piece()?;
        Some((Ok(Bytes::from(piece)), listing))
    })
}

impl Listing {
    fn piece(&mut self) -> Option<String> {
        match self.place {
            Place::World(from) => Some(self.world_piece(from)),
            Place::Bulk(from) => Some(self.bulk_piece(from)),
            Place::Summary => {
                self.place = Place::End;
                Some(self.summary())
            }
            Place::End => None,
        }
    }

    fn world_piece(&mut self, from: u64) -> String {
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let mut piece = String::new();
        let mut next = None;
        for (number, entry) in world.entries_from(from).take(PIECE_RECORDS) {
            next = Some(number + 1);
            if let Record::Alert(alert) = &entry.record
                && world.is_known(entry)
            {
                self.alerts += 1;
                piece.push_str(&alert.truth());
            }
        }
        self.place = next.map_or(Place::Bulk(0), Place::World);
        piece
    }

    fn bulk_piece(&mut self, from: u64) -> String {
        let mut piece = String::new();
        self.place = Place::Summary;
        if let Some(bulk) = &self.bulk {
            let end = bulk.count().min(from + PIECE_RECORDS as u64);
            for index in from..end {
                piece.push_str(&bulk.alert(index).truth());
            }
            self.alerts += end - from;
            if end < bulk.count() {
                self.place = Place::Bulk(end);
            }
        }
        piece
    }

    /// The last line: counts, the distinct malformed records as JSON texts, and the identifiers of alerts
    /// that were only in answers that broke off, which a client may have or not.
    fn summary(&self) -> String {
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut malformed, mut uncertain) = (Vec::new(), Vec::new());
        for (_, entry) in world.entries_from(0) {
            match &entry.record {
                Record::Malformed(raw) if world.is_known(entry) => malformed.push(text(raw)),
                Record::Alert(alert) if entry.cut && !world.is_known(entry) => {
                    uncertain.push(text(&alert.id));
                }
                _ => {}
            }
        }
        let mut line = String::new();
        writeln!(
            line,
            "{{\"summary\":{{\"alerts\":{},\"malformed\":{},\"forgotten\":{},\
             \"malformed_raw\":[{}],\"uncertain\":[{}]}}}}",
            self.alerts,
            malformed.len(),
            world.forgotten(),
            malformed.join(","),
            uncertain.join(",")
        )
        .expect("writing to a string cannot fail");
        line
    }
}

fn text(raw: &str) -> String {
    serde_json::Value::from(raw).to_string()
}
