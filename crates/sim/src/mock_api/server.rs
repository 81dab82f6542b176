//! The server: routes, failures and delays.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use cresset_model::Timestamp;
use cresset_model::ports::Clock;
use futures_util::stream::{self, StreamExt};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use super::bulk::Bulk;
use super::chaos::{self, Refusal};
use super::config::{MockConfig, MockConfigError, RateLimit, Step};
use super::documents::{DOCS, OPENAPI};
use super::guard;
use super::truth;
use super::world::{Ask, World};
use crate::rng::Rng;

/// Bytes of a body sent to the mock.
const BODY_BYTES_MAX: usize = 64 << 10;
/// How long such a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
const JSON: &str = "application/json";

/// The mock cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// The settings make no sense.
    #[error(transparent)]
    Config(#[from] MockConfigError),
    /// The socket failed.
    #[error("cannot serve the mock API")]
    Serve(#[source] std::io::Error),
}

/// Serves the mock until `shutdown` is ready. Requests wait side by side, each for its own delay.
pub async fn serve(
    listener: TcpListener,
    config: MockConfig,
    clock: Arc<dyn Clock>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), MockError> {
    config.check()?;
    let mock = Arc::new(Mock::new(config, clock)?);
    let router = Router::new().fallback(answer).with_state(mock);
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown)
        .await
        .map_err(MockError::Serve)
}

struct Mock {
    config: MockConfig,
    steps: Vec<Step>,
    clock: Arc<dyn Clock>,
    seed: u64,
    world: Arc<Mutex<World>>,
    dial: Mutex<Dial>,
    bulk: Option<(Arc<Bulk>, Vec<Bytes>)>,
    bulk_sent: AtomicBool,
}

/// What changes from request to request.
struct Dial {
    failure_rate: f64,
    delay: Duration,
    requests: u64,
    window: (Timestamp, u32),
}

impl Mock {
    fn new(config: MockConfig, clock: Arc<dyn Clock>) -> Result<Self, MockConfigError> {
        let now = clock.now();
        let world = World::new(config.clone(), now);
        let bulk = config.bulk.map(|count| {
            let bulk = Bulk::new(count, world.seed(), world.id_second(0, now), now);
            let page = bulk.page();
            (Arc::new(bulk), page)
        });
        Ok(Self {
            steps: config.steps()?,
            clock,
            seed: world.seed(),
            world: Arc::new(Mutex::new(world)),
            dial: Mutex::new(Dial {
                failure_rate: config.failure_rate,
                delay: config.delay,
                requests: 0,
                window: (now, 0),
            }),
            bulk,
            bulk_sent: AtomicBool::new(false),
            config,
        })
    }

