//! Ports made by hand, and requests into the router.

mod commands;
mod health;
mod numbers;
mod told;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use cresset_model::alert::{AlertDetail, AlertRow, Revision, StoredMatch};
use cresset_model::batch::Reason;
use cresset_model::dead_letter::{DeadLetter, DeadLetterFilter, DeadLetterGroup};
use cresset_model::outcome::Stage;
use cresset_model::ports::{
    AlertPage, BoxFuture, ChaosState, Clock, CommandRefused, Control, DeadLetterPage, Dials,
    Explore, Health, HealthReport, IndexState, Intake, Live, LiveEvent, Outbox, PageRequest,
    PortError, Query, Receivers, RedriveItem, RedriveReport, RedriveSelection, Reload, StoreFacts,
    SyncRefused, Total,
};
use cresset_model::provenance::{Context, FormatInfo, Marks, TableInfo};
use cresset_model::query::Filter;
use cresset_model::source::{Attempt, Counters, SourceState, SyncStatus, Trigger};
use cresset_model::{AlertId, DeadLetterId, Severity, SourceId, Timestamp};
use tower::ServiceExt as _;

use crate::{Access, Connections, ServiceFacts, Services, router};

pub(super) use commands::Commands;
use health::groups;
pub(super) use health::{finding, vitals};
pub(super) use told::{Told, delivery, receiver};

/// The time of every test.
pub(super) const NOW: &str = "2026-11-23T09:30:00Z";

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// All ports in one.
pub(super) struct Fake {
    /// Newest arrival first.
    pub(super) rows: Mutex<Vec<AlertRow>>,
    pub(super) letters: Mutex<Vec<DeadLetter>>,
    pub(super) sources: Mutex<Vec<SourceState>>,
    pub(super) refused: Mutex<Option<SyncRefused>>,
    pub(super) redriven: Mutex<Vec<(RedriveSelection, bool)>>,
    pub(super) told: Told,
    pub(super) health: Mutex<HealthReport>,
    pub(super) commands: Commands,
    pub(super) events: Mutex<Vec<LiveEvent>>,
    pub(super) fault: Mutex<Option<PortError>>,
    pub(super) panics: AtomicBool,
    pub(super) syncs: AtomicU32,
    pub(super) interval: AtomicU32,
}

impl Fake {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            rows: Mutex::new(vec![]),
            letters: Mutex::new(vec![]),
            sources: Mutex::new(vec![source("mock")]),
            refused: Mutex::new(None),
            redriven: Mutex::new(vec![]),
            told: Told::default(),
            health: Mutex::default(),
            commands: Commands::default(),
            events: Mutex::default(),
            fault: Mutex::new(None),
            panics: AtomicBool::new(false),
            syncs: AtomicU32::new(0),
            interval: AtomicU32::new(30),
        })
    }

    pub(super) fn with_rows(rows: Vec<AlertRow>) -> Arc<Self> {
        let fake = Self::new();
        *fake.rows.lock().unwrap() = rows;
        fake
    }

    pub(super) fn source(&self, change: impl FnOnce(&mut SourceState)) {
        change(&mut self.sources.lock().unwrap()[0]);
    }

    pub(super) fn down(&self) {
        *self.fault.lock().unwrap() = Some(PortError::transient("secret/path: disk I/O error"));
    }

    pub(super) fn router(self: &Arc<Self>) -> Router {
        self.router_with(Access::default())
    }

    /// A router whose requests come by these connections.
    pub(super) fn router_over(self: &Arc<Self>, connections: &Arc<Connections>) -> Router {
        router(self.services(), Access::default(), Arc::clone(connections))
    }

    pub(super) fn router_with(self: &Arc<Self>, access: Access) -> Router {
        router(self.services(), access, Arc::default())
    }

    fn services(self: &Arc<Self>) -> Services {
        Services {
            query: Arc::clone(self) as Arc<dyn Query>,
            control: Arc::clone(self) as Arc<dyn Control>,
            explore: Arc::clone(self) as Arc<dyn Explore>,
            live: Arc::clone(self) as Arc<dyn Live>,
            outbox: Arc::clone(self) as Arc<dyn Outbox>,
            intake: Arc::clone(self) as Arc<dyn Intake>,
            receivers: Arc::clone(self) as Arc<dyn Receivers>,
            reload: Arc::clone(self) as Arc<dyn Reload>,
            health: Arc::clone(self) as Arc<dyn Health>,
            clock: Arc::clone(self) as Arc<dyn Clock>,
            facts: ServiceFacts {
                version: "1.2.3".to_owned(),
                started: at("2026-11-23T09:00:00Z"),
            },
        }
    }

    fn answer<T: Send + 'static>(
        &self,
        value: impl FnOnce() -> T,
    ) -> BoxFuture<'_, Result<T, PortError>> {
        assert!(!self.panics.load(Ordering::Relaxed), "the fake panics");
        let fault = self.fault.lock().unwrap().clone();
        let result = fault.map_or_else(|| Ok(value()), Err);
        Box::pin(async move { result })
    }
}

