//! Over a real socket: long answers, the stop, broken requests.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::fixture::{Fake, row};
use crate::{Connections, serve};

/// A running server.
pub(super) struct Server {
    pub(super) address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Stops it and waits for its end.
    pub(super) async fn stopped(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

async fn start(fake: &Arc<Fake>) -> Server {
    start_with(fake, &Arc::default()).await
}

/// Starts a server whose connections keep these bounds.
pub(super) async fn start_with(fake: &Arc<Fake>, connections: &Arc<Connections>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let connections = Arc::clone(connections);
    let router = fake.router_over(&connections);
    let task = tokio::spawn(async move {
        serve(listener, router, connections, async move {
            assert_eq!(stopped.await, Ok(()));
        })
        .await
    });
    Server {
        address,
        stop,
        task,
    }
}

async fn exchange(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_hundred_thousand_alerts_arrive_whole() {
    let fake = Fake::with_rows((1..=100_000).rev().map(row).collect());
    let server = start(&fake).await;
    let request =
        "GET /alerts?limit=100000 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = exchange(&server, request).await;
    assert!(answer.contains("transfer-encoding: chunked"));
    assert_eq!(
        answer.matches("{\"id\":\"alert-1795426101-").count(),
        100_000
    );
    assert!(answer.ends_with("]\r\n0\r\n\r\n"));
    let request = "GET /alerts HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert!(
        exchange(&server, request)
            .await
            .contains("content-length: ")
    );
    server.stopped().await;
}

#[tokio::test]
async fn a_store_that_fails_in_the_middle_cuts_the_answer() {
    let fake = Fake::with_rows((1..=50_000).rev().map(row).collect());
    let server = start(&fake).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /alerts?limit=50000 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut piece = [0; 1_024];
    assert!(stream.read(&mut piece).await.unwrap() > 0);
    fake.down();
    let mut rest = Vec::new();
    // A reset instead of an end is a cut as well.
    if stream.read_to_end(&mut rest).await.is_ok() {
        assert!(!rest.ends_with(b"0\r\n\r\n"));
    }
    server.stopped().await;
}

#[tokio::test]
async fn the_stop_ends_idle_connections_and_refuses_new_ones() {
    let server = start(&Fake::new()).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
    idle.write_all(request.as_bytes()).await.unwrap();
    let mut piece = [0; 4_096];
    let read = idle.read(&mut piece).await.unwrap();
    assert!(piece[..read].starts_with(b"HTTP/1.1 200 OK"));
    server.stop.send(()).unwrap();
    server.task.await.unwrap().unwrap();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_at_the_stop_is_cut_after_a_while() {
    let server = start(&Fake::new()).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /config HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    server.stop.send(()).unwrap();
    server.task.await.unwrap().unwrap();
    let mut rest = Vec::new();
    if slow.read_to_end(&mut rest).await.is_ok() {
        let text = String::from_utf8_lossy(&rest);
        assert!(
            text.is_empty() || text.starts_with("HTTP/1.1 408"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let server = start(&Fake::new()).await;
    let answer = exchange(&server, "nonsense\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let long = format!(
        "GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "x".repeat(70_000)
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // The server may close before all of it is written.
    let written = stream.write_all(long.as_bytes()).await;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;
    assert!(written.is_err() || read.is_err() || answer.starts_with(b"HTTP/1.1 4"));
    server.stop.send(()).unwrap();
    server.task.await.unwrap().unwrap();
}
