//! Against real sockets on the loopback interface.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cresset_model::Timestamp;
use cresset_model::ports::{Ask, Clock, FetchError, Upstream};
use cresset_model::secret::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::body::{RATIO_FREE_BYTES, is_bomb};
use super::*;
use crate::send_failure::{RETRY_AFTER_MAX, retry_after};

mod paging;

const SINCE: &str = "2026-11-22T00:00:00Z";
const SINCE_SENT: &str = "2026-11-22T00%3A00%3A00%2B00%3A00";

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        instant("2026-11-23T09:00:00Z")
    }
}

fn instant(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// How a test server ends its answer.
#[derive(Clone, Copy)]
enum End {
    Close,
    Hold,
}

/// Answers every connection with the same bytes.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(answer: impl Into<Vec<u8>>, end: End) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (answer.into(), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut socket, _)) = listener.accept().await {
                let request = read_head(&mut socket).await;
                seen.lock().unwrap().push(request);
                // The client may be gone already: it refuses some answers by their head.
                drop(socket.write_all(&answer).await);
                if matches!(end, End::Hold) {
                    held.push(socket);
                }
            }
        });
        Self {
            address,
            requests,
            task,
        }
    }

    fn url(&self) -> String {
        format!("http://{}/alerts", self.address)
    }

    fn config(&self) -> HttpPollConfig {
        HttpPollConfig {
            url: self.url(),
            allow_private: Some(self.address.to_string()),
            ..HttpPollConfig::default()
        }
    }

    fn request(&self) -> String {
        self.requests.lock().unwrap().last().unwrap().clone()
    }
}

async fn read_head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        let read = socket.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the client closed before its request was whole");
        head.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(head).unwrap()
}

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn status(line: &str, headers: &str) -> String {
    format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nconnection: close\r\n{headers}\r\n")
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn poll(config: HttpPollConfig) -> HttpPoll {
    HttpPoll::new(config, Arc::new(FixedClock)).unwrap()
}

/// Asks and reads to the end: what was received, and how it ended.
async fn fetch(config: HttpPollConfig) -> (Vec<u8>, Result<(), FetchError>) {
    let poll = poll(config);
    let mut received = Vec::new();
    let mut body = match poll.get(Ask::since(instant(SINCE))).await {
        Ok(answer) => answer.body.unwrap(),
        Err(error) => return (received, Err(error)),
    };
    loop {
        match body.next().await {
            Ok(Some(piece)) => received.extend_from_slice(&piece),
            Ok(None) => return (received, Ok(())),
            Err(error) => {
                assert_eq!(body.next().await, Err(error.clone()), "an error stays");
                return (received, Err(error));
            }
        }
    }
}

async fn failure(config: HttpPollConfig) -> FetchError {
    fetch(config).await.1.unwrap_err()
}

fn error(message: impl Into<String>, transient: bool) -> FetchError {
    FetchError {
        message: message.into(),
        transient,
        status: None,
        retry_after: None,
    }
}

const TINY: Duration = Duration::from_millis(50);

fn timeouts() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(5),
        ..Timeouts::default()
    }
}

#[tokio::test]
async fn the_request_says_what_it_asks_for() {
    let server = Server::start(answer("", b"[]"), End::Hold).await;
    let (body, end) = fetch(server.config()).await;
    assert_eq!((body.as_slice(), end), (&b"[]"[..], Ok(())));
    let request = server.request();
    let expected = format!("GET /alerts?since={SINCE_SENT} HTTP/1.1\r\n");
    assert!(request.starts_with(&expected), "{request}");
    for header in [
        "accept: application/json\r\n",
        "accept-encoding: gzip\r\n",
        concat!("user-agent: cresset/", env!("CARGO_PKG_VERSION"), "\r\n"),
    ] {
        assert!(request.contains(header), "{request}");
    }
}

