//! Against real sockets on the loopback interface.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::{Answers, Clock, GeoAnswer, Lookup};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A clock that tests move.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Gives prepared answers, one for each connection; when there is none left, it stays silent.
struct Service {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    clock: Arc<Hand>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Service {
    async fn start(answers: &[String]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let mut answers: VecDeque<String> = answers.iter().cloned().collect();
        let task = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut buffer = vec![0; 16 << 10];
                let read = socket.read(&mut buffer).await.unwrap();
                let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
                seen.lock().unwrap().push(request);
                match answers.pop_front() {
                    Some(answer) => socket.write_all(answer.as_bytes()).await.unwrap(),
                    None => held.push(socket),
                }
            }
        });
        Self {
            address,
            requests,
            clock: Arc::new(Hand(AtomicI64::new(1_000))),
            task,
        }
    }

    fn config(&self) -> GeoHttpConfig {
        GeoHttpConfig {
            url: format!("http://{}", self.address),
            allow_private: Some(self.address.to_string()),
            ..GeoHttpConfig::default()
        }
    }

    fn lookup(&self, config: GeoHttpConfig) -> GeoHttp {
        GeoHttp::new(config, Arc::clone(&self.clock) as Arc<dyn Clock>).unwrap()
    }

    fn later(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

fn answer(headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
}

fn place(address: &str, city: &str) -> String {
    format!(
        "{{\"query\":\"{address}\",\"status\":\"success\",\"country\":\"Canada\",\"countryCode\":\"CA\",\
         \"regionName\":\"Quebec\",\"city\":\"{city}\",\"lat\":45.6085,\"lon\":-73.5493}}"
    )
}

fn members(address: &str, city: &str) -> (String, Option<String>) {
    let members = format!(
        "\"country\":\"Canada\",\"regionName\":\"Quebec\",\"city\":\"{city}\",\"lat\":45.6085,\
         \"lon\":-73.5493"
    );
    (address.to_owned(), Some(members))
}

fn ips(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// What was answered, in the order of the addresses; `None` for unknown.
fn said(answers: &Answers) -> Vec<(String, Option<String>)> {
    let mut said: Vec<_> = answers
        .geo
        .iter()
        .map(|(address, answer)| {
            let members = match answer {
                GeoAnswer::Known(fragment) => Some(fragment.members.clone()),
                GeoAnswer::Unknown => None,
            };
            (address.to_string(), members)
        })
        .collect();
    said.sort();
    said
}

fn unknown(address: &str) -> (String, Option<String>) {
    (address.to_owned(), None)
}

#[tokio::test]
async fn one_address_is_asked_for_once_until_its_answer_expires() {
    let first = answer("X-Rl: 44\r\nX-Ttl: 60\r\n", &place("24.48.0.1", "Montreal"));
    let second = answer("", &place("24.48.0.1", "Laval"));
    let service = Service::start(&[first, second]).await;
    let mut config = service.config();
    config.url.push_str("/geo/");
    config.key = Some(cresset_model::secret::Secret::new("k&y".to_owned()));
    let lookup = service.lookup(config);
    for _ in 0..3 {
        let answers = lookup.answer(ips(&["24.48.0.1", "24.48.0.1"])).await;
        assert_eq!(said(&answers), [members("24.48.0.1", "Montreal")]);
    }
    assert_eq!(service.asked(), 1);
    let request = service.requests.lock().unwrap()[0].clone();
    let expected = "GET /geo/json/24.48.0.1?fields=status%2Ccountry%2CcountryCode%2CregionName%2Ccity%2C\
                    lat%2Clon%2Cquery&key=k%26y HTTP/1.1\r\n";
    assert!(request.starts_with(expected), "{request}");
    service.later(24 * 3_600);
    let answers = lookup.answer(ips(&["24.48.0.1"])).await;
    assert_eq!(said(&answers), [members("24.48.0.1", "Laval")]);
}

#[tokio::test]
async fn many_are_asked_for_together_and_private_ones_never() {
    let body = format!(
        "[{},{{\"query\":\"9.9.9.9\",\"status\":\"fail\",\"message\":\"reserved range\"}}]",
        place("24.48.0.1", "Montreal")
    );
    let service = Service::start(&[answer("", &body)]).await;
    let lookup = service.lookup(service.config());
    let addresses = ips(&["10.0.0.1", "24.48.0.1", "192.0.2.1", "9.9.9.9", "fe80::1"]);
    for _ in 0..2 {
        let answers = lookup.answer(addresses.clone()).await;
        assert_eq!(
            said(&answers),
            [
                unknown("10.0.0.1"),
                unknown("192.0.2.1"),
                members("24.48.0.1", "Montreal"),
                unknown("9.9.9.9"),
                unknown("fe80::1"),
            ]
        );
    }
    assert_eq!(
        service.asked(),
        1,
        "that an address is unknown is remembered"
    );
    let request = service.requests.lock().unwrap()[0].clone();
    assert!(request.starts_with("POST /batch?fields="), "{request}");
    assert!(
        request.ends_with("[\"24.48.0.1\",\"9.9.9.9\"]"),
        "{request}"
    );
}

#[tokio::test]
async fn more_than_a_batch_is_asked_for_in_batches() {
    let empty = answer("", "[]");
    let single = answer("", &place("8.0.0.100", "Montreal"));
    let service = Service::start(&[empty, single]).await;
    let lookup = service.lookup(service.config());
    let addresses: Vec<IpAddr> = (0..=100)
        .map(|last| IpAddr::V4([8, 0, 0, last].into()))
        .collect();
    assert_eq!(addresses.len(), GEO_BATCH_MAX + 1);
    let answers = lookup.answer(addresses).await;
    assert_eq!(answers.geo.len(), 101);
    let known = said(&answers)
        .into_iter()
        .filter(|(_, members)| members.is_some());
    assert_eq!(
        known.collect::<Vec<_>>(),
        [members("8.0.0.100", "Montreal")]
    );
    assert_eq!(service.asked(), 2);
}

#[tokio::test]
async fn a_service_that_takes_no_batches_is_asked_one_by_one() {
    let answers = [
        answer("", &place("24.48.0.1", "Montreal")),
        answer("", &place("24.48.0.2", "Laval")),
    ];
    let service = Service::start(&answers).await;
    let mut config = service.config();
    config.batch_max = 1;
    let lookup = service.lookup(config);
    let answers = lookup.answer(ips(&["24.48.0.1", "24.48.0.2"])).await;
    assert_eq!(
        said(&answers),
        [
            members("24.48.0.1", "Montreal"),
            members("24.48.0.2", "Laval")
        ]
    );
    let requests = service.requests.lock().unwrap();
    assert!(
        requests
            .iter()
            .all(|request| request.starts_with("GET /json/24.48.0."))
    );
}

#[tokio::test]
async fn when_nothing_remains_of_the_limit_nothing_is_asked_until_its_end() {
    let last = answer("X-Rl: 0\r\nX-Ttl: 30\r\n", &place("24.48.0.1", "Montreal"));
    let next = answer("X-Rl: 44\r\nX-Ttl: 60\r\n", &place("24.48.0.2", "Laval"));
    let service = Service::start(&[last, next]).await;
    let lookup = service.lookup(service.config());
    let ask = async |address: &str| said(&lookup.answer(ips(&[address])).await);
    assert_eq!(ask("24.48.0.1").await, [members("24.48.0.1", "Montreal")]);
    service.later(29);
    assert_eq!(ask("24.48.0.2").await, [unknown("24.48.0.2")]);
    assert_eq!(ask("24.48.0.1").await, [members("24.48.0.1", "Montreal")]);
    assert_eq!(service.asked(), 1);
    service.later(1);
    assert_eq!(ask("24.48.0.2").await, [members("24.48.0.2", "Laval")]);
}

#[tokio::test]
async fn a_refusal_is_obeyed() {
    let refusal = |headers: &str| {
        format!(
            "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nconnection: close\r\n{headers}\r\n"
        )
    };
    for (headers, pause) in [
        ("X-Rl: 0\r\nX-Ttl: 17\r\n", 17),
        ("Retry-After: 21\r\n", 21),
        ("", 60),
        ("X-Ttl: 86400\r\n", 3_600),
    ] {
        let good = answer("", &place("24.48.0.1", "Montreal"));
        let service = Service::start(&[refusal(headers), good]).await;
        let lookup = service.lookup(service.config());
        let ask = async || said(&lookup.answer(ips(&["24.48.0.1"])).await);
        assert_eq!(ask().await, [unknown("24.48.0.1")]);
        service.later(pause - 1);
        assert_eq!(ask().await, [unknown("24.48.0.1")]);
        assert_eq!(service.asked(), 1, "{headers}");
        service.later(1);
        assert_eq!(ask().await, [members("24.48.0.1", "Montreal")], "{headers}");
    }
}

#[tokio::test]
async fn failures_are_unknown_and_followed_by_a_short_pause() {
    let broken = [
        answer("", "<html>"),
        answer("", &"x".repeat(300 << 10)),
        "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            .to_owned(),
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\
         connection: close\r\n\r\n"
            .to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}".to_owned(),
        answer("", &place("9.9.9.9", "Montreal")),
    ];
    let service = Service::start(&broken).await;
    let lookup = service.lookup(service.config());
    let ask = async || said(&lookup.answer(ips(&["24.48.0.1"])).await);
    for times in 1..=broken.len() {
        assert_eq!(ask().await, [unknown("24.48.0.1")]);
        // The last answer is no failure: it only speaks of another address.
        if times < broken.len() {
            assert_eq!(ask().await, [unknown("24.48.0.1")]);
            assert_eq!(service.asked(), times);
            service.later(5);
        }
    }
}

#[tokio::test]
async fn a_silent_service_costs_one_timeout() {
    let service = Service::start(&[]).await;
    let mut config = service.config();
    config.timeout = Duration::from_millis(50);
    let lookup = service.lookup(config);
    let many: Vec<IpAddr> = (0..250)
        .map(|last| IpAddr::V4([8, 0, 0, last].into()))
        .collect();
    let answers = lookup.answer(many).await;
    assert_eq!(answers.geo.len(), 250);
    assert!(said(&answers).iter().all(|(_, members)| members.is_none()));
    assert_eq!(service.asked(), 1, "the other batches are not tried");
}

#[tokio::test]
async fn a_private_service_must_be_allowed() {
    let service = Service::start(&[answer("", &place("24.48.0.1", "Montreal"))]).await;
    let mut config = service.config();
    config.allow_private = None;
    let lookup = service.lookup(config);
    let answers = lookup.answer(ips(&["24.48.0.1"])).await;
    assert_eq!(said(&answers), [unknown("24.48.0.1")]);
    assert_eq!(service.asked(), 0);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let refused = |url: &str, allow: Option<&str>, expected: &str| {
        let config = GeoHttpConfig {
            url: url.to_owned(),
            allow_private: allow.map(str::to_owned),
            ..GeoHttpConfig::default()
        };
        let clock = Arc::new(Hand(AtomicI64::new(0)));
        let error = GeoHttp::new(config, clock).err().unwrap();
        assert_eq!(error.to_string(), expected);
    };
    refused(
        "ip-api.com",
        None,
        "`url` is not valid: relative URL without a base",
    );
    refused(
        "ftp://ip-api.com",
        None,
        "`url` must begin with http:// or https://, not ftp://",
    );
    refused(
        "http://ip-api.com?key=x",
        None,
        "`url` must not hold a user, a query or a fragment",
    );
    refused(
        "http://ip-api.com",
        Some("x"),
        "`allow_private` must be host:port, such as 127.0.0.1:9000, not `x`",
    );
}
