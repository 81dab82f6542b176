//! A scenario that is played: which answer comes next, what the client did, and what it should have.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use cresset_model::Timestamp;
use cresset_model::ports::Clock;
use tokio::time::Instant;

use super::alert::{Alert, text};
use super::book::{Ask, Page, Paging, Unusable};
use super::cast::Cast;
use super::play::{Ends, Marks, Moment, Play};
use super::request::Request;
use super::scenario::Scenario;
use super::trap::Trap;
use super::wire::{JSON, Piece, Wire};

/// Requests that are written down.
const SEEN_MAX: usize = 100_000;
/// How much earlier than told a request may come: clocks are read at both ends.
const TOLERANCE: Duration = Duration::from_millis(20);
/// A tail of every cursor, which has to come back as it is.
const CURSOR_TAIL: &str = "~ +&=%2F/?#\"\u{e9}";

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When its head was complete, since the scenario began.
    pub at: Duration,
    /// What it asked for.
    pub target: String,
}

/// What a client should have when everything has been told.
#[derive(Debug, Clone)]
pub struct Truth {
    /// Each record that no client can use.
    pub unusable: Vec<Unusable>,
    /// Phrases by which the hostile answers must have been told.
    pub told: Vec<&'static str>,
    /// Whether the upstream becomes kind; if not, nothing is ever usable.
    pub becomes_kind: bool,
    /// Whether no alert may ever count as changed.
    pub is_unchanging: bool,
}

/// A scenario that is played on one port.
pub struct Nasty {
    name: &'static str,
    seed: u64,
    begun: Instant,
    clock: Arc<dyn Clock>,
    trap: Trap,
    state: Mutex<State>,
}

struct State {
    play: Play,
    requests: Vec<Seen>,
    /// Acts that were given.
    acts: usize,
    /// Pages that were told.
    pages: u64,
    not_before: Option<Instant>,
    complaints: Vec<String>,
    cursors: BTreeMap<String, (Timestamp, (Timestamp, usize))>,
    /// What acts sent: a cursor of theirs may come back, and leads nowhere.
    sent: String,
}

impl Nasty {
    /// Sets a scenario up. The same seed tells the same story at any hour.
    pub async fn begin(
        scenario: &Scenario,
        seed: u64,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Arc<Self>> {
        let trap = Trap::set().await?;
        let mut cast = Cast::new(seed, clock.now(), trap.address());
        let play = (scenario.play)(&mut cast);
        Ok(Arc::new(Self {
            name: scenario.name,
            seed,
            begun: Instant::now(),
            clock,
            trap,
            state: Mutex::new(State {
                play,
                requests: Vec::new(),
                acts: 0,
                pages: 0,
                not_before: None,
                complaints: Vec::new(),
                cursors: BTreeMap::new(),
                sent: String::new(),
            }),
        }))
    }

    /// The name of the scenario.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Lines of a source's configuration that the scenario needs, beside its address.
    pub fn settings(&self) -> Vec<&'static str> {
        self.state().play.settings.clone()
    }

    /// Every alert that must be in the store in the end, with its newest content.
    pub fn alerts(&self) -> impl Iterator<Item = Alert> + use<> {
        let (told, crowd) = {
            let state = self.state();
            let told: Vec<Alert> = state.play.book.alerts().collect();
            (told, state.play.book.crowd)
        };
        let crowd = crowd.into_iter();
        let crowd = crowd.flat_map(|crowd| (0..crowd.count).map(move |index| crowd.alert(index)));
        told.into_iter().chain(crowd)
    }

    /// What else a client should have.
    pub fn truth(&self) -> Truth {
        let state = self.state();
        let acts = state.play.acts.iter().filter_map(|act| act.told);
        Truth {
            unusable: state.play.book.unusable().to_vec(),
            told: acts.chain(state.play.told.iter().copied()).collect(),
            becomes_kind: state.play.ends == Ends::Kind,
            is_unchanging: state.play.is_unchanging,
        }
    }

    /// Whether every hostile answer was given and everything was told at least once.
    pub fn is_settled(&self) -> bool {
        let state = self.state();
        let told = state.pages >= state.play.book.pages_min();
        state.acts >= state.play.acts.len() && (told || state.play.ends == Ends::Never)
    }

    /// The requests for alerts so far.
    pub fn requests(&self) -> Vec<Seen> {
        self.state().requests.clone()
    }

