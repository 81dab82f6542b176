//! Serves a router over HTTP/1 on a listener, within bounds, until it is told to stop.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tracing::{debug, warn};

use crate::stall::Unstalled;

/// Connections of one listener at the same time; further ones wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 512;
/// How long requests under way may still take after the stop.
pub const STOP_WITHIN: Duration = Duration::from_secs(10);

/// How long a client may take to send the head of a request, or stay idle between two.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes that a connection buffers; the head of a request must fit.
const BUFFER_BYTES_MAX: usize = 64 << 10;
/// Header lines of a request.
const HEADERS_MAX: usize = 64;
/// The pause after a refused accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown` completes; then accepts nothing more, lets requests under way finish within
/// [`STOP_WITHIN`] and cuts what is left.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    // Answers at once that there is no such listener, instead of failing with each accept.
    listener.local_addr()?;
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        // Each branch may be dropped at any await: a connection is taken and spawned without one between.
        tokio::select! {
            () = &mut shutdown => break,
            (stream, slot) = accept(&listener, &slots) => {
                spawn(&mut connections, &graceful, &router, stream, slot);
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    if tokio::time::timeout(STOP_WITHIN, graceful.shutdown())
        .await
        .is_err()
    {
        warn!(
            connections = connections.len(),
            "connections cut at the stop"
        );
    }
    connections.shutdown().await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) => {
                warn!(%error, "connection not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn spawn(
    connections: &mut JoinSet<()>,
    graceful: &GracefulShutdown,
    router: &Router,
    stream: TcpStream,
    slot: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "small packets are delayed");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_buf_size(BUFFER_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(
            TokioIo::new(Unstalled::new(stream)),
            TowerToHyperService::new(router.clone()),
        );
    let connection = graceful.watch(connection);
    connections.spawn(async move {
        // A broken connection is the client's matter.
        if let Err(error) = connection.await {
            debug!(%error, "connection ended");
        }
        drop(slot);
    });
}
