//! Over real sockets: clients that are silent, slow, greedy or many.

use std::time::Duration;

use cresset_model::SourceId;
use cresset_model::ports::{LiveEvent, Pulse};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::fixture::{Fake, row};
use super::serve::{Server, start_with};
use crate::serve::Missed;
use crate::{Bounds, Connections};

/// Clients of each kind.
const CLIENTS: usize = 300;

/// Deadlines that a test can wait for.
fn short() -> Bounds {
    Bounds {
        // Who shares a busy machine with this test must not miss it.
        first_byte_timeout: Duration::from_secs(2),
        head_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_secs(20),
        body_grace: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(300),
        ..Bounds::default()
    }
}

/// A short wait for those who do not read.
fn impatient() -> Bounds {
    Bounds {
        stall_timeout: Duration::from_millis(300),
        ..Bounds::default()
    }
}

async fn connected(server: &Server, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream
}

/// What the server says until it closes; a reset is an end as well.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.ok();
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn answers(server: &Server) {
    let request = "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = rest(connected(server, request).await).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Many clients that send this and no more: all are closed, each after this answer, while others are
/// answered.
async fn check_closed(sent: &'static str, answer: &str, missed: Missed) {
    let connections = Connections::new(short());
    let server = start_with(&Fake::new(), &connections).await;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let stream = connected(&server, sent).await;
        clients.spawn(rest(stream));
    }
    answers(&server).await;
    while let Some(said) = clients.join_next().await {
        let said = said.unwrap();
        assert!(said.starts_with(answer), "{said:?}");
        assert_eq!(said.is_empty(), answer.is_empty(), "{said:?}");
    }
    answers(&server).await;
    assert_eq!(connections.cut(missed), CLIENTS as u64);
    server.stopped().await;
    assert_eq!(connections.open(), 0);
}

#[tokio::test]
async fn silent_clients_are_closed_while_others_are_answered() {
    check_closed("", "", Missed::FirstByte).await;
}

#[tokio::test]
async fn clients_with_half_a_head_are_closed_while_others_are_answered() {
    check_closed("GET /livez HTTP/1.1\r\nhost: loc", "", Missed::Head).await;
}

#[tokio::test]
async fn clients_with_half_a_body_are_closed_while_others_are_answered() {
    let half = "POST /config HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 40\r\n\r\n{\"sync_";
    check_closed(half, "HTTP/1.1 408 ", Missed::Body).await;
}

#[tokio::test]
async fn clients_with_half_a_chunk_are_closed_while_others_are_answered() {
    let half = "POST /api/v1/events/mock HTTP/1.1\r\nhost: localhost\r\n\
                transfer-encoding: chunked\r\n\r\n40\r\n{\"id\":";
    // More than the permits of pushes: who finds none is told so, and its connection ends too.
    let connections = Connections::new(short());
    let server = start_with(&Fake::new(), &connections).await;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(rest(connected(&server, half).await));
    }
    answers(&server).await;
    let mut late = 0;
    while let Some(said) = clients.join_next().await {
        let said = said.unwrap();
        late += usize::from(said.starts_with("HTTP/1.1 408 "));
        assert!(
            said.starts_with("HTTP/1.1 408 ") || said.starts_with("HTTP/1.1 429 "),
            "{said:?}"
        );
    }
    assert!(late > 0);
    answers(&server).await;
    server.stopped().await;
    assert_eq!(connections.open(), 0);
}

#[tokio::test]
async fn idle_connections_are_closed_after_their_last_answer() {
    let connections = Connections::new(short());
    let server = start_with(&Fake::new(), &connections).await;
    let twice = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(2);
    let said = rest(connected(&server, &twice).await).await;
    assert_eq!(said.matches("HTTP/1.1 200 OK").count(), 2, "{said}");
    assert_eq!(connections.cut(Missed::Idle), 1);
    server.stopped().await;
}

