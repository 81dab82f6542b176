//! What the headers of a push say: form, packing and key.

use axum::http::{HeaderMap, header};
use cresset_model::ports::Encoding;

use crate::problem::Kind;

/// Characters of an `Idempotency-Key`.
const KEY_CHARS_MAX: usize = 255;

/// The headers of a push, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) encoding: Encoding,
    pub(super) key: Option<String>,
}

impl Head {
    /// Reads the headers; an error is the kind of problem and its text. The bytes decide what form the
    /// records have, not the content type: most tools send none or a wrong one.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, (Kind, String)> {
        let media = headers
            .get(header::CONTENT_TYPE)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
        if media.is_some_and(|media| media.trim_start().starts_with("multipart/")) {
            let text = "multipart bodies are not taken: send the records themselves, such as with \
                 curl --data-binary @events.ndjson";
            return Err((Kind::UnsupportedMediaType, text.to_owned()));
        }
        Ok(Self {
            encoding: encoding(headers)?,
            key: key(headers)?,
        })
    }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, (Kind, String)> {
    let mut encoding = Encoding::Identity;
    let values = headers.get_all(header::CONTENT_ENCODING);
    let values: Vec<_> = values
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    for word in values.iter().flat_map(|value| value.split(',')) {
        let one = match word.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => continue,
            "gzip" | "x-gzip" => Encoding::Gzip,
            "zstd" => Encoding::Zstd,
            _ => return Err(unpackable(word.trim())),
        };
        if encoding != Encoding::Identity {
            return Err(unpackable(&values.join(", ")));
        }
        encoding = one;
    }
    Ok(encoding)
}

fn unpackable(word: &str) -> (Kind, String) {
    let text =
        format!("content-encoding `{word}` is not taken: send one of gzip, zstd and identity");
    (Kind::UnsupportedMediaType, text)
}

fn key(headers: &HeaderMap) -> Result<Option<String>, (Kind, String)> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let bytes = value.as_bytes();
    let fits = (1..=KEY_CHARS_MAX).contains(&bytes.len());
    match std::str::from_utf8(bytes) {
        Ok(text) if fits && values.next().is_none() && bytes.iter().all(u8::is_ascii_graphic) => {
            Ok(Some(text.to_owned()))
        }
        _ => {
            let text = format!(
                "Idempotency-Key must come once, with 1 to {KEY_CHARS_MAX} visible ASCII characters"
            );
            Err((Kind::InvalidHeader, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(&'static str, &str)]) -> Result<Head, (Kind, String)> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(*name, value);
        }
        Head::read(&headers)
    }

    #[test]
    fn every_content_type_but_multipart_is_taken() {
        for media in [
            "application/json",
            "application/x-ndjson",
            "application/ndjson; charset=utf-8",
            "text/plain",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "é",
        ] {
            assert!(read(&[("content-type", media)]).is_ok(), "{media}");
        }
        assert!(read(&[]).is_ok());
        for media in ["multipart/form-data; boundary=x", "Multipart/Mixed"] {
            let (kind, text) = read(&[("content-type", media)]).unwrap_err();
            assert_eq!(kind, Kind::UnsupportedMediaType);
            assert!(text.starts_with("multipart bodies are not taken"), "{text}");
        }
    }

    #[test]
    fn three_encodings_are_known_and_only_one_at_a_time() {
        for (value, expected) in [
            ("gzip", Encoding::Gzip),
            ("X-GZip", Encoding::Gzip),
            ("zstd", Encoding::Zstd),
            ("identity", Encoding::Identity),
            ("identity, zstd", Encoding::Zstd),
        ] {
            let head = read(&[("content-encoding", value)]).unwrap();
            assert_eq!(head.encoding, expected, "{value}");
        }
        for (value, named) in [
            ("br", "br"),
            ("gzip, zstd", "gzip, zstd"),
            ("gzip;q=1", "gzip;q=1"),
        ] {
            let expected = format!(
                "content-encoding `{named}` is not taken: send one of gzip, zstd and identity"
            );
            let error = read(&[("content-encoding", value)]).unwrap_err();
            assert_eq!(error, (Kind::UnsupportedMediaType, expected));
        }
    }

    #[test]
    fn a_key_has_visible_characters_up_to_the_limit() {
        let longest = "k".repeat(255);
        for key in ["a", "\"8e03978e-40d5\"", longest.as_str()] {
            let head = read(&[("idempotency-key", key)]).unwrap();
            assert_eq!(head.key.as_deref(), Some(key));
        }
        let text = "Idempotency-Key must come once, with 1 to 255 visible ASCII characters";
        for key in ["", "a b", "é", "k".repeat(256).as_str()] {
            let error = read(&[("idempotency-key", key)]).unwrap_err();
            assert_eq!(error, (Kind::InvalidHeader, text.to_owned()), "{key}");
        }
        let twice = [("idempotency-key", "a"), ("idempotency-key", "a")];
        assert!(read(&twice).is_err());
    }
}
