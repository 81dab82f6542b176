//! The mock over real sockets.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::Clock;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

const NOW: &str = "2026-11-23T09:26:09.618Z";

/// A clock that tests move.
struct Hand(AtomicI64);

impl Hand {
    fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000_000, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(Ordering::SeqCst))
    }
}

struct Running {
    address: SocketAddr,
    clock: Arc<Hand>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), MockError>>,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn records(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json().as_array().unwrap().clone()
    }
}

fn quick() -> MockConfig {
    MockConfig {
        failure_rate: 0.0,
        delay: Duration::ZERO,
        seed: Some(7),
        ..MockConfig::default()
    }
}

async fn start(config: MockConfig) -> Running {
    let starts = config.check().is_ok();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let now = Timestamp::parse(NOW).unwrap().nanos();
    let clock = Arc::new(Hand(AtomicI64::new(now)));
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        // Dropping the sender stops the mock as well.
        drop(stopped.await);
    };
    let task = tokio::spawn(serve(
        listener,
        config,
        Arc::clone(&clock) as Arc<dyn Clock>,
        shutdown,
    ));
    let running = Running {
        address,
        clock,
        stop: Some(stop),
        task,
    };
    if starts {
        // Once it answers, it has looked at the clock.
        running.get("/config").await;
    }
    running
}

impl Running {
    async fn send(&self, request: &str) -> Answer {
        let (head, body) = self.raw(request).await;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = if head.contains("transfer-encoding: chunked") {
            unchunked(&body)
        } else {
            body
        };
        Answer { status, head, body }
    }

    async fn raw(&self, request: &str) -> (String, String) {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        socket.read_to_end(&mut received).await.unwrap();
        let received = String::from_utf8(received).unwrap();
        let (head, body) = received.split_once("\r\n\r\n").unwrap();
        (head.to_owned() + "\r\n", body.to_owned())
    }

    async fn get(&self, target: &str) -> Answer {
        self.method("GET", target).await
    }

    async fn method(&self, method: &str, target: &str) -> Answer {
        let request =
            format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        self.send(&request).await
    }

