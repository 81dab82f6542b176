//! Files that are part of the program; no path reaches the file system.

use std::io::Read as _;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use flate2::read::GzDecoder;

use crate::reply;

/// One file.
pub(crate) struct File {
    name: &'static str,
    media: &'static str,
    bytes: &'static [u8],
    /// Whether the bytes are packed with gzip.
    packed: bool,
}

impl File {
    /// A file as it is.
    pub(crate) const fn plain(
        name: &'static str,
        media: &'static str,
        bytes: &'static [u8],
    ) -> Self {
        Self {
            name,
            media,
            bytes,
            packed: false,
        }
    }

    /// A file that is kept packed, and sent so to whom takes it.
    pub(crate) const fn packed(
        name: &'static str,
        media: &'static str,
        bytes: &'static [u8],
    ) -> Self {
        Self {
            packed: true,
            ..Self::plain(name, media, bytes)
        }
    }
}

/// Answers with the file of this name.
pub(crate) fn serve(files: &[File], name: &str, headers: &HeaderMap) -> Response {
    let Some(file) = files.iter().find(|file| file.name == name) else {
        return reply::detail(StatusCode::NOT_FOUND, "Not Found");
    };
    let media = HeaderValue::from_static(file.media);
    let mut response = if file.packed && !takes_gzip(headers) {
        let mut whole = Vec::new();
        GzDecoder::new(file.bytes)
            .read_to_end(&mut whole)
            .expect("the packed files of the program are whole");
        reply::typed(StatusCode::OK, media, whole)
    } else {
        reply::typed(StatusCode::OK, media, Bytes::from_static(file.bytes))
    };
    let headers_out = response.headers_mut();
    if file.packed {
        headers_out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if takes_gzip(headers) {
            headers_out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    // Short enough that a new version of the program is seen soon.
    headers_out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300"),
    );
    response
}

/// Whether the client takes gzip: named without a weight of zero.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted.split(',').any(|part| {
        let mut pieces = part.split(';').map(str::trim);
        let named = pieces
            .next()
            .is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"));
        let refused = pieces.any(|weight| {
            let digits = weight.strip_prefix("q=").unwrap_or("1");
            digits.chars().all(|c| c == '0' || c == '.')
        });
        named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_only_to_whom_takes_it() {
        for (accepted, takes) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.0, br", false),
            ("identity", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            assert_eq!(takes_gzip(&headers), takes, "{accepted}");
        }
    }
}
