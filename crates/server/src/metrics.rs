//! `GET /metrics` in the Prometheus text format.

mod exposition;
mod health;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use cresset_model::Timestamp;
use cresset_model::notification::DeliveryState;
use cresset_model::ports::{DeliveryFilter, StoreFacts};
use cresset_model::source::{SourceState, SyncStatus, WarningKind};

use crate::serve::{Connections, Full, Missed};
use crate::services::{App, Shared};
use crate::{ask, reply};
use exposition::{Exposition, Kind};

const MEDIA: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Every metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    BuildInfo,
    StartTime,
    Records,
    Turns,
    Status,
    Late,
    Warning,
    BookmarkLag,
    LastSuccess,
    Interval,
    StoreUp,
    StoreAlerts,
    StoreDeadLetters,
    StoreHead,
    StoreDiskBytes,
    StoreWalBytes,
    IndexReady,
    IndexRows,
    IndexBytes,
    Deliveries,
    HttpRequests,
    Connections,
    ConnectionsRefused,
    ConnectionsCut,
}

impl Metric {
    /// Whether it only grows.
    fn kind(self) -> Kind {
        match self {
            Self::Records
            | Self::Turns
            | Self::Late
            | Self::HttpRequests
            | Self::ConnectionsRefused
            | Self::ConnectionsCut => Kind::Counter,
            _ => Kind::Gauge,
        }
    }

    /// Name and meaning.
    fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::BuildInfo => ("cresset_build_info", "1; the version is a label"),
            Self::StartTime => (
                "cresset_start_time_seconds",
                "Start of the process, unix time",
            ),
            Self::Records => (
                "cresset_source_records_total",
                "Records of a source by what became of them; read + redriven equals the sum of all others",
            ),
            Self::Turns => (
                "cresset_source_turns_total",
                "Poll turns that have ended since the process started",
            ),
            Self::Status => (
                "cresset_source_status",
                "1 for the status a source is in, 0 for all others",
            ),
            Self::Late => (
                "cresset_source_late_total",
                "New alerts that lay before the reach of the polls, found by sweeps",
            ),
            Self::Warning => (
                "cresset_source_warning",
                "1 while the poll rule warns of what it cannot mend, by kind",
            ),
            Self::BookmarkLag => (
                "cresset_source_bookmark_lag_seconds",
                "Seconds from the bookmark to now",
            ),
            Self::LastSuccess => (
                "cresset_source_last_success_time_seconds",
                "End of the latest successful sync, unix time",
            ),
            Self::Interval => ("cresset_source_interval_seconds", "Seconds between polls"),
            Self::StoreUp => ("cresset_store_up", "Whether the store answers"),
            Self::StoreAlerts => ("cresset_store_alerts", "Alerts stored now"),
            Self::StoreDeadLetters => ("cresset_store_dead_letters", "Open dead letters"),
            Self::StoreHead => (
                "cresset_store_change_log_position",
                "Last position of the change log",
            ),
            Self::StoreDiskBytes => (
                "cresset_store_disk_bytes",
                "Bytes on disk, journals included",
            ),
            Self::StoreWalBytes => ("cresset_store_wal_bytes", "Bytes of the write-ahead log"),
            Self::IndexReady => ("cresset_index_ready", "Whether the live index is in use"),
            Self::IndexRows => ("cresset_index_rows", "Rows of the live index"),
            Self::IndexBytes => ("cresset_index_bytes", "Bytes of the live index"),
            Self::Deliveries => ("cresset_outbox_rows", "Deliveries kept, by state"),
            Self::HttpRequests => (
                "cresset_http_requests_total",
                "Requests answered, by method, route and status",
            ),
            Self::Connections => ("cresset_http_connections", "Connections open now"),
            Self::ConnectionsRefused => (
                "cresset_http_connections_refused_total",
                "Connections not taken, by the bound that was reached",
            ),
            Self::ConnectionsCut => (
                "cresset_http_connections_cut_total",
                "Connections closed on a client, by the deadline that it missed",
            ),
        }
    }
}

/// All metrics, also while the store does not answer.
pub(crate) async fn get(State(app): State<Shared>) -> Response {
    let (facts, found) = tokio::join!(ask::facts(&app), app.services.health.health());
    let facts = facts.ok();
    let mut out = Exposition::default();
    of_process(&mut out, &app);
    of_sources(&mut out, &app.services.control.sources());
    of_store(&mut out, facts.as_ref());
    if facts.is_some() {
        of_outbox(&mut out, &app).await;
    }
    health::write(&mut out, &found, app.now());
    of_requests(&mut out, &app);
    reply::typed(StatusCode::OK, MEDIA, out.finish())
}

