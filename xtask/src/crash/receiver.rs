//! A webhook receiver that misbehaves by seed and writes down everything it is told.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, bail};

use super::deliveries::{Event, Post};
use super::dice::Dice;
use super::process::wait_until;
use crate::date::http_date_in;

/// How long a connection is kept that says nothing, and how long a hanging answer takes.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Bytes of a request.
const REQUEST_BYTES_MAX: usize = 4 << 20;
/// How long connections of a dead service may take to end.
const CALM_MAX: Duration = Duration::from_secs(10);
/// Requests of a hundred that are not answered with 204 at once.
const MISCHIEF_PERCENT: u64 = 35;

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// Takes the message and says so.
    Take,
    /// Takes the message and closes the connection without a word.
    TakeSilently,
    /// Reads the message and never answers.
    Hang,
    /// 500.
    Fail,
    /// 429, and come again in a second.
    LaterSeconds,
    /// 429, and come again at a date.
    LaterDate,
}

impl Mood {
    /// Every bad mood.
    pub(super) const BAD: [Self; 5] = [
        Self::TakeSilently,
        Self::Hang,
        Self::Fail,
        Self::LaterSeconds,
        Self::LaterDate,
    ];

    fn throw(dice: &mut Dice) -> Self {
        if dice.between(0, 99) >= MISCHIEF_PERCENT {
            return Self::Take;
        }
        let last = Self::BAD.len() as u64 - 1;
        let at = usize::try_from(dice.between(0, last)).unwrap_or(0);
        Self::BAD.get(at).copied().unwrap_or(Self::Take)
    }

    fn answer(self) -> Option<String> {
        let (line, more) = match self {
            Self::TakeSilently | Self::Hang => return None,
            Self::Take => ("204 No Content", String::new()),
            Self::Fail => ("500 Internal Server Error", String::new()),
            Self::LaterSeconds => ("429 Too Many Requests", "retry-after: 1\r\n".to_owned()),
            Self::LaterDate => {
                let date = http_date_in(Duration::from_secs(1));
                ("429 Too Many Requests", format!("retry-after: {date}\r\n"))
            }
        };
        Some(format!(
            "HTTP/1.1 {line}\r\ncontent-length: 0\r\n{more}\r\n"
        ))
    }
}

/// What the threads share.
struct Shared {
    dice: Mutex<Dice>,
    events: Mutex<Vec<Event>>,
    behaves: AtomicBool,
    stopping: AtomicBool,
    /// Which life of the service is on.
    life: AtomicU64,
    connections: AtomicUsize,
    /// The far port of the latest connection.
    latest: AtomicU64,
}

impl Shared {
    fn note(&self, event: Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(event);
    }

    fn mood(&self) -> Mood {
        if self.behaves.load(Ordering::SeqCst) {
            return Mood::Take;
        }
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        Mood::throw(&mut dice)
    }
}

/// The receiver; it ends when dropped.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    door: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts it in a bad mood.
    pub(crate) fn start(seed: u64) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("open the receiver")?;
        let port = listener.local_addr().context("open the receiver")?.port();
        let shared = Arc::new(Shared {
            dice: Mutex::new(Dice::new(seed)),
            events: Mutex::new(Vec::new()),
            behaves: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            life: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            latest: AtomicU64::new(0),
        });
        let open = Arc::clone(&shared);
        let door = std::thread::spawn(move || welcome(&listener, &open));
        Ok(Self {
            port,
            shared,
            door: Some(door),
        })
    }

    /// Takes everything from now on.
    pub(crate) fn behave(&self) {
        self.shared.behaves.store(true, Ordering::SeqCst);
    }

    /// Waits until nothing of the dead service is left, and begins the next life.
    pub(crate) fn next_life(&self) -> anyhow::Result<()> {
        // Connections are taken in their order: once this one is, none of the dead service's is left in line.
        let last = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).context("ask in line")?;
        let place = last.local_addr().context("ask in line")?.port();
        wait_until("the dead service's connections come in", CALM_MAX, || {
            Ok(self.shared.latest.load(Ordering::SeqCst) == u64::from(place))
        })?;
        drop(last);
        wait_until("the dead service's connections end", CALM_MAX, || {
            Ok(self.shared.connections.load(Ordering::SeqCst) == 0)
        })?;
        self.shared.life.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Everything so far, in the order in which it happened.
    pub(crate) fn events(&self) -> Vec<Event> {
        let events = self.shared.events.lock();
        events.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the door, which waits for a connection; if that fails it ends with the program.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        if TcpStream::connect_timeout(&address, SILENCE_MAX).is_ok()
            && let Some(door) = self.door.take()
        {
            door.join().ok();
        }
    }
}

fn welcome(listener: &TcpListener, shared: &Arc<Shared>) {
    while let Ok((stream, peer)) = listener.accept() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        shared.connections.fetch_add(1, Ordering::SeqCst);
        shared
            .latest
            .store(u64::from(peer.port()), Ordering::SeqCst);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A client may go away at any moment, as it is killed at any moment.
            converse(stream, &shared).ok();
            shared.connections.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// Answers the requests of one connection until it ends.
fn converse(mut stream: TcpStream, shared: &Shared) -> anyhow::Result<()> {
    stream.set_nodelay(true).context("set up a connection")?;
    stream
        .set_read_timeout(Some(SILENCE_MAX))
        .context("set up a connection")?;
    let mut ahead = Vec::new();
    while let Some(mut post) = read_post(&mut stream, &mut ahead)? {
        post.life = shared.life.load(Ordering::SeqCst);
        let mood = shared.mood();
        let (id, life) = (post.id.clone(), post.life);
        shared.note(Event::Came(post));
        match mood.answer() {
            Some(answer) => {
                // Written down before it is sent: whatever follows from it comes later.
                if mood == Mood::Take {
                    shared.note(Event::Took { id, life });
                }
                stream.write_all(answer.as_bytes()).context("answer")?;
            }
            None if mood == Mood::Hang => {
                // Until the client gives up or is killed.
                stream.read(&mut [0]).context("hang")?;
                return Ok(());
            }
            None => {
                stream.shutdown(Shutdown::Both).context("hang up")?;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Reads the next request; `None` when the client has closed between two.
fn read_post(stream: &mut TcpStream, ahead: &mut Vec<u8>) -> anyhow::Result<Option<Post>> {
    loop {
        if let Some((post, length)) = parse_post(ahead)? {
            ahead.drain(..length);
            return Ok(Some(post));
        }
        if ahead.len() > REQUEST_BYTES_MAX {
            bail!("a request is larger than {REQUEST_BYTES_MAX} bytes");
        }
        let mut buffer = [0; 16 << 10];
        let read = stream.read(&mut buffer).context("read a request")?;
        if read == 0 {
            return Ok(None);
        }
        ahead.extend_from_slice(buffer.get(..read).unwrap_or_default());
    }
}

/// A whole request and its length; `None` while some of it is missing.
fn parse_post(bytes: &[u8]) -> anyhow::Result<Option<(Post, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, rest) = bytes.split_at(end + 4);
    let head = String::from_utf8_lossy(head);
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    };
    let length = header("content-length").context("a request has no content-length")?;
    let length: usize = length.parse().context("a wrong content-length")?;
    let Some(body) = rest.get(..length) else {
        return Ok(None);
    };
    let post = Post {
        id: header("webhook-id").unwrap_or_default(),
        key: header("idempotency-key").unwrap_or_default(),
        body: body.to_vec(),
        life: 0,
    };
    Ok(Some((post, end + 4 + length)))
}

#[cfg(test)]
mod tests;
