use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::book::{Ask, Book};
use super::cast::Cast;
use super::play::{Ends, Moment, Play};
use super::scenario::{SCENARIOS, Scenario};
use super::wire::Piece;
use super::*;

const NOW: &str = "2026-11-23T09:00:00.5Z";

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::parse(NOW).unwrap()
    }
}

fn play(scenario: &Scenario, seed: u64) -> Play {
    let trap = SocketAddr::from(([127, 0, 0, 1], 9));
    (scenario.play)(&mut Cast::new(seed, FixedClock.now(), trap))
}

/// Every record that a page tells, as text; of what is long only its pieces' lengths.
fn told(pieces: &[Piece]) -> String {
    let shown = pieces.iter().map(|piece| match piece {
        Piece::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => format!("<{}>", other.len()),
    });
    shown.collect()
}

/// Pages from the first on: those that follow, and as many more as change what is told.
fn pages(book: &Book, seed: u64) -> Vec<String> {
    let mut pages = Vec::new();
    for page in 0..book.pages_min() {
        let (mut since, mut after) = (Timestamp::MIN, None);
        for _ in 0..200 {
            let ask = Ask {
                since,
                after,
                page,
                seed,
            };
            let got = book.page(ask);
            pages.push(told(&got.pieces));
            match got.next {
                None => break,
                // Whoever asks by time goes on from the last instant, which comes again.
                Some((at, _)) if matches!(book.paging, book::Paging::Since { .. }) => {
                    since = at.minus(Duration::from_nanos(1));
                }
                next => after = next,
            }
        }
    }
    pages
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for scenario in &SCENARIOS {
        let story = |seed| {
            let play = play(scenario, seed);
            let pages = pages(&play.book, seed);
            let body = pages.first().cloned().unwrap_or_default().into();
            let acts = play.acts.iter().map(|act| {
                let now = FixedClock.now();
                told(&act.wire(Moment { now, body: &body }).pieces)
            });
            (acts.collect::<Vec<_>>(), pages)
        };
        let first = story(7);
        assert!(first == story(7), "{}", scenario.name);
        if play(scenario, 7).ends == Ends::Kind {
            assert!(first.1 != story(8).1, "{}", scenario.name);
        }
    }
}

#[test]
fn everything_that_must_be_stored_is_told() {
    for scenario in &SCENARIOS {
        let play = play(scenario, 7);
        let told = pages(&play.book, 7).concat();
        for unusable in play.book.unusable() {
            let raw = unusable.raw.as_ref();
            let raw = raw.map(|raw| String::from_utf8_lossy(raw).into_owned());
            assert!(
                raw.is_none_or(|raw| told.contains(&raw)),
                "{}: {unusable:?}",
                scenario.name
            );
        }
        if play.book.crowd.is_some() {
            continue;
        }
        for alert in play.book.alerts() {
            let id = alert::text(&alert.id);
            assert!(
                told.contains(&id) || told.contains(&alert.id),
                "{}: {id}",
                scenario.name
            );
        }
    }
}

/// A scenario on a port of its own.
async fn stage(name: &str) -> (Arc<Nasty>, SocketAddr) {
    let scenario = find(name).unwrap();
    let nasty = Nasty::begin(scenario, 7, Arc::new(FixedClock))
        .await
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = Arc::clone(&nasty);
    tokio::spawn(async move { serve(listener, served, std::future::pending()).await });
    (nasty, address)
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn acts_come_in_their_order_and_then_everything_is_told() {
    let (nasty, address) = stage("unordered_truncated").await;
    for _ in 0..4 {
        assert!(!nasty.is_settled());
        let answer = get(address, "/alerts?since=2026-11-22T00%3A00%3A00Z").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && !answer.ends_with(']'));
    }
    let answer = get(address, "/alerts").await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let records: Vec<serde_json::Value> = serde_json::from_str(body).unwrap();
    assert_eq!(records.len(), nasty.alerts().count());
    assert!(nasty.is_settled() && nasty.truth().becomes_kind);
    let truth = get(address, "/truth").await;
    let last = truth.lines().last().unwrap();
    assert!(last.contains("\"alerts\":60,\"unusable\":0"), "{last}");
    assert_eq!(get(address, "/requests").await.matches("at_ms").count(), 5);
    assert_eq!(nasty.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn what_no_client_may_do_is_written_down() {
    let (nasty, address) = stage("retry_after_for_ever").await;
    get(address, "/alerts").await;
    get(address, "/alerts").await;
    get(address, "/elsewhere").await;
    get(address, "/alerts?since=soon").await;
    let complaints = nasty.complaints();
    assert!(
        complaints[0].starts_with("request 1 came 35"),
        "{complaints:?}"
    );
    assert_eq!(complaints[1], "GET /elsewhere was asked for");
    assert!(complaints.contains(&"`since` is no instant: \"soon\"".to_owned()));
}

#[tokio::test]
async fn whoever_contacts_the_trap_is_counted() {
    let (nasty, address) = stage("redirect_for_ever").await;
    let answer = get(address, "/alerts").await;
    assert_eq!(nasty.trap_contacts(), 0);
    let (_, target) = answer.split_once("location: http://").unwrap();
    let trap: SocketAddr = target.split('/').next().unwrap().parse().unwrap();
    drop(TcpStream::connect(trap).await.unwrap());
    while nasty.trap_contacts() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(nasty.complaints()[0].contains("was contacted 1 times"));
}