    async fn post(&self, headers: &str, body: &str) -> Answer {
        let request = format!(
            "POST /config HTTP/1.1\r\nhost: 127.0.0.1:8001\r\nconnection: close\r\n{headers}\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.send(&request).await
    }

    /// The truth by source and id, and its summary.
    async fn truth(&self) -> (BTreeMap<(String, String), Value>, Value) {
        let answer = self.get("/truth").await;
        let mut lines: Vec<Value> = answer
            .body
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let summary = lines.pop().unwrap()["summary"].clone();
        assert_eq!(summary["alerts"], lines.len());
        let count = lines.len();
        let alerts: BTreeMap<_, _> = lines.into_iter().map(|line| (key(&line), line)).collect();
        assert_eq!(alerts.len(), count, "each alert has one line");
        (alerts, summary)
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}

fn key(record: &Value) -> (String, String) {
    let id = record.get("id").or(record.get("alertId")).unwrap();
    (text(&record["source"]), text(id))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn time(record: &Value) -> Timestamp {
    let time = record
        .get("created_at")
        .or(record.get("timestamp"))
        .unwrap();
    Timestamp::parse(time.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn fresh_alerts_are_sent_as_recorded() {
    let mock = start(MockConfig {
        seed: None,
        ..quick()
    })
    .await;
    let answer = mock.get("/alerts?since=garbage").await;
    assert!(
        answer.head.contains("content-type: application/json\r\n"),
        "{}",
        answer.head
    );
    assert!(
        answer
            .head
            .contains(&format!("content-length: {}\r\n", answer.body.len()))
    );
    let records = answer.records();
    assert!((1..=5).contains(&records.len()));
    for (index, record) in records.iter().enumerate() {
        assert_eq!(key(record).1, format!("alert-1795425969-{index}"));
        assert!(time(record).since(mock.clock.now()) < Duration::from_millis(1));
    }
}

#[tokio::test]
async fn identifiers_never_repeat_within_one_second() {
    for seed in [None, Some(7)] {
        let mock = start(MockConfig { seed, ..quick() }).await;
        let mut seen = HashSet::new();
        for _ in 0..20 {
            for record in mock.get("/alerts").await.records() {
                assert!(seen.insert(key(&record).1), "{record}");
            }
        }
    }
}

#[tokio::test]
async fn a_seed_tells_the_same_story_at_another_time() {
    let tell = async |seed: u64, later_s: i64| {
        let mock = start(MockConfig {
            seed: Some(seed),
            failure_rate: 0.3,
            malformed: 0.2,
            duplicate: 0.2,
            updated: 0.2,
            ..quick()
        })
        .await;
        mock.clock.forward(later_s);
        let mut story = Vec::new();
        for _ in 0..30 {
            let answer = mock.get("/alerts").await;
            // Everything but the times is the same.
            let records = answer
                .json()
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default()
                .to_vec();
            let plain: Vec<Value> = records
                .into_iter()
                .map(|mut record| {
                    if let Some(record) = record.as_object_mut() {
                        record.remove("created_at");
                        record.remove("timestamp");
                    }
                    record
                })
                .collect();
            story.push((answer.status, plain));
        }
        story
    };
    let first = tell(1, 0).await;
    assert_eq!(first, tell(1, 86_400).await);
    assert_ne!(first, tell(2, 0).await);
    assert!(first.iter().any(|(status, _)| *status == 500));
}

#[tokio::test]
async fn a_failure_is_sent_as_recorded() {
    let mock = start(MockConfig {
        failure_rate: 1.0,
        ..quick()
    })
    .await;
    let answer = mock.get("/alerts").await;
    assert_eq!(answer.status, 500);
    assert_eq!(
        answer.body,
        r#"{"detail":"Internal Server Error (Simulated)"}"#
    );
    assert!(answer.head.contains("content-type: application/json\r\n"));
}

#[tokio::test]
async fn failures_come_at_their_rate() {
    let mock = start(MockConfig {
        failure_rate: 0.2,
        ..quick()
    })
    .await;
    let mut failed = 0;
    for _ in 0..200 {
        failed += u32::from(mock.get("/alerts").await.status == 500);
    }
    assert!((25..=55).contains(&failed), "{failed} of 200");
}

#[tokio::test]
async fn a_pattern_repeats() {
    let mock = start(MockConfig {
        pattern: Some("ok,500,429,404".to_owned()),
        failure_rate: 1.0,
        retry_after: Duration::from_millis(1_500),
        ..quick()
    })
    .await;
    for status in [200, 500, 429, 404, 200, 500] {
        let answer = mock.get("/alerts").await;
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.head.contains("retry-after: 2\r\n"),
            status == 429,
            "{}",
            answer.head
        );
    }
}

#[tokio::test]
async fn a_cut_answer_breaks_off_and_is_uncertain() {
    let mock = start(MockConfig {
        pattern: Some("cut,ok".to_owned()),
        ..quick()
    })
    .await;
    let cut = mock.get("/alerts").await;
    assert_eq!(cut.status, 200);
    assert!(
        !cut.head
            .contains(&format!("content-length: {}\r\n", cut.body.len()))
    );
    assert!(
        serde_json::from_str::<Value>(&cut.body).is_err(),
        "{}",
        cut.body
    );
    let whole = mock.get("/alerts").await.records();
    let (alerts, summary) = mock.truth().await;
    assert_eq!(alerts.len(), whole.len());
    assert!(!summary["uncertain"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn the_rate_limit_says_when_to_come_back() {
    let window = Duration::from_secs(10);
    let mock = start(MockConfig {
        rate_limit: Some(RateLimit {
            requests: 2,
            window,
        }),
        ..quick()
    })
    .await;
    let status = async || mock.get("/alerts").await.status;
    assert_eq!((status().await, status().await), (200, 200));
    mock.clock.forward(4);
    let limited = mock.get("/alerts").await;
    assert_eq!(limited.status, 429);
    assert!(
        limited.head.contains("retry-after: 6\r\n"),
        "{}",
        limited.head
    );
    assert_eq!(
        limited.body,
        r#"{"detail":"Too Many Requests (Simulated)"}"#
    );
    mock.clock.forward(6);
    assert_eq!(
        (status().await, status().await, status().await),
        (200, 200, 429)
    );
}

#[tokio::test]
async fn the_dial_is_read_and_turned() {
    let mock = start(MockConfig {
        failure_rate: 0.2,
        ..quick()
    })
    .await;
    assert_eq!(mock.get("/config").await.body, r#"{"failure_rate":0.2}"#);
    let json = "content-type: application/json\r\n";
    let answer = mock.post(json, r#"{"failure_rate":1}"#).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        r#"{"message":"Config updated","config":{"failure_rate":1.0}}"#
    );
    assert_eq!(mock.get("/alerts").await.status, 500);
    let refused = mock.post(json, r#"{"failure_rate":1.5}"#).await;
    assert_eq!((refused.status, refused.body.len()), (422, 146));
    let broken = mock.post(json, r#"{"failure_rate":NaN}"#).await;
    assert_eq!(
        (broken.status, broken.body.as_str()),
        (500, "Internal Server Error")
    );
    assert!(
        broken
            .head
            .contains("content-type: text/plain; charset=utf-8\r\n")
    );
    assert_eq!(mock.get("/config").await.body, r#"{"failure_rate":1.0}"#);
}

#[tokio::test]
async fn a_body_at_the_limit_is_read_and_a_longer_one_is_not() {
    let mock = start(quick()).await;
    let json = "content-type: application/json\r\n";
    let padded = |bytes: usize| format!("{{{}}}", " ".repeat(bytes - 2));
    assert_eq!(mock.post(json, &padded(64 << 10)).await.status, 200);
    assert_eq!(mock.post(json, &padded((64 << 10) + 1)).await.status, 413);
}

#[tokio::test]
async fn pages_of_other_sites_are_kept_out() {
    let mock = start(MockConfig {
        hosts: vec!["mock-api".to_owned()],
        ..quick()
    })
    .await;
    let with_host = async |host: &str| {
        let request = format!("GET /config HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        mock.send(&request).await.status
    };
    assert_eq!(with_host("127.0.0.1:8001").await, 200);
    assert_eq!(with_host("mock-api:8000").await, 200);
    assert_eq!(with_host("evil.example").await, 403);
    let json = "content-type: application/json\r\n";
    let foreign = format!("{json}origin: http://evil.example\r\n");
    let refused = mock.post(&foreign, "{}").await;
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (403, r#"{"detail":"Origin not allowed"}"#)
    );
    let own = format!("{json}origin: http://127.0.0.1:8000\r\n");
    assert_eq!(mock.post(&own, "{}").await.status, 200);
}

#[tokio::test]
async fn other_methods_and_paths_are_refused_as_recorded() {
    let mock = start(quick()).await;
    for (method, path, allowed) in [
        ("DELETE", "/config", "POST"),
        ("PUT", "/config", "POST"),
        ("POST", "/alerts", "GET"),
        ("OPTIONS", "/alerts", "GET"),
    ] {
        let answer = mock.method(method, path).await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.body, r#"{"detail":"Method Not Allowed"}"#);
        assert!(
            answer.head.contains(&format!("allow: {allowed}\r\n")),
            "{}",
            answer.head
        );
    }
    assert_eq!(mock.method("HEAD", "/alerts").await.status, 405);
    let answer = mock.get("/nope").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (404, r#"{"detail":"Not Found"}"#)
    );
}

#[tokio::test]
async fn the_documents_are_served() {
    let mock = start(quick()).await;
    let docs = mock.get("/docs").await;
    assert!(
        docs.head
            .contains("content-type: text/html; charset=utf-8\r\n")
    );
    assert!(docs.body.contains("Mock Upstream API"));
    assert_eq!(
        mock.get("/openapi.json").await.json()["info"]["title"],
        "Mock Upstream API"
    );
}

#[tokio::test]
async fn a_waiting_request_does_not_hold_up_others() {
    let mock = start(MockConfig {
        delay: Duration::from_hours(24),
        ..quick()
    })
    .await;
    let mut waiting = TcpStream::connect(mock.address).await.unwrap();
    waiting
        .write_all(b"GET /alerts HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(mock.get("/config").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn every_answer_takes_the_delay() {
    let mock = start(MockConfig {
        delay: Duration::from_secs(3),
        ..quick()
    })
    .await;
    let begun = tokio::time::Instant::now();
    mock.get("/alerts").await.records();
    assert!(begun.elapsed() >= Duration::from_secs(3));
}

#[tokio::test]
async fn an_honest_mock_gives_everything_in_pages_by_time() {
    for since_exclusive in [false, true] {
        let mock = start(MockConfig {
            honest: true,
            since_exclusive,
            rate: 10.0,
            page_size: 7,
            late: 0.2,
            ..quick()
        })
        .await;
        mock.clock.forward(10);
        let mut since = "1970-01-01T00:00:00Z".to_owned();
        let mut had = BTreeMap::new();
        loop {
            let target = format!("/alerts?since={}", since.replace('+', "%2B"));
            let page = mock.get(&target).await.records();
            assert!(page.len() <= 7);
            assert!(page.is_sorted_by_key(time));
            let newest = page.last().map(|last| time(last).to_exact());
            let before = had.len();
            had.extend(page.into_iter().map(|record| (key(&record), record)));
            match newest {
                Some(newest) if had.len() > before => since = newest,
                _ => break,
            }
        }
        let (alerts, _) = mock.truth().await;
        assert_eq!(alerts.len(), 100);
        assert!(had.keys().eq(alerts.keys()));
        let target = format!("/alerts?since={}", since.replace('+', "%2B"));
        assert_eq!(
            mock.get(&target).await.records().len(),
            usize::from(!since_exclusive)
        );
    }
}

#[tokio::test]
async fn an_honest_mock_takes_every_form_of_instant() {
    let mock = start(MockConfig {
        honest: true,
        rate: 1.0,
        ..quick()
    })
    .await;
    mock.clock.forward(10);
    assert_eq!(mock.get("/alerts").await.records().len(), 10);
    for since in ["1795425974", "1795425974000", "2026-11-23T09:26:14Z"] {
        let page = mock.get(&format!("/alerts?since={since}")).await.records();
        assert_eq!(page.len(), 6, "{since}");
    }
    let refused = mock.get("/alerts?since=garbage").await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["detail"][0]["input"], "garbage");
}

#[tokio::test]
async fn late_and_future_records_come_at_their_shares() {
    let mock = start(MockConfig {
        late: 0.3,
        future: 0.3,
        ..quick()
    })
    .await;
    let (mut late, mut future, mut fresh) = (0, 0, 0);
    for _ in 0..100 {
        for record in mock.get("/alerts").await.records() {
            let (at, now) = (time(&record), mock.clock.now());
            if at.plus(Duration::from_secs(9)) < now {
                late += 1;
            } else if at.minus(Duration::from_secs(3_599)) > now {
                future += 1;
            } else {
                fresh += 1;
            }
        }
    }
    for count in [late, future, fresh] {
        assert!(
            (60..=160).contains(&count),
            "{late} late, {future} future, {fresh} fresh"
        );
    }
}

#[tokio::test]
async fn the_truth_is_what_was_sent_with_its_newest_content() {
    let mock = start(MockConfig {
        failure_rate: 0.3,
        malformed: 0.2,
        duplicate: 0.2,
        updated: 0.2,
        ..quick()
    })
    .await;
    let (mut newest, mut malformed) = (BTreeMap::new(), HashSet::new());
    let (mut repeats, mut raised) = (0, 0);
    let (shown, _) = mock.truth().await;
    assert!(shown.is_empty());
    for _ in 0..60 {
        let answer = mock.get("/alerts").await;
        if answer.status == 500 {
            continue;
        }
        for record in answer.records() {
            let Some(description) = sound(&record) else {
                malformed.insert(record.to_string());
                continue;
            };
            match newest.insert(key(&record), description.clone()) {
                Some(before) if before == description => repeats += 1,
                Some(_) => raised += 1,
                None => {}
            }
        }
    }
    assert!(
        repeats > 5 && raised > 5,
        "{repeats} repeats, {raised} raised"
    );
    let (alerts, summary) = mock.truth().await;
    let truth: BTreeMap<_, _> = alerts
        .into_iter()
        .map(|(key, line)| (key, text(&line["description"])))
        .collect();
    assert_eq!(truth, newest);
    assert_eq!(summary["malformed"], malformed.len());
    let raw: HashSet<String> = summary["malformed_raw"]
        .as_array()
        .unwrap()
        .iter()
        .map(|raw| {
            serde_json::from_str::<Value>(raw.as_str().unwrap())
                .unwrap()
                .to_string()
        })
        .collect();
    assert_eq!(raw, malformed);
}

/// The description of a record that a client can take.
fn sound(record: &Value) -> Option<String> {
    let at = |name: &str, other: &str| {
        let value = record.get(name).or(record.get(other));
        value.and_then(Value::as_str).map(str::to_owned)
    };
    at("id", "alertId")?;
    Timestamp::parse(&at("created_at", "timestamp")?)?;
    at("src_ip", "sourceAddress")?
        .parse::<std::net::Ipv4Addr>()
        .ok()?;
    if at("source", "")? == "toaster" {
        return None;
    }
    let is_legacy = record.get("criticality").is_some_and(Value::is_i64);
    let is_standard = record.get("severity").is_some_and(Value::is_string);
    (is_legacy || is_standard)
        .then(|| at("description", "summary"))
        .flatten()
}

#[tokio::test]
async fn a_bulk_page_is_sent_once() {
    let mock = start(MockConfig {
        bulk: Some(3_000),
        failure_rate: 1.0,
        ..quick()
    })
    .await;
    assert!(mock.truth().await.0.is_empty());
    let answer = mock.get("/alerts").await;
    assert!(
        answer
            .head
            .contains(&format!("content-length: {}\r\n", answer.body.len()))
    );
    let records = answer.records();
    assert_eq!(records.len(), 3_000);
    assert_eq!(
        records
            .iter()
            .filter(|record| record.get("alertId").is_some())
            .count(),
        1_500
    );
    assert!(records.iter().all(|record| time(record) < mock.clock.now()));
    let bytes = answer.body.len() / records.len();
    assert!((250..=275).contains(&bytes), "{bytes} bytes an alert");
    assert_eq!(mock.get("/alerts").await.body, "[]");
    let (alerts, _) = mock.truth().await;
    let sent: BTreeSet<_> = records.iter().map(key).collect();
    assert!(alerts.keys().eq(&sent));
}

#[tokio::test]
async fn settings_that_make_no_sense_do_not_start() {
    let mock = start(MockConfig {
        late: 2.0,
        ..quick()
    })
    .await;
    let error = mock.task.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "`late` must be from 0 to 1, not 2");
}

#[tokio::test]
async fn it_stops_when_told() {
    let mut mock = start(quick()).await;
    assert_eq!(mock.get("/config").await.status, 200);
    drop(mock.stop.take());
    mock.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_dials_of_a_running_mock_are_read_and_turned() {
    use cresset_connectors::sources::MockDials;
    use cresset_model::ports::{ChaosDials as _, Dials};

    let mock = start(quick()).await;
    let target = mock.address.to_string();
    let url = format!("http://{target}/config");
    let dials = MockDials::new(&url, Some(&target)).unwrap();
    let expected = Dials {
        failure_rate: Some(0.0),
        delay: Some(Duration::ZERO),
        malformed: Some(0.0),
    };
    assert_eq!(dials.read().await.unwrap(), expected);
    let malformed = Dials {
        malformed: Some(1.0),
        ..Dials::default()
    };
    dials.set(malformed).await.unwrap();
    let turned = Dials {
        malformed: Some(1.0),
        ..expected
    };
    assert_eq!(
        dials.read().await.unwrap(),
        turned,
        "the others stand as they stood"
    );
    assert_eq!(mock.get("/alerts").await.status, 200);
    let failing = Dials {
        failure_rate: Some(1.0),
        delay: Some(Duration::from_millis(1)),
        malformed: None,
    };
    dials.set(failing).await.unwrap();
    assert_eq!(mock.get("/alerts").await.status, 500);
    assert_eq!(mock.get("/config").await.body, "{\"failure_rate\":1.0}");
    let wrong = Dials {
        failure_rate: Some(2.0),
        ..Dials::default()
    };
    let error = dials.set(wrong).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("/config answered 422 Unprocessable Entity"),
        "{error}"
    );
}