#[tokio::test]
async fn the_instant_is_written_in_each_format_and_never_rounded_up() {
    let server = Server::start(answer("", b"[]"), End::Hold).await;
    for (format, at, expected) in [
        (
            SinceFormat::Rfc3339,
            "2026-11-22T00:00:00.123456789Z",
            "/alerts?tenant=5&at=2026-11-22T00%3A00%3A00.123456789%2B00%3A00",
        ),
        (
            SinceFormat::Unix,
            "1970-01-01T00:00:01.999Z",
            "/alerts?tenant=5&at=1",
        ),
        (
            SinceFormat::Unix,
            "1969-12-31T23:59:59.999Z",
            "/alerts?tenant=5&at=-1",
        ),
        (
            SinceFormat::UnixMs,
            "1970-01-01T00:00:01.9999Z",
            "/alerts?tenant=5&at=1999",
        ),
    ] {
        let mut config = server.config();
        config.url.push_str("?tenant=5");
        config.since_parameter = "at".to_owned();
        config.since_format = format;
        poll(config).get(Ask::since(instant(at))).await.unwrap();
        assert_eq!(server.request().split(' ').nth(1), Some(expected));
    }
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    let server = Server::start(status("401 Unauthorized", ""), End::Close).await;
    let secret = || Secret::new("s3cret".to_owned());
    for (auth, header) in [
        (Auth::Bearer(secret()), "authorization: Bearer s3cret\r\n"),
        (
            Auth::Basic {
                user: "me".to_owned(),
                password: secret(),
            },
            "authorization: Basic bWU6czNjcmV0\r\n",
        ),
        (
            Auth::Header {
                name: "X-Api-Key".to_owned(),
                value: secret(),
            },
            "x-api-key: s3cret\r\n",
        ),
    ] {
        let mut config = server.config();
        config.url.push_str("?key=s3cret&s3cret");
        config.auth = Some(auth);
        assert!(
            !format!("{config:?}")
                .replace(&config.url, "")
                .contains("s3cret")
        );
        let poll = poll(config);
        assert_eq!(poll.address(), format!("{}?key=***&***", server.url()));
        let error = poll.get(Ask::since(instant(SINCE))).await.err().unwrap();
        let url = format!("{}?key=***&***&since={SINCE_SENT}", server.url());
        assert_eq!(
            error.message,
            format!("Client error '401 Unauthorized' for url '{url}'")
        );
        assert!(server.request().contains(header), "{}", server.request());
    }
}