fn of_process(out: &mut Exposition, app: &App) {
    let facts = &app.services.facts;
    begin(out, Metric::BuildInfo);
    out.sample(&[("version", &facts.version)], 1);
    begin(out, Metric::StartTime);
    out.sample(&[], facts.started.seconds());
}

fn of_sources(out: &mut Exposition, sources: &[SourceState]) {
    begin(out, Metric::Records);
    for source in sources {
        for (name, count) in source.counters.named() {
            out.sample(&[("source", source.id.as_str()), ("outcome", name)], count);
        }
    }
    begin(out, Metric::Turns);
    for source in sources {
        out.sample(&[("source", source.id.as_str())], source.turns);
    }
    begin(out, Metric::Status);
    for source in sources {
        for status in SyncStatus::ALL {
            let labels = [("source", source.id.as_str()), ("status", status.as_str())];
            out.sample(&labels, u8::from(source.status == status));
        }
    }
    begin(out, Metric::Late);
    for source in sources.iter().filter(|source| source.sweep.is_some()) {
        out.sample(&[("source", source.id.as_str())], source.counters.late);
    }
    begin(out, Metric::Warning);
    for source in sources.iter().filter(|source| source.bookmark.is_some()) {
        for kind in WarningKind::ALL {
            let labels = [("source", source.id.as_str()), ("kind", kind.as_str())];
            let is_raised = source.warnings.iter().any(|warning| warning.kind == kind);
            out.sample(&labels, u8::from(is_raised));
        }
    }
    begin(out, Metric::BookmarkLag);
    for source in sources {
        if let Some(lag) = source.lag_seconds {
            out.sample(&[("source", source.id.as_str())], lag);
        }
    }
    begin(out, Metric::LastSuccess);
    for source in sources {
        if let Some(at) = source.last_success.map(Timestamp::seconds) {
            out.sample(&[("source", source.id.as_str())], at);
        }
    }
    begin(out, Metric::Interval);
    for source in sources {
        let seconds = u64::from(source.interval_minutes) * 60;
        out.sample(&[("source", source.id.as_str())], seconds);
    }
}

fn of_store(out: &mut Exposition, facts: Option<&StoreFacts>) {
    begin(out, Metric::StoreUp);
    out.sample(&[], u8::from(facts.is_some()));
    let Some(facts) = facts else {
        return;
    };
    for (metric, value) in [
        (Metric::StoreAlerts, facts.alerts),
        (Metric::StoreDeadLetters, facts.dead_letters),
        (Metric::StoreHead, facts.head),
        (Metric::StoreDiskBytes, facts.disk_bytes),
        (Metric::StoreWalBytes, facts.wal_bytes),
        (Metric::IndexReady, u64::from(facts.index.ready)),
        (Metric::IndexRows, facts.index.rows),
        (Metric::IndexBytes, facts.index.bytes),
    ] {
        begin(out, metric);
        out.sample(&[], value);
    }
}

/// A count that the outbox does not give cheaply is left out.
async fn of_outbox(out: &mut Exposition, app: &App) {
    begin(out, Metric::Deliveries);
    for state in DeliveryState::ALL {
        let filter = DeliveryFilter {
            state: Some(state),
            ..DeliveryFilter::default()
        };
        let page = ask::ask(app, app.services.outbox.deliveries(filter, None, 1)).await;
        let Ok(Some(total)) = page.map(|page| page.total) else {
            return;
        };
        out.sample(&[("state", state.as_str())], total.value);
    }
}

fn of_requests(out: &mut Exposition, app: &App) {
    begin(out, Metric::HttpRequests);
    for ((method, route, status), count) in app.traffic.snapshot() {
        let status = status.to_string();
        let labels = [("method", method), ("route", &route), ("status", &status)];
        out.sample(&labels, count);
    }
    of_connections(out, &app.connections);
}

fn of_connections(out: &mut Exposition, connections: &Connections) {
    begin(out, Metric::Connections);
    out.sample(&[], connections.open());
    begin(out, Metric::ConnectionsRefused);
    for full in Full::EACH {
        out.sample(&[("bound", full.as_str())], connections.refused(full));
    }
    begin(out, Metric::ConnectionsCut);
    for missed in Missed::EACH {
        out.sample(&[("deadline", missed.as_str())], connections.cut(missed));
    }
}

fn begin(out: &mut Exposition, metric: Metric) {
    let ((name, help), kind) = (metric.parts(), metric.kind());
    out.begin(name, kind, help);
}
