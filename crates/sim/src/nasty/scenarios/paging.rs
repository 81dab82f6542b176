//! Pages that begin with the newest alert, and ways from one to the next.

use crate::nasty::alert::text;
use crate::nasty::book::{Book, Order, Paging};
use crate::nasty::cast::Cast;
use crate::nasty::play::{Act, Marks, Play};
use crate::nasty::wire::{JSON, Wire};

const CURSOR: &str = "paging: { cursor: { field: next_cursor, parameter: cursor } }";
/// Bytes of a cursor that nobody can take.
const LONG_CURSOR: usize = 100_000;

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
    let foreign = "nothing was followed";
    let acts = vec![
        elsewhere(format!("http://{trap}/alerts?cursor=1")).told(foreign),
        elsewhere(format!("//{trap}/alerts")).told(foreign),
        elsewhere(format!("http://user@{trap}/alerts")).told(foreign),
        elsewhere("https://127.0.0.1/alerts".to_owned()).told(foreign),
        elsewhere("file:///etc/passwd".to_owned()).told(foreign),
    ];
    Play::of(growing(cast, book))
        .after(acts)
        .with("paging: link")
}

pub(in crate::nasty) fn cursor_paging(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::Cursor(10), 75);
    Play::of(growing(cast, book))
        .with("records: alerts")
        .with(CURSOR)
}

pub(in crate::nasty) fn cursor_circle(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::Cursor(10), 45);
    let leads = |cursor: &str| {
        let body = format!("{{\"alerts\":[],\"next_cursor\":{cursor}}}");
        Act::send(Wire::json(body))
    };
    let long = text(&"x".repeat(LONG_CURSOR));
    let acts = vec![
        leads("\"round\""),
        leads("\"and\""),
        leads("\"round\"").told("in a circle"),
        // What is no cursor, and what is too long for one.
        leads("{\"a\":1}"),
        leads("[\"round\"]"),
        leads(&long),
    ];
    Play::of(growing(cast, book))
        .after(acts)
        .with("records: alerts")
        .with(CURSOR)
}

pub(in crate::nasty) fn saturated_instant(cast: &mut Cast) -> Play {
    let mut book = Book::new(Paging::Since {
        size: 10,
        exclusive: false,
    });
    for alert in cast.alerts(25, 100) {
        book.tell(&alert);
    }
    for _ in 0..35 {
        let alert = cast.alert(cast.before(60));
        book.tell(&alert);
    }
    for alert in cast.alerts(25, 10) {
        book.tell(&alert);
    }
    // Somebody lengthens the pages, as the warning advises.
    book.widens_at = 12;
    Play::of(book).telling("saturated_instant")
}

pub(in crate::nasty) fn gap_suspected(cast: &mut Cast) -> Play {
    let mut book = cast.book(
        Paging::Since {
            size: 10,
            exclusive: false,
        },
        60,
    );
    book.order = Order::Newest;
    for page in [1, 2, 3] {
        let alert = cast.alert(cast.before(1));
        book.tell_from(page, &alert);
    }
    book.widens_at = 8;
    Play::of(book).telling("gap_suspected")
}

pub(in crate::nasty) fn conditional(cast: &mut Cast) -> Play {
    marked(cast, Marks::Honest)
}

pub(in crate::nasty) fn conditional_stale(cast: &mut Cast) -> Play {
    marked(cast, Marks::Stale)
}

fn marked(cast: &mut Cast, marks: Marks) -> Play {
    let book = cast.book(Paging::All, 30);
    let mut book = growing(cast, book);
    book.order = Order::Oldest;
    let mut play = Play::of(book);
    play.marks = marks;
    play
}
