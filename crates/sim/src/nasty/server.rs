//! The server: reads requests, and sends answers byte by byte, as wrong as they are meant to be.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::alert::{Alert, text};
use super::crowd::Crowd;
use super::request::Request;
use super::stage::Nasty;
use super::wire::{Piece, Wire, head};

/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How long a connection may be idle, and how long a client may take no byte.
const PATIENCE: Duration = Duration::from_mins(5);
/// Bytes that are written at once.
const WRITE_BYTES: usize = 64 << 10;
/// Alerts of one write of the truth.
const TRUTH_ALERTS: usize = 1_000;

/// Plays a scenario until `shutdown` is ready: `/alerts` is the upstream, `/truth` says what a client
/// should have in the end, `/requests` what it asked for, and when.
pub async fn serve(
    listener: TcpListener,
    nasty: Arc<Nasty>,
    shutdown: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        // A connection that was not accepted yet waits in the queue of the system.
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => return Ok(()),
        };
        let (stream, _) = accepted?;
        while connections.try_join_next().is_some() {}
        let nasty = Arc::clone(&nasty);
        connections.spawn(async move {
            // The client may hang up at any time: it refuses most of what comes.
            drop(talk(stream, &nasty).await);
        });
    }
}

async fn talk(mut stream: TcpStream, nasty: &Nasty) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await? {
        let keeps = match request.path() {
            "/alerts" if request.method == "GET" => {
                let wire = nasty.answer(&request);
                send(&mut stream, &wire).await?;
                wire.keep && !request.closes
            }
            "/truth" => {
                truth(&mut stream, nasty).await?;
                false
            }
            "/requests" => {
                send(&mut stream, &requests(nasty)).await?;
                false
            }
            _ => {
                nasty.strayed(&request);
                let wire = Wire::short("404 Not Found", &[], "nothing is here");
                send(&mut stream, &wire).await?;
                false
            }
        };
        if !keeps {
            break;
        }
    }
    stream.shutdown().await
}

/// The next head, or `None` when the client has gone.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<Request>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = buffer.split_off(end + 4);
            let head = std::mem::replace(buffer, rest);
            return Ok(Request::parse(&String::from_utf8_lossy(&head)));
        }
        if buffer.len() > HEAD_BYTES_MAX {
            return Ok(None);
        }
        let read = timeout(PATIENCE, stream.read_buf(buffer)).await;
        if matches!(read?, Ok(0) | Err(_)) {
            return Ok(None);
        }
    }
}

async fn send(stream: &mut TcpStream, wire: &Wire) -> std::io::Result<()> {
    for piece in &wire.pieces {
        match piece {
            Piece::Bytes(bytes) => write(stream, bytes).await?,
            Piece::Repeat(bytes, times) => repeat(stream, bytes, *times).await?,
            Piece::Crowd(crowd, from) => crowded(stream, crowd, *from).await?,
            Piece::Drip(bytes, gap) => {
                for byte in bytes.chunks(1) {
                    sleep(*gap).await;
                    write(stream, byte).await?;
                }
            }
            Piece::Silence => {
                let mut rest = [0; 64];
                while !matches!(
                    timeout(PATIENCE, stream.read(&mut rest)).await?,
                    Ok(0) | Err(_)
                ) {}
            }
        }
    }
    stream.flush().await
}

async fn write(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    timeout(PATIENCE, stream.write_all(bytes)).await?
}

async fn repeat(stream: &mut TcpStream, bytes: &Bytes, times: u64) -> std::io::Result<()> {
    let at_once = (WRITE_BYTES / bytes.len().max(1)).max(1);
    let block = bytes.repeat(at_once);
    let (blocks, rest) = (times / at_once as u64, times % at_once as u64);
    for _ in 0..blocks {
        write(stream, &block).await?;
    }
    for _ in 0..rest {
        write(stream, bytes).await?;
    }
    Ok(())
}

async fn crowded(stream: &mut TcpStream, crowd: &Crowd, from: u64) -> std::io::Result<()> {
    let mut block = Vec::with_capacity(WRITE_BYTES * 2);
    for index in from..crowd.count {
        crowd.write(index, &mut block);
        if block.len() >= WRITE_BYTES {
            write(stream, &block).await?;
            block.clear();
        }
    }
    write(stream, &block).await
}

/// One line for each alert, then a summary; the connection ends it.
async fn truth(stream: &mut TcpStream, nasty: &Nasty) -> std::io::Result<()> {
    let begin = head(
        "200 OK",
        &["content-type: application/x-ndjson", "connection: close"],
    );
    write(stream, &begin).await?;
    let (mut lines, mut count) = (String::new(), 0_usize);
    for alert in nasty.alerts() {
        lines.push_str(&line_of(&alert));
        count += 1;
        if count.is_multiple_of(TRUTH_ALERTS) {
            write(stream, lines.as_bytes()).await?;
            lines.clear();
        }
    }
    let truth = nasty.truth();
    let reasons: Vec<String> = truth.unusable.iter().map(|one| text(one.reason)).collect();
    let complaints: Vec<String> = nasty.complaints().iter().map(|one| text(one)).collect();
    writeln!(
        lines,
        "{{\"summary\":{{\"scenario\":\"{}\",\"alerts\":{count},\"unusable\":{},\"reasons\":[{}],\
         \"settled\":{},\"becomes_kind\":{},\"complaints\":[{}]}}}}",
        nasty.name(),
        reasons.len(),
        reasons.join(","),
        nasty.is_settled(),
        truth.becomes_kind,
        complaints.join(",")
    )
    .expect("writing to a string cannot fail");
    write(stream, lines.as_bytes()).await
}

fn line_of(alert: &Alert) -> String {
    format!(
        "{{\"source\":{},\"id\":{},\"severity\":{},\"description\":{},\"src_ip\":{},\
         \"dst_ip\":{},\"created_at\":{}}}\n",
        text(alert.source),
        text(&alert.id),
        text(alert.severity),
        text(&alert.description),
        text(&alert.src_ip),
        text(&alert.dst_ip),
        text(&alert.created_at.to_z())
    )
}

fn requests(nasty: &Nasty) -> Wire {
    let mut lines = String::new();
    for seen in nasty.requests() {
        writeln!(
            lines,
            "{{\"at_ms\":{},\"target\":{}}}",
            seen.at.as_millis(),
            text(&seen.target)
        )
        .expect("writing to a string cannot fail");
    }
    Wire::short("200 OK", &["content-type: application/x-ndjson"], lines)
}
