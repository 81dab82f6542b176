//! The mock over real sockets, asked by the real client.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cresset_connectors::lookups::{GeoHttp, GeoHttpConfig};
use cresset_model::Timestamp;
use cresset_model::ports::{Answers, Clock, GeoAnswer, Lookup};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-11-23T09:00:00Z").unwrap()
    }
}

struct Running {
    address: SocketAddr,
    task: JoinHandle<Result<(), MockGeoError>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn quick() -> MockGeoConfig {
    MockGeoConfig {
        delay: Duration::ZERO,
        ..MockGeoConfig::default()
    }
}

async fn start(config: MockGeoConfig) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(serve(listener, config, std::future::pending()));
    Running { address, task }
}

impl Running {
    fn client(&self) -> GeoHttp {
        let config = GeoHttpConfig {
            url: format!("http://{}", self.address),
            allow_private: Some(self.address.to_string()),
            ..GeoHttpConfig::default()
        };
        GeoHttp::new(config, Arc::new(FixedClock)).unwrap()
    }

    async fn send(&self, request: &str) -> String {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut received = String::new();
        socket.read_to_string(&mut received).await.unwrap();
        received
    }

    async fn get(&self, path: &str) -> String {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        ))
        .await
    }
}

fn ips(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn members<'a>(answers: &'a Answers, address: &str) -> Option<&'a str> {
    match &answers.geo[&address.parse().unwrap()] {
        GeoAnswer::Known(fragment) => Some(&fragment.members),
        GeoAnswer::Unknown => None,
    }
}

#[tokio::test]
async fn the_client_learns_places_one_by_one_and_in_batches() {
    let running = start(quick()).await;
    let one = running.client().answer(ips(&["24.48.0.1"])).await;
    let place = members(&one, "24.48.0.1").unwrap().to_owned();
    assert!(place.starts_with("\"country\":\""), "{place}");
    for name in ["\"regionName\":", "\"city\":", "\"lat\":", "\"lon\":"] {
        assert!(place.contains(name), "{place}");
    }
    let addresses = ips(&["24.48.0.1", "9.9.9.9", "10.0.0.1", "2600::1"]);
    let many = running.client().answer(addresses).await;
    assert_eq!(members(&many, "24.48.0.1"), Some(place.as_str()));
    assert!(members(&many, "9.9.9.9").is_some() && members(&many, "2600::1").is_some());
    assert_eq!(members(&many, "10.0.0.1"), None);
}

#[tokio::test]
async fn the_limit_is_told_and_kept_and_the_client_obeys_it() {
    let config = MockGeoConfig {
        rate_limit_per_minute: 2,
        ..quick()
    };
    let running = start(config).await;
    let client = running.client();
    for (address, known) in [("8.8.8.8", true), ("9.9.9.9", true), ("1.1.1.1", false)] {
        let answers = client.answer(ips(&[address])).await;
        assert_eq!(members(&answers, address).is_some(), known, "{address}");
    }
    let refused = running.get("/json/8.8.8.8").await;
    assert!(
        refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n"),
        "{refused}"
    );
    for header in [
        "x-rl: 0\r\n",
        "x-ttl: ",
        "access-control-allow-origin: *\r\n",
    ] {
        assert!(refused.contains(header), "{header} {refused}");
    }
}

#[tokio::test]
async fn answers_carry_the_headers_of_the_service() {
    let running = start(quick()).await;
    let answer = running.get("/json/10.0.0.1?fields=status,message").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    for header in [
        "x-rl: 44\r\n",
        "x-ttl: ",
        "content-type: application/json; charset=utf-8\r\n",
    ] {
        assert!(answer.contains(header), "{header} {answer}");
    }
    assert!(
        answer.ends_with("\r\n\r\n{\"status\":\"fail\",\"message\":\"private range\"}"),
        "{answer}"
    );
    assert!(running.get("/other").await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn failures_are_spread_evenly() {
    let config = MockGeoConfig {
        failure_rate: 0.25,
        rate_limit_per_minute: 0,
        ..quick()
    };
    let running = start(config).await;
    let mut failed = Vec::new();
    for number in 1..=8 {
        let answer = running.get("/json/8.8.8.8").await;
        assert!(!answer.contains("x-rl"), "{answer}");
        if answer.starts_with("HTTP/1.1 503 ") {
            failed.push(number);
        }
    }
    assert_eq!(failed, [4, 8]);
}

#[tokio::test]
async fn a_batch_at_the_limit_is_answered_and_a_longer_one_is_not() {
    let running = start(quick()).await;
    let post = async |body: String| {
        let length = body.len();
        let head = "POST /batch?fields=query HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
        running
            .send(&format!("{head}content-length: {length}\r\n\r\n{body}"))
            .await
    };
    let batch = |count: usize| format!("[{}]", vec!["{\"query\":\"8.8.8.8\"}"; count].join(","));
    let answer = post(batch(100)).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(answer.matches("8.8.8.8").count(), 100);
    assert!(post(batch(101)).await.starts_with("HTTP/1.1 422 "));
    assert!(post("{}".to_owned()).await.starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = MockGeoConfig {
        failure_rate: 1.5,
        ..quick()
    };
    let error = serve(listener, config, std::future::ready(()))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`failure_rate` must be from 0 to 1, not 1.5"
    );
}
