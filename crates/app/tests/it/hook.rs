//! A webhook receiver that takes everything, or nothing for a while.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What came in: head and body.
pub(super) type Told = (String, Vec<u8>);

/// The receiver; its thread ends with the test program.
pub(super) struct Hook {
    pub(super) port: u16,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Hook {
    pub(super) fn start() -> Self {
        Self::start_while(Arc::new(AtomicBool::new(true)))
    }

    /// One that answers 500 to everything while it is not well.
    pub(super) fn start_while(well: Arc<AtomicBool>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let mut bytes = Vec::new();
                let mut buffer = [0; 16 << 10];
                while let Ok(read @ 1..) = stream.read(&mut buffer) {
                    bytes.extend_from_slice(&buffer[..read]);
                    if let Some(request) = whole(&bytes) {
                        let is_well = well.load(Ordering::Relaxed);
                        let answer: &[u8] = if is_well {
                            heard.lock().unwrap().push(request);
                            b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"
                        } else {
                            b"HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                        };
                        // A client that has gone away comes again.
                        drop(stream.write_all(answer));
                        break;
                    }
                }
            }
        });
        Self { port, told }
    }

    pub(super) fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }
}

fn whole(bytes: &[u8]) -> Option<Told> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = header(&head, "content-length").parse().unwrap();
    let body = bytes[end + 4..].get(..length)?;
    Some((head, body.to_vec()))
}

/// The value of a header; empty without one.
pub(super) fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map_or("", |(_, value)| value.trim())
}
