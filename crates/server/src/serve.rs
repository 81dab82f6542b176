//! Serves a router over HTTP/1 on a listener, within bounds, until it is told to stop.

mod bounds;
mod connections;
mod exchange;
mod progress;
mod watched;

use std::future::Future;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tracing::{debug, warn};

pub use bounds::Bounds;
pub use connections::Connections;
use connections::Place;
pub(crate) use connections::{Full, Missed};
use exchange::Exchanges;
use progress::Progress;
use watched::Watched;

/// How long requests under way may still take after the stop.
pub const STOP_WITHIN: Duration = Duration::from_secs(10);

/// The pause after a refused accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// What a connection beyond the bounds is told, whatever it would have asked.
const REFUSAL: &str = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n\
     content-type: application/json\r\ncontent-length: 53\r\n\r\n\
     {\"detail\":\"Too many connections; try again in 5 s\"}\r\n";

/// Serves until `shutdown` completes; then accepts nothing more, lets requests under way finish within
/// [`STOP_WITHIN`] and cuts what is left. Several listeners may share the bounds of `connections`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections: Arc<Connections>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    // Answers at once that there is no such listener, instead of failing with each accept.
    listener.local_addr()?;
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        // Each branch may be dropped at any await: a connection is taken and spawned without one between.
        tokio::select! {
            () = &mut shutdown => break,
            (stream, peer) = accept(&listener) => {
                match connections.admit(peer.ip()) {
                    Ok(place) => {
                        let progress = Progress::new(Arc::clone(&connections));
                        spawn((&mut tasks, &graceful), &router, stream, (place, progress));
                    }
                    Err(_) => refuse(stream),
                }
            }
            Some(_) = tasks.join_next() => {}
        }
    }
    drop(listener);
    if tokio::time::timeout(STOP_WITHIN, graceful.shutdown())
        .await
        .is_err()
    {
        warn!(connections = tasks.len(), "connections cut at the stop");
    }
    tasks.shutdown().await;
    Ok(())
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                warn!(%error, "connection not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Says so as far as it can without waiting: whoever fills the connections must not take time as well.
fn refuse(stream: TcpStream) {
    let told = stream
        .into_std()
        .and_then(|mut stream| stream.write_all(REFUSAL.as_bytes()));
    if let Err(error) = told {
        debug!(%error, "connection refused without a word");
    }
}

fn spawn(
    (tasks, graceful): (&mut JoinSet<()>, &GracefulShutdown),
    router: &Router,
    stream: TcpStream,
    (place, progress): (Place, Arc<Progress>),
) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "small packets are delayed");
    }
    let bounds = progress.bounds();
    let connection = http1::Builder::new()
        // The stream has deadlines of its own, one for each phase.
        .header_read_timeout(None)
        .max_buf_size(bounds.head_bytes_max.max(Bounds::HEAD_BYTES_MIN))
        .max_headers(bounds.headers_max)
        .serve_connection(
            TokioIo::new(Watched::new(stream, Arc::clone(&progress))),
            Exchanges::new(router.clone(), progress),
        );
    let connection = graceful.watch(connection);
    tasks.spawn(async move {
        // A broken connection is the client's matter.
        if let Err(error) = connection.await {
            debug!(%error, "connection ended");
        }
        drop(place);
    });
}