impl Clock for Fake {
    fn now(&self) -> Timestamp {
        at(NOW)
    }
}

impl Query for Fake {
    fn alerts(
        &self,
        filter: Filter,
        page: PageRequest,
    ) -> BoxFuture<'_, Result<AlertPage, PortError>> {
        self.answer(|| {
            let rows = self.rows.lock().unwrap();
            let from = page
                .before
                .map_or(0, |before| rows.partition_point(|row| row.seq >= before));
            let matching = || rows.iter().filter(|row| filter.matches(row));
            let mut items: Vec<_> = rows[from..]
                .iter()
                .filter(|row| filter.matches(row))
                .take(page.limit + 1)
                .cloned()
                .collect();
            let more = items.len() > page.limit;
            items.truncate(page.limit);
            let next = items.last().map(|row| row.seq).filter(|_| more);
            let total = page.total.then(|| Total {
                value: matching().count() as u64,
                exact: true,
            });
            AlertPage { items, next, total }
        })
    }

    fn alert(&self, id: AlertId) -> BoxFuture<'_, Result<Option<AlertDetail>, PortError>> {
        self.answer(|| {
            let rows = self.rows.lock().unwrap();
            rows.iter().find(|row| row.id == id).cloned().map(detail)
        })
    }

    fn dead_letters(
        &self,
        filter: DeadLetterFilter,
        page: PageRequest,
    ) -> BoxFuture<'_, Result<DeadLetterPage, PortError>> {
        self.answer(|| {
            let letters = self.letters.lock().unwrap();
            let mut items: Vec<_> = letters
                .iter()
                .filter(|letter| page.before.is_none_or(|before| letter.seq < before))
                .filter(|letter| filter.matches(letter))
                .cloned()
                .collect();
            let total = page.total.then_some(Total {
                value: 10_000,
                exact: false,
            });
            let more = items.len() > page.limit;
            items.truncate(page.limit);
            let next = items.last().map(|letter| letter.seq).filter(|_| more);
            DeadLetterPage { items, next, total }
        })
    }

    fn dead_letter(
        &self,
        id: DeadLetterId,
    ) -> BoxFuture<'_, Result<Option<DeadLetter>, PortError>> {
        self.answer(|| {
            let letters = self.letters.lock().unwrap();
            letters.iter().find(|letter| letter.id == id).cloned()
        })
    }

    fn dead_letter_groups(
        &self,
        filter: DeadLetterFilter,
    ) -> BoxFuture<'_, Result<Vec<DeadLetterGroup>, PortError>> {
        self.answer(|| {
            let letters = self.letters.lock().unwrap();
            groups(letters.iter().filter(|letter| filter.matches(letter)))
        })
    }

    fn facts(&self) -> BoxFuture<'_, Result<StoreFacts, PortError>> {
        self.answer(|| StoreFacts {
            engine: "sqlite test.db".to_owned(),
            alerts: self.rows.lock().unwrap().len() as u64,
            dead_letters: self.letters.lock().unwrap().len() as u64,
            head: 7,
            disk_bytes: 4_096,
            wal_bytes: 512,
            index: IndexState {
                ready: true,
                rows: 3,
                bytes: 900,
            },
        })
    }
}

