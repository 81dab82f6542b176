//! Reads `name=value&name=value` from queries and form bodies.

use axum::body::Body;
use axum::response::Response;
use percent_encoding::percent_decode_str;

use crate::reply;

/// The pairs of a form that was sent, or the answer to one that cannot be read.
pub(crate) async fn read(body: Body) -> Result<Vec<(String, String)>, Response> {
    match reply::read_body(body).await {
        Ok(body) => Ok(pairs(&String::from_utf8_lossy(&body))),
        Err(fault) => Err(reply::detail(fault.status(), &fault.text())),
    }
}

/// The pairs in their order. A piece without `=` has an empty value; bytes that are not UTF-8 become
/// U+FFFD, so that they match nothing.
pub(crate) fn pairs(raw: &str) -> Vec<(String, String)> {
    raw.split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// The last value of a name.
pub(crate) fn last<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .rev()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

/// Encodes a value so that it can stand in a query.
pub(crate) fn encode(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn decode(text: &str) -> String {
    let blanks = text.replace('+', " ");
    percent_decode_str(&blanks).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_and_the_last_one_wins() {
        let pairs = pairs("a=1&&b&a=%2B+x%ff&%61=last&c==");
        assert_eq!(last(&pairs, "a"), Some("last"));
        assert_eq!(last(&pairs, "b"), Some(""));
        assert_eq!(last(&pairs, "c"), Some("="));
        assert_eq!(last(&pairs, "d"), None);
        assert_eq!(pairs.get(2).unwrap().1, "+ x\u{fffd}");
    }

    #[test]
    fn an_encoded_value_reads_back() {
        let value = "é &=+%/?#";
        let query = format!("v={}", encode(value));
        assert_eq!(last(&pairs(&query), "v"), Some(value));
    }
}
