//! Answers that end too early.

use bytes::Bytes;

use crate::nasty::book::{Order, Paging};
use crate::nasty::cast::Cast;
use crate::nasty::play::{Act, Play};
use crate::nasty::wire::{Wire, begin_chunks, head, in_chunks};

/// An act that does something to the page.
fn on_page(does: impl Fn(&Bytes) -> Wire + Send + Sync + 'static) -> Act {
    Act::new(move |moment| does(moment.body))
}

pub(in crate::nasty) fn unordered_truncated(cast: &mut Cast) -> Play {
    let mut book = cast.book(Paging::All, 60);
    book.order = Order::Shuffled;
    let acts = [30, 60, 90, 99]
        .map(|percent| on_page(move |body| Wire::cut(body, body.len() * percent / 100)));
    Play::of(book).after(acts.into())
}

pub(in crate::nasty) fn cut_body(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 40);
    let within = |text: &'static str| {
        on_page(move |body| {
            let whole = String::from_utf8_lossy(body);
            let at = whole
                .rfind(text)
                .map_or(body.len() / 2, |at| at + text.len());
            Wire::cut(body, at)
        })
    };
    let acts = vec![
        on_page(|body| Wire::cut(body, 0)),
        on_page(|body| Wire::cut(body, 1)),
        within("\"Se"),
        within("},"),
        on_page(|body| Wire::cut(body, body.len() - 1)),
        // Not even the head is whole.
        Act::send(Wire::raw("HTTP/1.1 200 OK\r\ncontent-type: applica")),
        Act::send(Wire::raw("")),
    ];
    Play::of(book).after(acts)
}

pub(in crate::nasty) fn cut_chunk(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 40);
    let broken = |behind: &'static str| {
        on_page(move |body| {
            let mut bytes = begin_chunks(&body.slice(..body.len() / 2), 700);
            bytes.extend_from_slice(behind.as_bytes());
            Wire::chunked(bytes)
        })
    };
    let acts = vec![
        on_page(|body| {
            let whole = in_chunks(body, 1_000);
            Wire::chunked(whole.slice(..whole.len() / 2))
        }),
        // Every record, and no last chunk.
        on_page(|body| Wire::chunked(begin_chunks(body, 512))),
        broken("40\r\n"),
        broken("ffffffffffffffff\r\n"),
        broken("-1\r\n"),
        broken("zz\r\n\r\n"),
        broken("5"),
        // One byte in a chunk, and a trailer behind the last one.
        Act::taken(|body| Wire::chunked(in_chunks(body, 1))),
        Act::taken(|body| {
            let mut bytes = begin_chunks(body, 333);
            bytes.extend_from_slice(b"0\r\nx-trailer: [{}]\r\n\r\n");
            Wire::chunked(bytes)
        }),
    ];
    Play::of(book).after(acts)
}

pub(in crate::nasty) fn cut_document(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 40);
    let ends = |text: &'static str| on_page(move |body| Wire::json(replaced_end(body, text)));
    let acts = vec![
        ends("").told("cut off"),
        ends(",").told("cut off"),
        ends(",]").told("trailing comma"),
        ends("}").told("mismatched"),
        ends("]]").told("more data after the end"),
        ends("][]").told("more data after the end"),
        on_page(|body| Wire::json(body.slice(..body.len() * 2 / 3))).told("cut off"),
        on_page(|body| Wire::json(body.slice(1..))).told("a JSON array is expected"),
        // Without a length the end of the connection ends the answer, whole or not.
        on_page(|body| {
            let half = body.slice(..body.len() / 2);
            Wire::raw([head("200 OK", &[]), half].concat())
        })
        .told("cut off"),
        Act::taken(|body| Wire::raw([head("200 OK", &[]), body.clone()].concat())),
    ];
    Play::of(book).after(acts)
}

/// The page with something else in place of its last bracket.
fn replaced_end(body: &Bytes, end: &str) -> Bytes {
    let kept = body.slice(..body.len().saturating_sub(1));
    Bytes::from([kept.as_ref(), end.as_bytes()].concat())
}
