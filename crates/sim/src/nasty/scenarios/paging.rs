//! Pages that begin with the newest alert, and ways from one to the next.

use crate::nasty::book::{Book, Order, Paging};
use crate::nasty::cast::Cast;
use crate::nasty::play::{Act, Play};
use crate::nasty::wire::{JSON, Wire};

/// Alerts that arise while others are read.
fn growing(cast: &mut Cast, mut book: Book) -> Book {
    book.order = Order::Newest;
    for page in [2, 4, 7, 11] {
        for before in [1, 2, 40] {
            let alert = cast.alert(cast.before(before));
            book.tell_from(page, &alert);
        }
    }
    book
}

pub(in crate::nasty) fn newest_first(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 60);
    Play::of(growing(cast, book))
}

pub(in crate::nasty) fn link_paging(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::Link(10), 75);
    let trap = cast.trap;
    // The first page, and the next one somewhere else.
    let elsewhere = |target: String| {
        Act::new(move |moment| {
            let link = format!("link: <{target}>; rel=\"next\"");
            Wire::short("200 OK", &[JSON, &link], moment.body.clone())
        })
    };
    let acts = vec![
        elsewhere(format!("http://{trap}/alerts?cursor=1")),
        elsewhere(format!("//{trap}/alerts")),
        elsewhere(format!("http://user@{trap}/alerts")),
        elsewhere("https://127.0.0.1/alerts".to_owned()),
        elsewhere("file:///etc/passwd".to_owned()),
    ];
    Play::of(growing(cast, book))
        .after(acts)
        .with("paging: link")
}

pub(in crate::nasty) fn cursor_paging(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::Cursor(10), 75);
    Play::of(growing(cast, book))
        .with("records: alerts")
        .with("paging: { cursor: { field: next_cursor, parameter: cursor } }")
}