    fn dial<T>(&self, turn: impl FnOnce(&mut Dial) -> T) -> T {
        turn(&mut self.dial.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the dials stand: the original's one, or all that there are.
    fn settings(&self, uri: &Uri) -> String {
        let (rate, delay) = self.dial(|dial| (dial.failure_rate, dial.delay));
        if uri.query() == Some("include=all") {
            return chaos::all_settings(rate, delay, self.world().malformed());
        }
        chaos::settings(rate)
    }

    async fn alerts(&self, uri: &Uri) -> Response {
        if let Some(limit) = self.config.rate_limit
            && let Some(wait) = self.over(limit)
        {
            return failure(429, wait);
        }
        let number = self.dial(|dial| {
            dial.requests += 1;
            dial.requests - 1
        });
        let since = match self.config.honest.then(|| since_of(uri)) {
            Some(Err(input)) => return no_instant(input),
            Some(Ok(since)) => since,
            None => Timestamp::MIN,
        };
        // Only this request waits; others are answered meanwhile.
        sleep(self.dial(|dial| dial.delay)).await;
        if let Some((_, page)) = &self.bulk {
            return self.bulk_page(page);
        }
        let step = self.step(number);
        if let Step::Status(status) = step {
            return failure(status, self.config.retry_after);
        }
        let ask = Ask {
            number,
            now: self.clock.now(),
            since,
            cut: step == Step::Cut,
        };
        let body = self.world().answer(ask);
        if ask.cut {
            return cut(body);
        }
        json(StatusCode::OK, body)
    }

    fn step(&self, number: u64) -> Step {
        let index = number.checked_rem(self.steps.len() as u64);
        if let Some(index) = index.and_then(|index| usize::try_from(index).ok()) {
            return self.steps[index];
        }
        let dice = Rng::of(self.seed ^ 0xfa11, number).unit();
        if dice < self.dial(|dial| dial.failure_rate) {
            return Step::Status(500);
        }
        Step::Ok
    }

    /// How long to wait if the limit is used up.
    fn over(&self, limit: RateLimit) -> Option<Duration> {
        let now = self.clock.now();
        self.dial(|dial| {
            if now.since(dial.window.0) >= limit.window {
                dial.window = (now, 0);
            }
            if dial.window.1 < limit.requests {
                dial.window.1 += 1;
                return None;
            }
            Some(limit.window.saturating_sub(now.since(dial.window.0)))
        })
    }

    fn bulk_page(&self, page: &[Bytes]) -> Response {
        if self.bulk_sent.swap(true, Ordering::SeqCst) {
            return json(StatusCode::OK, "[]".to_owned());
        }
        let length: usize = page.iter().map(Bytes::len).sum();
        let pieces: Vec<_> = page
            .iter()
            .cloned()
            .map(Ok::<_, std::convert::Infallible>)
            .collect();
        let mut response = respond(
            StatusCode::OK,
            JSON,
            Body::from_stream(stream::iter(pieces)),
        );
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
        response
    }

    async fn turn(&self, request: Request) -> Response {
        if !guard::origin_allowed(request.headers(), &self.config.hosts) {
            return detail(StatusCode::FORBIDDEN, "Origin not allowed");
        }
        let (head, body) = request.into_parts();
        let body = match timeout(BODY_TIMEOUT, to_bytes(body, BODY_BYTES_MAX)).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => return detail(StatusCode::PAYLOAD_TOO_LARGE, "Content Too Large"),
            Err(_) => return detail(StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
        };
        match chaos::read_turn(&head.headers, &body) {
            Ok(turn) => {
                self.dial(|dial| {
                    dial.failure_rate = turn.failure_rate;
                    dial.delay = turn.delay.unwrap_or(dial.delay);
                });
                if let Some(share) = turn.malformed {
                    self.world().set_malformed(share);
                }
                let settings = chaos::settings(turn.failure_rate);
                let body = format!("{{\"message\":\"Config updated\",\"config\":{settings}}}");
                json(StatusCode::OK, body)
            }
            Err(Refusal::Invalid(body)) => json(StatusCode::UNPROCESSABLE_ENTITY, body),
            Err(Refusal::NoText) => detail(
                StatusCode::BAD_REQUEST,
                "There was an error parsing the body",
            ),
            Err(Refusal::Broken) => respond(
                StatusCode::INTERNAL_SERVER_ERROR,
                "text/plain; charset=utf-8",
                Body::from("Internal Server Error"),
            ),
        }
    }

    fn truth(&self) -> Response {
        let sent = self.bulk_sent.load(Ordering::SeqCst);
        let bulk = self
            .bulk
            .as_ref()
            .filter(|_| sent)
            .map(|(bulk, _)| Arc::clone(bulk));
        let listing = truth::listing(Arc::clone(&self.world), bulk);
        respond(
            StatusCode::OK,
            "application/x-ndjson",
            Body::from_stream(listing),
        )
    }
}

async fn answer(State(mock): State<Arc<Mock>>, request: Request) -> Response {
    if !guard::host_allowed(request.headers(), &mock.config.hosts) {
        return detail(StatusCode::FORBIDDEN, "Host not allowed");
    }
    let is_get = request.method() == Method::GET;
    match request.uri().path() {
        "/alerts" if is_get => mock.alerts(request.uri()).await,
        "/config" if is_get => json(StatusCode::OK, mock.settings(request.uri())),
        "/config" if request.method() == Method::POST => mock.turn(request).await,
        "/truth" if is_get => mock.truth(),
        "/docs" if is_get => respond(StatusCode::OK, "text/html; charset=utf-8", Body::from(DOCS)),
        "/openapi.json" if is_get => json(StatusCode::OK, OPENAPI.trim_end().to_owned()),
        // The original names only the last method of the path.
        "/config" => not_allowed("POST"),
        "/alerts" | "/truth" | "/docs" | "/openapi.json" => not_allowed("GET"),
        _ => detail(StatusCode::NOT_FOUND, "Not Found"),
    }
}

/// The instant that `since` names: RFC 3339, or unix seconds or milliseconds. What is none comes back.
fn since_of(uri: &Uri) -> Result<Timestamp, String> {
    let query = uri.query().unwrap_or_default();
    let value = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("since="));
    let Some(value) = value else {
        return Ok(Timestamp::MIN);
    };
    let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
    let number: Option<i64> = value.parse().ok();
    let instant = match number {
        // Beyond this, seconds would lie in the year 5138.
        Some(number) if number.unsigned_abs() >= 100_000_000_000 => {
            number.checked_mul(1_000_000).map(Timestamp::from_nanos)
        }
        Some(number) => Timestamp::from_seconds(number),
        None => Timestamp::parse(&value),
    };
    instant.ok_or_else(|| value.into_owned())
}

fn no_instant(input: String) -> Response {
    let input = serde_json::Value::from(input);
    json(
        StatusCode::UNPROCESSABLE_ENTITY,
        format!(
            "{{\"detail\":[{{\"type\":\"datetime_parsing\",\"loc\":[\"query\",\"since\"],\
             \"msg\":\"Input should be a valid datetime\",\"input\":{input}}}]}}"
        ),
    )
}

fn failure(status: u16, retry_after: Duration) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reason = status.canonical_reason().unwrap_or("Failure");
    let mut response = detail(status, &format!("{reason} (Simulated)"));
    if matches!(status.as_u16(), 429 | 503) {
        let seconds = retry_after.as_millis().div_ceil(1_000).max(1);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// An answer that promises all of `body` and breaks off in the middle.
fn cut(body: String) -> Response {
    let length = body.len();
    let half = Bytes::from(body).slice(..length / 2);
    let begin = stream::iter([Ok(half)]);
    let end = stream::once(async {
        // A body that is not ready makes the server send what it has; failing at once would drop it.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("the answer is cut on purpose"))
    });
    let mut response = respond(StatusCode::OK, JSON, Body::from_stream(begin.chain(end)));
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

fn not_allowed(allowed: &'static str) -> Response {
    let mut response = detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

fn detail(status: StatusCode, detail: &str) -> Response {
    json(status, format!("{{\"detail\":\"{detail}\"}}"))
}

fn json(status: StatusCode, body: String) -> Response {
    respond(status, JSON, Body::from(body))
}

fn respond(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
