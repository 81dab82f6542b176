//! Upstreams on loopback that say what a bench needs.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

/// Answers each first request with one body, made piece by piece, and the rest with an empty array.
pub(crate) fn serve(
    pieces: impl Fn() -> Box<dyn Iterator<Item = Vec<u8>>> + Send + 'static,
) -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        let mut first = true;
        for stream in listener.incoming().flatten() {
            let body = if first {
                pieces()
            } else {
                Box::new(std::iter::once(b"[]".to_vec()))
            };
            first = false;
            // Whoever hangs up early has refused the rest.
            drop(answer(stream, body));
        }
    });
    Ok(port)
}

fn answer(mut stream: TcpStream, body: Box<dyn Iterator<Item = Vec<u8>>>) -> std::io::Result<()> {
    let mut head = [0; 4_096];
    let read = stream.read(&mut head)?;
    if read == 0 {
        return Ok(());
    }
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n",
    )?;
    for piece in body {
        stream.write_all(&piece)?;
    }
    Ok(())
}

/// An array of `count` alerts in pieces, half of each format, about 262 bytes each, all in the past hour.
pub(crate) fn alerts(count: u64, now_seconds: i64) -> impl Iterator<Item = Vec<u8>> {
    const PIECE: u64 = 500;
    (0..count.div_ceil(PIECE)).map(move |piece| {
        let mut out = Vec::with_capacity(140_000);
        for index in piece * PIECE..((piece + 1) * PIECE).min(count) {
            out.push(if index == 0 { b'[' } else { b',' });
            out.extend_from_slice(alert(index, count, now_seconds).as_bytes());
        }
        if (piece + 1) * PIECE >= count {
            out.push(b']');
        }
        out
    })
}

/// One of `count` alerts: the standard format has the even ones, the legacy format the odd ones.
pub(crate) fn alert(index: u64, count: u64, now_seconds: i64) -> String {
    let age = 3_600 - i64::try_from(index * 3_500 / count).unwrap_or(0);
    let at = cresset_model::Timestamp::from_seconds(now_seconds - age)
        .unwrap_or_default()
        .to_offset();
    let (a, b, c) = (index % 250 + 1, index / 250 % 250, index % 97 + 50);
    if index.is_multiple_of(2) {
        let source =
            ["firewall", "ngfw", "ips", "vpn_gateway", "router_acl"][index as usize / 2 % 5];
        let severity = ["low", "medium", "high", "critical"][index as usize / 7 % 4];
        format!(
            r#"{{"id":"alert-{now_seconds}-{index}","source":"{source}","severity":"{severity}","description":"Standard security event from Source.{source} with Severity.{severity} severity.","src_ip":"192.168.{b}.{a}","dst_ip":"{c}.{b}.12.{a}","created_at":"{at}"}}"#
        )
    } else {
        let source = ["waf", "swg", "nac", "api_gateway", "load_balancer"][index as usize / 2 % 5];
        let criticality = index / 7 % 4 + 1;
        format!(
            r#"{{"alertId":"alert-{now_seconds}-{index}","source":"{source}","criticality":{criticality},"summary":"Legacy event from Source.{source} with criticality {criticality}.","sourceAddress":"192.168.{b}.{a}","destinationAddress":"{c}.{b}.12.{a}","timestamp":"{at}"}}"#
        )
    }
}
