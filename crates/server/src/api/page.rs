//! The form of a list.

use axum::http::{StatusCode, header};
use axum::response::Response;
use cresset_model::ports::Total;
use serde::Serialize;
use serde_json::Value;

use super::{cursor, params};
use crate::{form, reply};

/// One page of a list, ready to be answered.
pub(super) struct Page<'a, T> {
    pub(super) path: &'a str,
    pub(super) pairs: &'a [(String, String)],
    pub(super) items: Vec<T>,
    pub(super) next: Option<u64>,
    pub(super) fingerprint: u64,
    pub(super) total: Option<Total>,
}

#[derive(Serialize)]
struct Body<T> {
    items: Vec<T>,
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Value>,
}

impl<T: Serialize> Page<'_, T> {
    /// `{"items": …, "next": …}`, and the next page in a `Link` header too.
    pub(super) fn respond(self) -> Response {
        let next = self.next.map(|seq| cursor::write(seq, self.fingerprint));
        let link = next.as_ref().map(|next| {
            let mut query = String::new();
            for (name, value) in self.pairs.iter().filter(|(name, _)| name != "cursor") {
                query.push_str(&form::encode(name));
                query.push('=');
                query.push_str(&form::encode(value));
                query.push('&');
            }
            format!("<{}?{query}cursor={next}>; rel=\"next\"", self.path)
        });
        let body = Body {
            items: self.items,
            next,
            total: self.total.map(params::total),
        };
        let response = reply::json_of(StatusCode::OK, &body);
        match link {
            Some(link) => reply::with(response, header::LINK, &link),
            None => response,
        }
    }
}