#[tokio::test]
async fn connections_beyond_the_bound_are_told_to_come_later() {
    let connections = Connections::new(Bounds {
        connections_max: 20,
        address_connections_max: 10,
        ..Bounds::default()
    });
    let server = start_with(&Fake::new(), &connections).await;
    let request = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..10 {
        let mut stream = connected(&server, request).await;
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        held.push(stream);
    }
    for _ in 0..90 {
        // Its bytes may meet a closed connection; what was said is there all the same.
        let stream = TcpStream::connect(server.address).await.unwrap();
        let said = rest(stream).await;
        let (lines, body) = said.split_once("\r\n\r\n").unwrap();
        assert!(lines.starts_with("HTTP/1.1 503 "), "{lines}");
        assert!(lines.contains("retry-after: 5\r\n"), "{lines}");
        let length = format!("content-length: {}", body.len());
        assert!(lines.contains(&length), "{said:?}");
    }
    assert_eq!(connections.refused(crate::serve::Full::Address), 90);
    held.pop();
    while connections.open() > 9 {
        tokio::task::yield_now().await;
    }
    answers(&server).await;
    drop(held);
    server.stopped().await;
}

#[tokio::test]
async fn a_slow_reader_of_a_large_answer_is_cut() {
    let connections = Connections::new(impatient());
    let fake = Fake::with_rows((1..=100_000).rev().map(row).collect());
    let server = start_with(&fake, &connections).await;
    let request = "GET /alerts?limit=100000 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut readers = Vec::new();
    for _ in 0..5 {
        readers.push(connected(&server, request).await);
    }
    answers(&server).await;
    while connections.cut(Missed::Stall) < 5 {
        tokio::task::yield_now().await;
    }
    answers(&server).await;
    for reader in readers {
        let said = rest(reader).await;
        assert!(said.starts_with("HTTP/1.1 200 OK"));
        assert!(!said.ends_with("0\r\n\r\n"), "the answer came whole");
    }
    server.stopped().await;
}

#[tokio::test]
async fn a_head_of_too_many_bytes_or_lines_is_refused() {
    let connections = Connections::new(Bounds {
        head_bytes_max: 8 << 10,
        headers_max: 16,
        ..Bounds::default()
    });
    let server = start_with(&Fake::new(), &connections).await;
    let lines = |count: usize| {
        let more = "x: y\r\n".repeat(count - 1);
        format!("GET /livez HTTP/1.1\r\nhost: localhost\r\n{more}\r\n")
    };
    // The parser takes what fits its buffer with the line behind it.
    let bytes = |count: usize| {
        let rest = "GET /livez HTTP/1.1\r\nhost: localhost\r\nx: \r\n\r\n".len();
        let filler = "y".repeat(count - rest);
        format!("GET /livez HTTP/1.1\r\nhost: localhost\r\nx: {filler}\r\n\r\n")
    };
    for (request, status) in [
        (lines(16), 200),
        (lines(17), 431),
        (lines(160), 431),
        (bytes((8 << 10) - 1), 200),
        (bytes((8 << 10) + 1), 431),
        (bytes(80 << 10), 431),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // The answer to a head that is too long comes before its end.
        stream.write_all(request.as_bytes()).await.ok();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        let expected = format!("HTTP/1.1 {status}");
        assert_eq!(first, expected.as_bytes(), "{} bytes", request.len());
    }
    server.stopped().await;
}

#[tokio::test]
async fn a_hundred_listeners_that_stop_reading_are_dropped() {
    let connections = Connections::new(impatient());
    let fake = Fake::new();
    // More than the buffers between the two ends take.
    let long = SourceId::new(&"x".repeat(256 << 10));
    *fake.events.lock().unwrap() = (1..=100)
        .map(|position| {
            LiveEvent::Pulse(Pulse {
                position,
                sources: vec![long.clone()],
                ..Pulse::default()
            })
        })
        .collect();
    let server = start_with(&fake, &connections).await;
    let request = "GET /api/v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let viewers = Bounds::default().viewers_max;
    let mut listeners = Vec::new();
    for _ in 0..viewers {
        listeners.push(connected(&server, request).await);
    }
    while connections.cut(Missed::Stall) < viewers as u64 {
        answers(&server).await;
    }
    // Their places are free again.
    let mut next = connected(&server, request).await;
    let mut first = [0; 12];
    next.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    drop((listeners, next));
    server.stopped().await;
}