impl Control for Fake {
    fn sources(&self) -> Vec<SourceState> {
        self.sources.lock().unwrap().clone()
    }

    fn attempts(&self, source: &SourceId) -> Option<Vec<Attempt>> {
        let known = self.sources().iter().any(|state| state.id == *source);
        known.then(|| vec![attempt()])
    }

    fn sync(&self, source: Option<&SourceId>) -> Result<(), SyncRefused> {
        if let Some(refused) = self.refused.lock().unwrap().clone() {
            return Err(refused);
        }
        if let Some(id) = source {
            assert!(self.attempts(id).is_some(), "the route checks the id");
        }
        self.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn force_sync(&self, source: &SourceId) -> Result<(), SyncRefused> {
        let mut refused = self.refused.lock().unwrap();
        if matches!(*refused, Some(SyncRefused::NotBefore(_))) {
            *refused = None;
        }
        drop(refused);
        self.sync(Some(source))
    }

    fn interval_minutes(&self) -> u32 {
        self.interval.load(Ordering::Relaxed)
    }

    fn set_interval_minutes(&self, minutes: u32) -> BoxFuture<'_, Result<(), PortError>> {
        self.answer(|| self.interval.store(minutes, Ordering::Relaxed))
    }

    fn pause<'a>(&'a self, source: &'a SourceId) -> BoxFuture<'a, Result<(), CommandRefused>> {
        self.commands.pause(source)
    }

    fn resume<'a>(&'a self, source: &'a SourceId) -> BoxFuture<'a, Result<(), CommandRefused>> {
        self.commands.resume(source)
    }

    fn rewind<'a>(
        &'a self,
        source: &'a SourceId,
        to: Timestamp,
    ) -> BoxFuture<'a, Result<(), CommandRefused>> {
        self.commands.rewind(source, to)
    }

    fn chaos<'a>(
        &'a self,
        source: &'a SourceId,
    ) -> BoxFuture<'a, Result<ChaosState, CommandRefused>> {
        self.commands.chaos(source)
    }

    fn set_chaos<'a>(
        &'a self,
        source: &'a SourceId,
        dials: Option<Dials>,
    ) -> BoxFuture<'a, Result<ChaosState, CommandRefused>> {
        self.commands.set_chaos(source, dials)
    }

    fn redrive(
        &self,
        selection: RedriveSelection,
        dry_run: bool,
    ) -> BoxFuture<'_, Result<RedriveReport, PortError>> {
        self.redriven.lock().unwrap().push((selection, dry_run));
        self.answer(|| RedriveReport {
            dry_run,
            items: vec![
                RedriveItem::Alert {
                    id: DeadLetterId(1),
                    alert: AlertId(9),
                },
                RedriveItem::Refused {
                    id: DeadLetterId(2),
                    reason: Reason::MissingField,
                    detail: "`id` is missing".to_owned(),
                },
                RedriveItem::Passed {
                    id: DeadLetterId(4),
                },
                RedriveItem::Skipped {
                    id: DeadLetterId(3),
                    why: "resolved already".to_owned(),
                },
            ],
        })
    }
}

/// The alert of the recorded answer.
pub(super) fn row(seq: u64) -> AlertRow {
    AlertRow {
        seq,
        id: AlertId(u128::from(seq)),
        source_id: SourceId::new("mock"),
        source: "api_gateway".to_owned(),
        upstream_id: format!("alert-1795426101-{seq}"),
        severity: Severity::High,
        title: None,
        description: "Legacy event from Source.API_GATEWAY with criticality 3.".to_owned(),
        src_ip: "192.168.232.169".parse().unwrap(),
        dst_ip: Some("65.228.219.209".parse().unwrap()),
        created_at: at("2026-11-23T09:28:21.382794Z"),
        ingested_at: at("2026-11-23T09:29:00Z"),
        updated_at: at("2026-11-23T09:29:00.5Z"),
        country: Some("US".to_owned()),
        user: Some("user-ajyyrr".to_owned()),
        revision: 2,
        marks: Marks::default(),
    }
}

