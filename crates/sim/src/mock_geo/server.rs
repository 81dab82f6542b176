//! The server: routes, the limit, failures and delays.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};

use super::config::{MockGeoConfig, MockGeoConfigError};
use super::place::answer;

/// Addresses of one batch.
const BATCH_MAX: usize = 100;
/// Bytes of a body sent to the mock, and how long it may take.
const BODY_BYTES_MAX: usize = 64 << 10;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// The length of the limit's window.
const WINDOW: Duration = Duration::from_mins(1);
/// How many requests remain in this window.
const REMAINING: HeaderName = HeaderName::from_static("x-rl");
/// The seconds until the next window.
const SECONDS_LEFT: HeaderName = HeaderName::from_static("x-ttl");

/// The mock cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum MockGeoError {
    /// The settings make no sense.
    #[error(transparent)]
    Config(#[from] MockGeoConfigError),
    /// The socket failed.
    #[error("cannot serve the mock geography")]
    Serve(#[source] std::io::Error),
}

/// Serves the mock until `shutdown` is ready. Requests wait side by side, each for its own delay.
pub async fn serve(
    listener: TcpListener,
    config: MockGeoConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), MockGeoError> {
    config.check()?;
    let mock = Arc::new(Mock {
        config,
        dial: Mutex::new(Dial {
            requests: 0,
            used: 0,
            window: Instant::now(),
        }),
    });
    let router = Router::new().fallback(respond).with_state(mock);
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown)
        .await
        .map_err(MockGeoError::Serve)
}

struct Mock {
    config: MockGeoConfig,
    dial: Mutex<Dial>,
}

/// What changes from request to request.
struct Dial {
    requests: u32,
    used: u32,
    window: Instant,
}

/// How the limit stands after a request.
#[derive(Clone, Copy)]
struct Limit {
    remaining: u32,
    seconds_left: u64,
    is_over: bool,
}

impl Mock {
    /// Counts a request: how the limit stands, and whether the request fails on purpose.
    fn count(&self) -> (Option<Limit>, bool) {
        let mut dial = self.dial.lock().unwrap_or_else(PoisonError::into_inner);
        let per_minute = self.config.rate_limit_per_minute;
        let limit = (per_minute > 0).then(|| {
            if dial.window.elapsed() >= WINDOW {
                (dial.window, dial.used) = (Instant::now(), 0);
            }
            let is_over = dial.used >= per_minute;
            dial.used += u32::from(!is_over);
            let left = WINDOW.saturating_sub(dial.window.elapsed());
            Limit {
                remaining: per_minute - dial.used,
                seconds_left: left.as_millis().div_ceil(1_000).try_into().unwrap_or(0),
                is_over,
            }
        });
        if limit.is_some_and(|limit| limit.is_over) {
            return (limit, false);
        }
        // The request at which the wanted number of failures reaches the next whole one fails.
        let failures = |requests: u32| (f64::from(requests) * self.config.failure_rate).floor();
        let before = failures(dial.requests);
        dial.requests = dial.requests.wrapping_add(1);
        (limit, failures(dial.requests) > before)
    }
}

async fn respond(State(mock): State<Arc<Mock>>, request: Request) -> Response {
    let (limit, fails) = mock.count();
    let mut response = if limit.is_some_and(|limit| limit.is_over) {
        status(StatusCode::TOO_MANY_REQUESTS)
    } else {
        sleep(mock.config.delay).await;
        if fails {
            status(StatusCode::SERVICE_UNAVAILABLE)
        } else {
            answered(request).await
        }
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if let Some(limit) = limit {
        headers.insert(REMAINING, HeaderValue::from(limit.remaining));
        headers.insert(SECONDS_LEFT, HeaderValue::from(limit.seconds_left));
    }
    response
}

async fn answered(request: Request) -> Response {
    let (head, body) = request.into_parts();
    let fields = fields_of(&head.uri);
    match (head.method, head.uri.path()) {
        (Method::GET, path) if path.starts_with("/json/") => {
            let query = path.trim_start_matches("/json/");
            json(&answer(query, fields.as_deref()))
        }
        (Method::POST, "/batch") => {
            match timeout(BODY_TIMEOUT, to_bytes(body, BODY_BYTES_MAX)).await {
                Ok(Ok(body)) => batch(&body, fields.as_deref()),
                Ok(Err(_)) => status(StatusCode::PAYLOAD_TOO_LARGE),
                Err(_) => status(StatusCode::REQUEST_TIMEOUT),
            }
        }
        _ => status(StatusCode::NOT_FOUND),
    }
}

/// An element is an address, or an object with one in `query`.
fn batch(body: &[u8], fields: Option<&str>) -> Response {
    let Ok(Value::Array(queries)) = serde_json::from_slice(body) else {
        return status(StatusCode::BAD_REQUEST);
    };
    if queries.len() > BATCH_MAX {
        return status(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answers = queries.iter().map(|element| {
        let query = element.as_str().or_else(|| element.get("query")?.as_str());
        answer(query.unwrap_or_default(), fields)
    });
    json(&Value::Array(answers.collect()))
}

fn fields_of(uri: &Uri) -> Option<String> {
    let value = uri
        .query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix("fields="))?;
    let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
    Some(value.into_owned())
}

fn json(body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
