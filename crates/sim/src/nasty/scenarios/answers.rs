//! Answers with status 200 that are none, and good ones under wrong labels.

use bytes::Bytes;

use crate::nasty::book::{Book, Paging};
use crate::nasty::cast::Cast;
use crate::nasty::play::{Act, Ends, Play};
use crate::nasty::wire::{JSON, Wire};

const HTML: &str = "content-type: text/html; charset=utf-8";
const LOGIN: &str = "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body>\
                     <form action=\"/login\"><input name=\"password\"></form></body></html>";

pub(in crate::nasty) fn wrong_answers(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 20);
    let said = |headers: &[&'static str], body: &'static str, told: &'static str| {
        Act::send(Wire::short("200 OK", headers, body)).told(told)
    };
    let expected = "a JSON array is expected";
    let acts = vec![
        said(&[HTML], LOGIN, "text that is not JSON, beginning"),
        said(&[JSON], LOGIN, "text that is not JSON, beginning"),
        said(&[JSON], "", "the answer is empty"),
        said(&[], " \r\n\t", "the answer is empty"),
        said(&[JSON], "null", "the answer is null"),
        said(&[JSON], "true", expected),
        said(&[JSON], "42", expected),
        said(&[JSON], "\"[]\"", expected),
        said(&[JSON], "{}", "an object without keys"),
        said(
            &[JSON],
            "{\"error\":\"token expired\",\"code\":401}",
            "\"error\"",
        ),
        said(&[JSON], "{\"alerts\":[]}", "\"alerts\""),
        said(&[JSON], "{\"data\":[{\"id\":\"x\"}]}", "\"data\""),
        said(&[JSON], "{\"id\":\"x\"}\n{\"id\":\"y\"}", expected),
        said(&[JSON], "\u{feff}", "the answer is empty"),
        said(&[JSON], ")]}',\n[]", expected),
        said(&[JSON], "while(1);[]", expected),
        said(&[JSON], "callback([])", expected),
        said(
            &["content-type: application/xml"],
            "<?xml version=\"1.0\"?><a/>",
            expected,
        ),
        said(
            &["content-type: text/csv"],
            "id,severity\n1,high\n",
            expected,
        ),
        Act::send(Wire::raw("HTTP/1.1 204 No Content\r\n\r\n")).told("the answer is empty"),
        Act::send(Wire::raw(
            "HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n",
        ))
        .told("the answer is empty"),
        Act::send(Wire::short("401 Unauthorized", &[JSON], "[]")).told("401 Unauthorized"),
        Act::send(Wire::short("403 Forbidden", &[JSON], "[]")).told("403 Forbidden"),
        Act::send(Wire::short("404 Not Found", &[JSON], "[]")).told("404 Not Found"),
        // A page in another encoding of letters.
        Act::new(|moment| Wire::json(wide(moment.body))).told(expected),
    ];
    Play::of(book).after(acts)
}

pub(in crate::nasty) fn wrong_labels(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 20);
    let labeled =
        |label: &'static str| Act::taken(move |body| Wire::short("200 OK", &[label], body.clone()));
    let acts = vec![
        labeled("content-type: text/html"),
        labeled("content-type: text/plain; charset=iso-8859-1"),
        labeled("content-type: application/octet-stream"),
        labeled("content-type: application/json; charset=utf-16"),
        labeled("content-type:"),
        labeled("content-type: ///;;;="),
        labeled("x-nothing: 1"),
        labeled("CONTENT-ENCODING: Identity"),
        labeled("content-disposition: attachment; filename=\"a.exe\""),
        labeled("set-cookie: session=1; Max-Age=99999999"),
        labeled("refresh: 0; url=/elsewhere"),
        labeled("etag: \"\""),
        labeled("last-modified: never"),
        Act::taken(|body| Wire::json(around("\u{feff}", body, ""))),
        Act::taken(|body| Wire::json(around("\r\n\t  ", body, "\r\n\r\n  \t"))),
        Act::taken(|body| Wire::short("200", &[], body.clone())),
        Act::taken(|body| Wire::short("206 Partial Content", &[JSON], body.clone())),
        Act::taken(|body| Wire::short("299 Odd", &[JSON], body.clone())),
    ];
    Play::of(book).after(acts)
}

pub(in crate::nasty) fn error_for_ever(_: &mut Cast) -> Play {
    let body = "{\"error\":{\"code\":\"quota\",\"message\":\"upgrade your plan\"}}";
    let act = Act::send(Wire::json(body)).told("an object with keys \"error\"");
    let mut play = Play::of(Book::new(Paging::All)).after(vec![act]);
    play.ends = Ends::Never;
    play
}

fn around(before: &str, body: &Bytes, after: &str) -> Bytes {
    Bytes::from([before.as_bytes(), body, after.as_bytes()].concat())
}

/// The same letters, two bytes each.
fn wide(body: &Bytes) -> Bytes {
    let text = String::from_utf8_lossy(body);
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    Bytes::from([&[0xff, 0xfe][..], &units.collect::<Vec<u8>>()].concat())
}