fn detail(mut row: AlertRow) -> AlertDetail {
    let table = |of: &str, name: &str| TableInfo {
        of: of.to_owned(),
        name: name.to_owned(),
        description: "some entries".to_owned(),
        built: "2026-11-01".to_owned(),
    };
    for mark in [
        Marks::GEO_FOUND,
        Marks::USER_NETWORK,
        Marks::CRITICALITY_OUTSIDE,
    ] {
        row.marks.add(mark);
    }
    AlertDetail {
        row,
        raw: b"{\"alertId\":\"x\"}".to_vec(),
        enriched: Some(b"{\"alertId\":\"x\",\"country\":\"Iran\"}".to_vec()),
        matches: vec![StoredMatch {
            rule: "threat.list".to_owned(),
            field: "src_ip".to_owned(),
            value: "203.0.113.7".to_owned(),
            list: Some("known".to_owned()),
            entry: Some("203.0.113.0/24".to_owned()),
            origin: Some("known.txt".to_owned()),
        }],
        context: Context {
            adapter: "seed_a/1".to_owned(),
            geo: Some(table("dst_ip", "builtin")),
            user: Some(table("src_ip", "demo")),
            formats: vec![
                FormatInfo {
                    name: "standard".to_owned(),
                    sources: vec!["firewall".to_owned()],
                    fields: vec![("id".to_owned(), "id".to_owned())],
                },
                FormatInfo {
                    name: "legacy".to_owned(),
                    sources: vec!["waf".to_owned(), "api_gateway".to_owned()],
                    fields: vec![
                        ("id".to_owned(), "alertId".to_owned()),
                        ("severity".to_owned(), "criticality".to_owned()),
                    ],
                },
            ],
        },
        revisions: vec![Revision {
            revision: 1,
            replaced_at: at("2026-11-23T09:29:00.5Z"),
            severity: Severity::Low,
            description: "before".to_owned(),
            raw: vec![0xff],
        }],
    }
}

pub(super) fn letter(seq: u64) -> DeadLetter {
    DeadLetter {
        id: DeadLetterId(u128::from(seq)),
        seq,
        source_id: SourceId::new("mock"),
        stage: Stage::Normalize,
        reason: Reason::MissingField,
        detail: "`id` is missing".to_owned(),
        upstream_id: None,
        count: 3,
        first_seen: at("2026-11-23T09:00:00Z"),
        last_seen: at("2026-11-23T09:10:00Z"),
        full_bytes: 2,
        full_hash: "ab".repeat(32),
        raw: b"{}".to_vec(),
        resolved_at: None,
        alert: None,
    }
}

pub(super) fn source(id: &str) -> SourceState {
    SourceState {
        id: SourceId::new(id),
        kind: "http_poll",
        address: "http://127.0.0.1:8001/alerts".to_owned(),
        status: SyncStatus::Idle,
        bookmark: None,
        round: None,
        lag_seconds: None,
        last_sync: None,
        last_success: None,
        last_error: None,
        retry: None,
        next_sync: None,
        not_before: None,
        interval_minutes: 30,
        warnings: vec![],
        sweep: None,
        turns: 4,
        paused: false,
        has_chaos: false,
        minute: Counters::default(),
        counters: Counters {
            read: 5,
            new: 5,
            ..Counters::default()
        },
    }
}

fn attempt() -> Attempt {
    Attempt {
        begun: at("2026-11-23T09:20:00Z"),
        ended: at("2026-11-23T09:20:03Z"),
        trigger: Trigger::Schedule,
        requests: 1,
        pages: 1,
        read: 5,
        new: 5,
        changed: 0,
        dead: 0,
        same: 0,
        http_status: Some(200),
        bookmark_from: None,
        bookmark_to: Some(at("2026-11-23T09:19:59Z")),
        error: None,
    }
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// `GET /path` or `POST /path`, further headers as `name: value` and a body.
pub(super) async fn ask(
    router: &Router,
    line: &str,
    headers: &[&str],
    body: impl Into<Body>,
) -> Answer {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|header| header.starts_with("host:")) {
        request = request.header("host", "127.0.0.1:8000");
    }
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let request = request.body(body.into()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// The answer to a GET.
pub(super) async fn get(router: &Router, path: &str) -> Answer {
    ask(router, &format!("GET {path}"), &[], "").await
}
