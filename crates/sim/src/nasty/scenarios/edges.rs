//! Many alerts of one instant, where one page ends and the next begins.

use std::time::Duration;

use crate::nasty::book::{Book, Paging};
use crate::nasty::cast::Cast;
use crate::nasty::play::Play;

/// Records of a page; no instant has as many.
const PAGE: usize = 10;
/// The most alerts of one instant.
const GROUP_MAX: u64 = 6;
/// The time between two instants.
const STEP: Duration = Duration::from_millis(1_700);

pub(in crate::nasty) fn equal_ts_edge(cast: &mut Cast) -> Play {
    crowded_instants(cast, 80, true)
}

pub(in crate::nasty) fn equal_ts_inclusive(cast: &mut Cast) -> Play {
    crowded_instants(cast, 40, false)
}

/// As many instants with 1 to [`GROUP_MAX`] alerts each: wherever a page ends, it is within an instant
/// sooner or later, and at its edge too.
fn crowded_instants(cast: &mut Cast, instants: u32, exclusive: bool) -> Play {
    let mut book = Book::new(Paging::Since {
        size: PAGE,
        exclusive,
    });
    let mut rng = cast.rng(1);
    for instant in 0..instants {
        let at = cast.before(150).plus(STEP * instant);
        for _ in 0..rng.between(1, GROUP_MAX) {
            let alert = cast.alert(at);
            book.tell(&alert);
        }
    }
    Play::of(book)
}
