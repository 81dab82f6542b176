//! Times: brief to read, exact on hover, and kept true by the script.

use std::time::Duration;

use cresset_model::Timestamp;
use maud::{Markup, html};

use crate::ui::words;

/// `12 s ago`.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    html! {
        time datetime=(at.to_z()) title=(words::exact_instant(at)) data-ago { (words::ago(at, now)) }
    }
}

/// `12 s`, for lists.
pub(crate) fn brief(at: Timestamp, now: Timestamp) -> Markup {
    html! {
        time datetime=(at.to_z()) title=(words::exact_instant(at)) data-brief {
            (words::brief(now.since(at)))
        }
    }
}

/// `14:03:15`, for columns of times; the day is on hover.
pub(crate) fn clock(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_z()) title=(words::exact_instant(at)) { (words::clock(at)) } }
}

/// `3 s`, counted down by the script; rounded up, so that it ends with one.
pub(crate) fn until(at: Timestamp, now: Timestamp) -> Markup {
    html! {
        time datetime=(at.to_z()) title=(words::exact_instant(at)) data-until {
            (words::duration(at.since(now) + Duration::from_millis(999)))
        }
    }
}
