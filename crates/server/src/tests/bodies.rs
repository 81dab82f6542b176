//! Bodies at their limit, one byte over it and ten times as long, however they are sent, to every route that
//! takes one.

use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use futures_util::stream;
use tower::ServiceExt as _;

use super::fixture::Fake;
use crate::reply::{COMMAND, PUSH};

/// Bytes of a chunk.
const CHUNK: usize = 64 << 10;

/// The routes that read the body of a command.
const COMMANDS: [&str; 5] = [
    "/config",
    "/api/v1/dead-letters/redrive",
    "/api/v1/deliveries/retry",
    "/api/v1/sources/mock/chaos",
    "/api/v1/sources/mock/rewind",
];
/// The routes that read a form.
const FORMS: [&str; 6] = [
    "/ui/sources/mock/rewind",
    "/ui/sources/mock/chaos",
    "/ui/alerts/columns",
    "/ui/dead-letters/redrive",
    "/ui/interval",
    "/ui/theme",
];

/// Every route that reads a body, with its media type and limit.
fn routes() -> Vec<(&'static str, &'static str, usize)> {
    let form = "application/x-www-form-urlencoded";
    let commands = COMMANDS.map(|path| (path, "application/json", COMMAND.bytes_max));
    let forms = FORMS.map(|path| (path, form, COMMAND.bytes_max));
    let pushes = ["application/json", "application/x-ndjson"];
    let pushes = pushes.map(|media| ("/api/v1/events/mock", media, PUSH.bytes_max));
    commands.into_iter().chain(forms).chain(pushes).collect()
}

fn chunked(bytes: usize) -> Body {
    let chunks = (0..bytes).step_by(CHUNK).map(move |from| {
        let chunk = Bytes::from(vec![b' '; CHUNK.min(bytes - from)]);
        Ok::<_, std::convert::Infallible>(chunk)
    });
    Body::from_stream(stream::iter(chunks))
}

async fn status(path: &str, media: &str, length: Option<u64>, body: Body) -> u16 {
    let mut request = Request::post(path)
        .header("host", "127.0.0.1:8000")
        .header("content-type", media);
    if let Some(length) = length {
        request = request.header("content-length", length);
    }
    let request = request.body(body).unwrap();
    let answer = Fake::new().router().oneshot(request).await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn bodies_are_read_up_to_their_limit_however_they_are_sent() {
    for (path, media, limit) in routes() {
        for (bytes, refused) in [(limit, false), (limit + 1, true), (limit * 10, true)] {
            let declared = status(path, media, Some(bytes as u64), chunked(bytes)).await;
            assert_eq!(declared == 413, refused, "{path}: {declared} for {bytes}");
            let streamed = status(path, media, None, chunked(bytes)).await;
            assert_eq!(streamed == 413, refused, "{path}: {streamed} for {bytes}");
            assert!(declared != 404 && declared != 405, "{path} takes no body");
        }
    }
}

#[tokio::test]
async fn what_is_declared_too_long_is_refused_before_a_byte_of_it() {
    for (path, media, limit) in routes() {
        let never = || Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        for length in [limit as u64 + 1, u64::MAX] {
            assert_eq!(
                status(path, media, Some(length), never()).await,
                413,
                "{path}"
            );
        }
    }
}