    /// What the client did that no client may do.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = self.state().complaints.clone();
        let contacts = self.trap.contacts();
        if contacts > 0 {
            complaints.push(format!(
                "the internal address {} was contacted {contacts} times",
                self.trap.address()
            ));
        }
        complaints
    }

    /// Connections to the address that nobody may contact.
    pub fn trap_contacts(&self) -> u64 {
        self.trap.contacts()
    }

    /// The answer to a request for alerts.
    pub(super) fn answer(&self, request: &Request) -> Wire {
        let now = Instant::now();
        let mut state = self.state();
        if state.requests.len() < SEEN_MAX {
            state.requests.push(Seen {
                at: now.duration_since(self.begun),
                target: request.target.clone(),
            });
        }
        state.check_wait(now);
        let number = state.acts;
        let last = state.play.acts.len().saturating_sub(1);
        let number = match state.play.ends {
            Ends::Never => number.min(last),
            Ends::Kind => number,
        };
        state.acts += 1;
        let takes = state.play.acts.get(number).map(|act| act.is_taken);
        // What is hostile does not depend on where the client is.
        let cursor = request.parameter("cursor").filter(|_| takes != Some(false));
        let page = match state.page((request, cursor), self.seed, takes != Some(false)) {
            Ok(page) => page,
            Err(complaint) => {
                state.complaints.extend(complaint);
                return Wire::short("400 Bad Request", &[JSON], "{\"detail\":\"no such page\"}");
            }
        };
        let Some(act) = state.play.acts.get(number) else {
            return state.kind(page, request);
        };
        let body = bytes_of(&page.pieces);
        let wire = act.wire(Moment {
            now: self.clock.now(),
            body: &body,
        });
        state.not_before = act.wait.map(|wait| now + wait);
        state
            .sent
            .push_str(&String::from_utf8_lossy(&bytes_of(&wire.pieces)));
        wire
    }

    /// A request for anything else.
    pub(super) fn strayed(&self, request: &Request) {
        let complaint = format!("{} {} was asked for", request.method, request.target);
        self.state().complaints.push(complaint);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn check_wait(&mut self, now: Instant) {
        let Some(not_before) = self.not_before.take() else {
            return;
        };
        let early = not_before.saturating_duration_since(now);
        if early > TOLERANCE {
            let number = self.acts;
            self.complaints.push(format!(
                "request {number} came {} ms before the upstream allowed it",
                early.as_millis()
            ));
        }
    }

    /// The page that is asked for, brackets included; a complaint if the client invented it. `counts`: it
    /// is told to the client.
    fn page(
        &mut self,
        (request, cursor): (&Request, Option<String>),
        seed: u64,
        counts: bool,
    ) -> Result<Page, Option<String>> {
        let (since, after) = match cursor {
            None => (request.since().map_err(Some)?, None),
            Some(cursor) => {
                let known = self.cursors.get(&cursor);
                let invented = || {
                    let is_sent = self.sent.contains(&cursor);
                    (!is_sent).then(|| format!("no cursor is called {cursor:?}"))
                };
                let (since, after) = known.ok_or_else(invented)?;
                (*since, Some(*after))
            }
        };
        let ask = Ask {
            since,
            after,
            page: self.pages,
            seed,
        };
        let mut page = self.play.book.page(ask);
        if counts {
            self.pages += 1;
        }
        let cursor = page.next.map(|after| {
            let (at, index) = after;
            let cursor = format!("{}-{index}{CURSOR_TAIL}", at.nanos());
            self.cursors.insert(cursor.clone(), (since, after));
            cursor
        });
        let (begin, end) = match (self.play.book.paging, cursor) {
            (Paging::Cursor(_), cursor) => {
                let cursor = cursor.map_or_else(|| "null".to_owned(), |cursor| text(&cursor));
                let end = format!("],\"next_cursor\":{cursor}}}");
                (Bytes::from_static(b"{\"alerts\":["), Bytes::from(end))
            }
            _ => (Bytes::from_static(b"["), Bytes::from_static(b"]")),
        };
        page.pieces.insert(0, Piece::Bytes(begin));
        page.pieces.push(Piece::Bytes(end));
        Ok(page)
    }

    fn kind(&self, page: Page, request: &Request) -> Wire {
        let mut headers = Vec::new();
        if let (Paging::Link(_), Some((at, index))) = (self.play.book.paging, page.next) {
            headers.push(link(
                &format!("{}-{index}{CURSOR_TAIL}", at.nanos()),
                request,
                index,
            ));
        }
        let marks = marks(self.play.marks, &page);
        if let Some((_, mark)) = marks.first()
            && [Some(mark.as_str()), None].contains(&request.header("if-none-match"))
            && (request.header("if-none-match").is_some()
                || request.header("if-modified-since").is_some())
        {
            return Wire::raw(format!("HTTP/1.1 304 Not Modified\r\netag: {mark}\r\n\r\n"));
        }
        headers.extend(marks.iter().map(|(name, value)| format!("{name}: {value}")));
        let mut lines = vec![JSON];
        lines.extend(headers.iter().map(String::as_str));
        Wire::new("200 OK", &lines, page.pieces)
    }
}

/// What marks a page, its tag first.
fn marks(marks: Marks, page: &Page) -> Vec<(&'static str, String)> {
    match marks {
        Marks::None => Vec::new(),
        Marks::Honest => {
            let mut hasher = DefaultHasher::new();
            bytes_of(&page.pieces).hash(&mut hasher);
            vec![("etag", format!("\"{:x}\"", hasher.finish()))]
        }
        Marks::Stale => {
            let noon = "Mon, 23 Nov 2026 12:00:00 GMT".to_owned();
            vec![
                ("etag", "W/\"always\"".to_owned()),
                ("last-modified", noon.clone()),
                ("date", noon),
            ]
        }
    }
}

/// A `Link` to the next page: sometimes absolute, sometimes relative, always among others.
fn link(cursor: &str, request: &Request, index: usize) -> String {
    let cursor = percent_encoding::utf8_percent_encode(cursor, percent_encoding::NON_ALPHANUMERIC);
    let target = format!("/alerts?size=9%2C9&cursor={cursor}");
    let base = if index.is_multiple_of(2) {
        format!("http://{}", request.host)
    } else {
        String::new()
    };
    format!("link: </alerts>; rel=\"first\", <{base}{target}>; title=\"a, b; c\"; rel=\"next\"")
}

/// Short pieces as one; what is long is left out, as acts disguise short pages only.
fn bytes_of(pieces: &[Piece]) -> Bytes {
    let mut body = Vec::new();
    for piece in pieces {
        if let Piece::Bytes(bytes) = piece {
            body.extend_from_slice(bytes);
        }
    }
    Bytes::from(body)
}
