//! `GET /alerts`: a bare array, newest ingested first, of any length.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use cresset_model::alert::{AlertRow, Seq};
use cresset_model::ports::PageRequest;
use cresset_model::query::{Filter, Pattern, Range, Test, TextField, TimeField};
use cresset_model::{Severity, Timestamp, ip};
use futures_util::stream;

use super::errors::unavailable;
use super::python_int::{IntField, body};
use crate::ask::{self, Fault};
use crate::services::{App, Shared};
use crate::{form, json, reply};

/// Rows asked of the store at once; a longer answer is sent in as many pieces.
const PAGE_ROWS: usize = 1_000;
/// Bytes of one item, roughly.
const ITEM_BYTES: usize = 300;

/// The original answers 17,000,000 hours and fails above; nothing is that old.
const HOURS: IntField = IntField {
    loc: ["query", "hours"],
    least: 1,
    greatest: 17_000_000,
};
const LIMIT: IntField = IntField {
    loc: ["query", "limit"],
    least: 0,
    greatest: i64::MAX as i128,
};
const HOURS_DEFAULT: i128 = 1;
const LIMIT_DEFAULT: i128 = 100;

/// What is asked for.
struct Wish {
    /// `None` when nothing can match.
    filter: Option<Filter>,
    limit: u64,
}

/// Lists alerts.
pub(crate) async fn list(State(app): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let wish = match wish_of(query.as_deref().unwrap_or_default(), app.now()) {
        Ok(wish) => wish,
        Err(errors) => return reply::json(StatusCode::UNPROCESSABLE_ENTITY, errors),
    };
    let Some(filter) = wish.filter.filter(|_| wish.limit > 0) else {
        return reply::json(StatusCode::OK, "[]");
    };
    let mut walk = Walk {
        app,
        filter,
        before: None,
        left: wish.limit,
        opened: false,
        filled: false,
    };
    // The first page is read before the status is sent, so that a store that does not answer is a 503.
    match walk.step().await {
        Err(fault) => unavailable(&fault),
        Ok(Piece { text, last: true }) => reply::json(StatusCode::OK, text),
        Ok(Piece { text, last: false }) => {
            let first = stream::iter([Ok(Bytes::from(text))]);
            let rest = stream::unfold(Some(walk), next_piece);
            let pieces = futures_util::StreamExt::chain(first, rest);
            reply::json(StatusCode::OK, Body::from_stream(pieces))
        }
    }
}

fn wish_of(query: &str, now: Timestamp) -> Result<Wish, String> {
    let pairs = form::pairs(query);
    let number = |field: &IntField, name: &str, default: i128| match form::last(&pairs, name) {
        Some(text) => field.read(text),
        None => Ok(default),
    };
    let hours = number(&HOURS, "hours", HOURS_DEFAULT);
    let limit = number(&LIMIT, "limit", LIMIT_DEFAULT);
    let (hours, limit) = match (hours, limit) {
        (Ok(hours), Ok(limit)) => (hours, limit),
        (hours, limit) => {
            let errors: Vec<_> = [hours.err(), limit.err()].into_iter().flatten().collect();
            return Err(body(&errors));
        }
    };
    let hours = u64::try_from(hours).expect("the bounds of the field fit");
    let since = Range {
        least: Some(now.minus(Duration::from_secs(hours * 3_600))),
        greatest: None,
    };
    let filter = Filter::default().and(Test::Time(TimeField::IngestedAt, vec![since]));
    Ok(Wish {
        filter: narrowed(filter, &pairs),
        limit: u64::try_from(limit).expect("the bounds of the field fit"),
    })
}

/// An empty value is no filter; a severity that no alert can have matches nothing.
fn narrowed(mut filter: Filter, pairs: &[(String, String)]) -> Option<Filter> {
    let given = |name| form::last(pairs, name).filter(|value| !value.is_empty());
    for (name, field) in [("country", TextField::Country), ("user", TextField::User)] {
        if let Some(value) = given(name) {
            filter = filter.and(Test::Text(field, vec![Pattern::Exact(value.to_owned())]));
        }
    }
    for name in ["severity", "criticality"] {
        if let Some(word) = given(name) {
            let severity = Severity::from_word(word)?;
            filter = filter.and(Test::Severity(vec![Range::exactly(severity)]));
        }
    }
    Some(filter)
}

/// A walk through the pages of an answer.
struct Walk {
    app: Shared,
    filter: Filter,
    before: Option<Seq>,
    left: u64,
    /// Whether the bracket has been written.
    opened: bool,
    /// Whether an item has been written.
    filled: bool,
}

struct Piece {
    text: String,
    last: bool,
}

impl Walk {
    /// Reads one page and writes it as a piece of the array.
    async fn step(&mut self) -> Result<Piece, Fault> {
        let limit = usize::try_from(self.left).map_or(PAGE_ROWS, |left| left.min(PAGE_ROWS));
        let page = PageRequest {
            before: self.before,
            limit,
            total: false,
        };
        let app: &App = &self.app;
        let rows = ask::ask(app, app.services.query.alerts(self.filter.clone(), page)).await?;
        self.left -= (rows.items.len() as u64).min(self.left);
        self.before = rows.next;
        let last = rows.next.is_none() || self.left == 0;
        let mut text = String::with_capacity(rows.items.len() * ITEM_BYTES + 2);
        if !self.opened {
            text.push('[');
            self.opened = true;
        }
        for row in &rows.items {
            if self.filled {
                text.push(',');
            }
            self.filled = true;
            write_item(&mut text, row).expect("writing to a string cannot fail");
        }
        if last {
            text.push(']');
        }
        Ok(Piece { text, last })
    }
}

/// A store that stops answering in the middle cuts the connection: the client must not take the
/// beginning for the whole.
async fn next_piece(walk: Option<Walk>) -> Option<(io::Result<Bytes>, Option<Walk>)> {
    let mut walk = walk?;
    Some(match walk.step().await {
        Ok(Piece { text, last }) => (Ok(Bytes::from(text)), (!last).then_some(walk)),
        Err(fault) => (Err(io::Error::other(fault.text())), None),
    })
}

fn write_item(out: &mut String, row: &AlertRow) -> std::fmt::Result {
    out.push_str("{\"id\":");
    json::write_string(out, &row.upstream_id);
    out.push_str(",\"source\":");
    json::write_string(out, &row.source);
    write!(
        out,
        ",\"severity\":\"{}\",\"description\":",
        row.severity.as_str()
    )?;
    json::write_string(out, &row.description);
    out.push_str(",\"src_ip\":\"");
    ip::write(out, row.src_ip)?;
    out.push_str("\",\"dst_ip\":");
    match row.dst_ip {
        Some(address) => {
            out.push('"');
            ip::write(out, address)?;
            out.push('"');
        }
        None => out.push_str("null"),
    }
    out.push_str(",\"created_at\":\"");
    row.created_at.write_z(out)?;
    out.push_str("\",\"country\":");
    json::write_optional(out, row.country.as_deref());
    out.push_str(",\"user\":");
    json::write_optional(out, row.user.as_deref());
    out.push('}');
    Ok(())
}
