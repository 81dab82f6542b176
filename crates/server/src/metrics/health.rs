//! What tells how well the service is: the store's vitals, and what the watchdogs find.

use cresset_model::Timestamp;
use cresset_model::health::{Finding, Watchdog, worst};
use cresset_model::ports::{HealthReport, StoreVitals};

use super::exposition::{Exposition, Kind};

/// Writes all of it; of a store that does not answer nothing is known.
pub(super) fn write(out: &mut Exposition, report: &HealthReport, now: Timestamp) {
    if let Some(vitals) = &report.vitals {
        of_outbox(out, vitals, now);
        of_room(out, vitals);
    }
    of_watchdogs(out, &report.findings);
}

fn of_outbox(out: &mut Exposition, vitals: &StoreVitals, now: Timestamp) {
    out.begin(
        "cresset_outbox_oldest_seconds",
        Kind::Gauge,
        "Age of the oldest notification that its receiver has not taken",
    );
    for waiting in &vitals.waiting {
        let age = now.since(waiting.oldest).as_secs();
        out.sample(&[("receiver", &waiting.receiver)], age);
    }
    out.begin(
        "cresset_cursor_lag",
        Kind::Gauge,
        "Changes that a reader of the change log has not read",
    );
    for (name, position) in &vitals.cursors {
        out.sample(&[("cursor", name)], vitals.head.saturating_sub(*position));
    }
}

fn of_room(out: &mut Exposition, vitals: &StoreVitals) {
    if let Some(free) = vitals.free_bytes {
        out.begin(
            "cresset_store_disk_free_bytes",
            Kind::Gauge,
            "Bytes that are free on the disk of the store",
        );
        out.sample(&[], free);
    }
    let room = &vitals.dead_letters;
    out.begin(
        "cresset_dead_letters_bytes",
        Kind::Gauge,
        "Bytes of all dead letters",
    );
    out.sample(&[], room.bytes);
    out.begin(
        "cresset_dead_letters_bytes_max",
        Kind::Gauge,
        "Bytes that dead letters may take; beyond it the oldest are dropped",
    );
    out.sample(&[], room.bytes_max);
    out.begin(
        "cresset_dead_letters_dropped_total",
        Kind::Counter,
        "Records whose dead letters were dropped to keep the bound, since the store was made",
    );
    for (source, records) in &room.dropped {
        out.sample(&[("source", source.as_str())], *records);
    }
}

/// Labels hold fixed sentences only, so that the series of a finding is the same each time.
fn of_watchdogs(out: &mut Exposition, findings: &[Finding]) {
    out.begin(
        "cresset_health_level",
        Kind::Gauge,
        "How well the service is: 0 green, 1 yellow, 2 red",
    );
    out.sample(&[], worst(findings).number());
    out.begin(
        "cresset_watchdog_level",
        Kind::Gauge,
        "The worst that each watchdog finds: 0 green, 1 yellow, 2 red",
    );
    for watchdog in Watchdog::ALL {
        let own = findings.iter().filter(|it| it.watchdog == watchdog);
        let level = own.map(|it| it.level).max().unwrap_or_default();
        out.sample(&[("watchdog", watchdog.as_str())], level.number());
    }
    out.begin(
        "cresset_watchdog_finding",
        Kind::Gauge,
        "What a watchdog finds now, why, and what to do: 1 yellow, 2 red",
    );
    for finding in findings {
        let labels = [
            ("watchdog", finding.watchdog.as_str()),
            ("about", &finding.about),
            ("reason", finding.watchdog.reason()),
            ("remedy", finding.remedy),
        ];
        out.sample(&labels, finding.level.number());
    }
}