#[tokio::test]
async fn each_status_is_passing_or_final() {
    for (line, kind, transient) in [
        ("500 Internal Server Error", "Server error", true),
        ("502 Bad Gateway", "Server error", true),
        ("503 Service Unavailable", "Server error", true),
        ("599 ", "Server error", true),
        ("400 Bad Request", "Client error", false),
        ("401 Unauthorized", "Client error", false),
        ("404 Not Found", "Client error", false),
        ("408 Request Timeout", "Client error", true),
        ("425 Too Early", "Client error", true),
        ("429 Too Many Requests", "Client error", true),
        ("301 Moved Permanently", "Redirect response", false),
        ("304 Not Modified", "Redirect response", false),
        ("307 Temporary Redirect", "Redirect response", false),
    ] {
        let headers = "location: http://127.0.0.1:9/elsewhere\r\n";
        let server = Server::start(status(line, headers), End::Close).await;
        let url = format!("{}?since={SINCE_SENT}", server.url());
        let hint = if kind.starts_with('R') {
            ": redirects are not followed"
        } else {
            ""
        };
        let line = line.trim();
        let expected = FetchError {
            status: line
                .split(' ')
                .next()
                .and_then(|status| status.parse().ok()),
            ..error(format!("{kind} '{line}' for url '{url}'{hint}"), transient)
        };
        assert_eq!(failure(server.config()).await, expected);
        assert_eq!(server.requests.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn retry_after_comes_with_the_error() {
    for (value, seconds) in [
        ("7", Some(7)),
        ("Mon, 23 Nov 2026 09:02:00 GMT", Some(120)),
        ("soon", None),
    ] {
        let headers = format!("retry-after: {value}\r\n");
        let server = Server::start(status("429 Too Many Requests", &headers), End::Close).await;
        let expected = seconds.map(Duration::from_secs);
        assert_eq!(
            failure(server.config()).await.retry_after,
            expected,
            "{value}"
        );
    }
}

#[test]
fn retry_after_is_at_most_an_hour_and_garbage_is_ignored() {
    let now = FixedClock.now();
    let check = |value: &str, expected: Option<u64>| {
        assert_eq!(
            retry_after(value, now),
            expected.map(Duration::from_secs),
            "{value}"
        );
    };
    assert_eq!(RETRY_AFTER_MAX.as_secs(), 3_600);
    check("0", Some(0));
    check(" 30 ", Some(30));
    check("3600", Some(3_600));
    check("3601", Some(3_600));
    check("99999999999999999999999", Some(3_600));
    check("Mon, 23 Nov 2026 10:00:00 GMT", Some(3_600));
    check("Tue, 24 Nov 2026 10:00:00 GMT", Some(3_600));
    check("Fri, 11 Apr 2262 23:47:17 GMT", Some(3_600));
    check("Fri, 31 Dec 9999 23:59:59 GMT", Some(3_600));
    check("Mon, 23 Nov 2026 08:00:00 GMT", Some(0));
    check("Thu, 01 Jan 1970 00:00:00 GMT", Some(0));
    for garbage in ["", "-1", "1.5", "1e3", "tomorrow", "2026-11-23T10:00:00Z"] {
        check(garbage, None);
    }
}

#[tokio::test]
async fn an_empty_answer_is_an_empty_body() {
    for head in [
        "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
        status("200 OK", ""),
        status("200 OK", "content-encoding: gzip\r\n"),
    ] {
        let server = Server::start(head, End::Hold).await;
        assert_eq!(fetch(server.config()).await, (Vec::new(), Ok(())));
    }
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let config = |scheme: &str| HttpPollConfig {
        url: format!("{scheme}://{address}/alerts"),
        allow_private: Some(address.to_string()),
        ..HttpPollConfig::default()
    };
    let expected = error(
        format!("cannot connect to {address}: connection refused"),
        true,
    );
    assert_eq!(failure(config("http")).await, expected);
    assert_eq!(failure(config("https")).await, expected);
}

#[tokio::test]
async fn a_name_without_address_says_so() {
    // Too long for a label of a name: the system refuses it without asking the network.
    let host = format!("{}.invalid", "n".repeat(64));
    let config = HttpPollConfig {
        url: format!("http://{host}/alerts"),
        ..HttpPollConfig::default()
    };
    let error = failure(config).await;
    let expected = format!("cannot resolve {host}: ");
    assert!(error.message.starts_with(&expected), "{error}");
    assert!(error.transient);
}

#[tokio::test]
async fn a_private_address_is_refused_before_anything_is_sent() {
    let server = Server::start(answer("", b"[]"), End::Hold).await;
    let port = server.address.port();
    for (host, shown) in [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost")] {
        let config = HttpPollConfig {
            url: format!("http://{host}:{port}/alerts"),
            allow_private: Some(format!("{host}:9")),
            ..HttpPollConfig::default()
        };
        let error = failure(config).await;
        let hint = format!("set `allow_private: {shown}:{port}` to allow it");
        assert!(error.message.ends_with(&hint), "{error}");
        assert!(!error.transient);
    }
    assert!(server.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_named_host_that_is_allowed_is_asked() {
    let server = Server::start(answer("", b"[]"), End::Hold).await;
    let port = server.address.port();
    let config = HttpPollConfig {
        url: format!("http://localhost:{port}/alerts"),
        allow_private: Some(format!("localhost:{port}")),
        ..HttpPollConfig::default()
    };
    assert_eq!(fetch(config).await, (b"[]".to_vec(), Ok(())));
}

#[tokio::test]
async fn a_silent_server_runs_into_the_first_byte_deadline() {
    for sent in ["", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n"] {
        let server = Server::start(sent, End::Hold).await;
        let mut config = server.config();
        config.timeouts = Timeouts {
            first_byte: TINY,
            ..timeouts()
        };
        let url = format!("{}?since={SINCE_SENT}", server.url());
        let expected = error(format!("no answer within 50 ms from {url}"), true);
        assert_eq!(failure(config).await, expected);
    }
}

#[tokio::test]
async fn an_answer_that_falls_silent_is_stalled() {
    let server = Server::start(
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{\"id\":",
        End::Hold,
    )
    .await;
    let mut config = server.config();
    config.timeouts = Timeouts {
        idle: TINY,
        ..timeouts()
    };
    let message = format!(
        "answer stalled for 50 ms after 7 bytes from {}",
        server.url()
    );
    assert_eq!(
        fetch(config).await,
        (b"[{\"id\":".to_vec(), Err(error(message, true)))
    );
}

#[tokio::test]
async fn a_slow_answer_runs_into_the_total_deadline() {
    let server = Server::start("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[", End::Hold).await;
    let mut config = server.config();
    config.timeouts = Timeouts {
        total: 4 * TINY,
        ..timeouts()
    };
    let error = failure(config).await;
    assert!(
        error.message.starts_with("answer too slow: 1 bytes in "),
        "{error}"
    );
    assert!(
        error.message.ends_with("and below 256 KiB/s at the end"),
        "{error}"
    );
    assert!(error.transient);
}

#[tokio::test]
async fn a_connection_that_ends_early_cuts_the_answer() {
    for sent in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[1,2",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n[1,2\r\n",
    ] {
        let server = Server::start(sent, End::Close).await;
        let message = format!("answer cut after 4 bytes from {}", server.url());
        let expected = (b"[1,2".to_vec(), Err(error(message, true)));
        assert_eq!(fetch(server.config()).await, expected);
    }
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    for sent in ["", "SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 2"] {
        let server = Server::start(sent, End::Close).await;
        let error = failure(server.config()).await;
        let expected = format!("no answer from {}: ", server.address);
        assert!(error.message.starts_with(&expected), "{error}");
        assert!(error.transient);
    }
}

#[tokio::test]
async fn gzip_is_unpacked() {
    let plain: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let (first, second) = plain.split_at(300_000);
    let members = [gzip(first), gzip(second)].concat();
    for (packed, label) in [(gzip(&plain), "gzip"), (members, "X-GZIP")] {
        let headers = format!("content-encoding: {label}\r\n");
        let server = Server::start(answer(&headers, &packed), End::Hold).await;
        let (received, end) = fetch(server.config()).await;
        assert_eq!(end, Ok(()));
        assert!(received == plain, "{} bytes", received.len());
    }
}

#[tokio::test]
async fn encodings_that_were_not_asked_for_are_refused_by_name() {
    for (label, shown) in [
        ("br", "br"),
        ("deflate", "deflate"),
        ("gzip, gzip", "gzip, gzip"),
        ("GZIP\r\ncontent-encoding: zstd", "gzip, zstd"),
    ] {
        let headers = format!("content-encoding: {label}\r\n");
        let server = Server::start(answer(&headers, b"xx"), End::Hold).await;
        let url = format!("{}?since={SINCE_SENT}", server.url());
        let message =
            format!("refused content encoding '{shown}' for url '{url}': only gzip is unpacked");
        assert_eq!(failure(server.config()).await, error(message, false));
    }
}

#[tokio::test]
async fn damaged_and_cut_gzip_is_an_error() {
    let packed = gzip(b"[{\"id\":\"one\"},{\"id\":\"two\"}]");
    let length = packed.len();
    let mut bodies: Vec<Vec<u8>> = [5, length / 2, length - 9, length - 1]
        .iter()
        .map(|kept| packed[..*kept].to_vec())
        .collect();
    let mut damaged = packed.clone();
    damaged[length - 8] ^= 1;
    bodies.push(damaged);
    bodies.push(b"[not gzip at all]".to_vec());
    for body in bodies {
        let server = Server::start(answer("content-encoding: gzip\r\n", &body), End::Hold).await;
        let message = format!(
            "answer from {} is not valid gzip after {} bytes: it is cut or damaged",
            server.url(),
            body.len()
        );
        assert_eq!(failure(server.config()).await, error(message, true));
    }
}

#[tokio::test]
async fn a_gzip_bomb_is_stopped_early() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let server = Server::start(answer("content-encoding: gzip\r\n", &bomb), End::Hold).await;
    let trusted = HttpPollConfig {
        ratio_max: 1_032,
        ..server.config()
    };
    let (received, end) = fetch(trusted).await;
    assert_eq!((received.len(), end), (64 << 20, Ok(())));
    let (received, end) = fetch(server.config()).await;
    let error = end.unwrap_err();
    let expected = format!(
        "answer from {} unpacks to more than 100 times its size",
        server.url()
    );
    assert!(error.message.starts_with(&expected), "{error}");
    assert!(!error.transient);
    assert!(received.len() <= 1 << 20, "{}", received.len());
}

#[tokio::test]
async fn a_small_answer_may_pack_as_well_as_it_can() {
    let plain = vec![b' '; 1 << 20];
    let packed = gzip(&plain);
    assert!(packed.len() * 100 < plain.len());
    let server = Server::start(answer("content-encoding: gzip\r\n", &packed), End::Hold).await;
    let (received, end) = fetch(server.config()).await;
    assert_eq!((received.len(), end), (plain.len(), Ok(())));
}

#[tokio::test]
async fn an_answer_at_the_limit_passes_and_one_byte_more_does_not() {
    let plain: Vec<u8> = (0..=255_u8).cycle().take(10_000).collect();
    for packed in [false, true] {
        let (headers, body) = if packed {
            ("content-encoding: gzip\r\n", gzip(&plain))
        } else {
            ("", plain.clone())
        };
        let server = Server::start(answer(headers, &body), End::Hold).await;
        for (max, fits) in [(10_000, true), (9_999, false), (1_000, false)] {
            let mut config = server.config();
            config.answer_bytes_max = max;
            let (received, end) = fetch(config).await;
            if fits {
                assert_eq!((received.len(), end), (10_000, Ok(())));
                continue;
            }
            let error = end.unwrap_err();
            let expected = format!("answer from {} is longer than {max} bytes", server.url());
            assert!(error.message.starts_with(&expected), "{error}");
            assert!(!error.transient);
            assert!(received.len() as u64 <= max);
        }
    }
}

#[test]
fn one_step_of_the_worst_gzip_gives_no_more_than_is_allowed() {
    // What deflate holds back of one step comes with the next.
    let held_back = 16 << 10;
    for most in [64 << 10, UNDECODED_BYTES_MAX] {
        for bytes in [most, most + 1, most * 10] {
            let mut wire = Bytes::from(gzip(&vec![0; usize::try_from(bytes).unwrap()]));
            let mut unpacker = gzip::Unpacker::new(most);
            let (mut whole, mut largest) = (0, 0);
            while !wire.is_empty() {
                let step = unpacker.step(&mut wire).unwrap().len() as u64;
                (whole, largest) = (whole + step, largest.max(step));
            }
            whole += unpacker.finish().unwrap().len() as u64;
            assert_eq!(whole, bytes);
            assert!(largest <= most + held_back, "{largest} of {bytes}");
        }
    }
}

#[test]
fn an_answer_unpacks_to_at_most_so_many_times_its_size() {
    let free = RATIO_FREE_BYTES;
    for ratio in [2, RATIO_MAX, 1_032] {
        for (wire, unpacked, expected) in [
            // What is small may pack as well as it likes.
            (1, free, false),
            (1, free + 1, true),
            (1, free * 10, true),
            (free, free * ratio, false),
            (free, free * ratio + 1, true),
            (free, free * ratio * 10, true),
        ] {
            let got = is_bomb(unpacked, wire, ratio);
            assert_eq!(got, expected, "{wire} to {unpacked}");
        }
    }
}

#[test]
fn settings_that_cannot_work_are_refused_with_the_key() {
    let check = |config: HttpPollConfig, expected: &str| {
        let error = HttpPoll::new(config, Arc::new(FixedClock)).err().unwrap();
        assert_eq!(error.to_string(), expected);
    };
    let with_url = |url: &str| HttpPollConfig {
        url: url.to_owned(),
        ..HttpPollConfig::default()
    };
    let fine = || with_url("http://127.0.0.1:8001/alerts");
    check(
        with_url("alerts"),
        "`url` is not valid: relative URL without a base",
    );
    check(
        with_url("ftp://127.0.0.1/"),
        "`url` must begin with http:// or https://, not ftp://",
    );
    check(
        with_url("http://me:pw@127.0.0.1/"),
        "`url` must not hold a user or password: use `auth`",
    );
    check(
        with_url("http://127.0.0.1/?since=1"),
        "`url` already has the parameter `since`: remove it, it is set for each request",
    );
    check(
        HttpPollConfig {
            since_parameter: String::new(),
            ..fine()
        },
        "`since_parameter` must not be empty",
    );
    for text in [
        "127.0.0.1",
        ":80",
        "host:",
        "host:0",
        "host:99999",
        "::1:80",
        "http://host:80",
    ] {
        let expected =
            format!("`allow_private` must be host:port, such as 127.0.0.1:8001, not `{text}`");
        let allow_private = Some(text.to_owned());
        check(
            HttpPollConfig {
                allow_private,
                ..fine()
            },
            &expected,
        );
    }
}

#[test]
fn credentials_that_cannot_be_sent_are_refused() {
    let check = |config: HttpPollConfig, expected: &str| {
        let error = HttpPoll::new(config, Arc::new(FixedClock)).err().unwrap();
        assert_eq!(error.to_string(), expected);
    };
    let with_auth = |auth: Auth| HttpPollConfig {
        url: "http://127.0.0.1:8001/alerts".to_owned(),
        auth: Some(auth),
        ..HttpPollConfig::default()
    };
    let secret = |text: &str| Secret::new(text.to_owned());
    let header = |name: &str, value: &str| Auth::Header {
        name: name.to_owned(),
        value: secret(value),
    };
    let unsendable =
        "the secret of `auth` holds characters that no header can carry, such as a line end";
    check(with_auth(Auth::Bearer(secret("a\nb"))), unsendable);
    check(with_auth(header("x-key", "a\nb")), unsendable);
    check(
        with_auth(header("x key", "v")),
        "`auth` cannot use the header `x key`",
    );
    check(
        with_auth(header("Host", "v")),
        "`auth` cannot use the header `Host`",
    );
    check(
        with_auth(Auth::Basic {
            user: "a:b".to_owned(),
            password: secret("p"),
        }),
        "the user of `auth` must not hold a colon",
    );
}
