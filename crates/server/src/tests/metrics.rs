//! `/metrics`.

use std::collections::BTreeSet;

use cresset_model::health::{Level, Watchdog};
use cresset_model::ports::HealthReport;
use cresset_model::source::{SweepState, SyncStatus, Warning, WarningKind};

use super::fixture::{Fake, at, delivery, finding, get, vitals};

/// Checks the form and returns the names of the metrics.
fn validated(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut current = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            current = rest.split_once(' ').unwrap().0;
            assert!(names.insert(current.to_owned()), "{current} begins twice");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, current);
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(series.split('{').next().unwrap(), current);
            assert!(value.parse::<f64>().unwrap().is_finite());
            assert!(seen.insert(series.to_owned()), "{series} comes twice");
        }
    }
    assert!(text.ends_with('\n'));
    names
}

#[tokio::test]
async fn metrics_have_the_form_and_the_figures() {
    let fake = Fake::new();
    fake.source(|source| {
        source.status = SyncStatus::Retrying;
        source.lag_seconds = Some(12.5);
        source.bookmark = Some(at("2026-11-23T09:00:00Z"));
        source.counters.late = 3;
        source.sweep = Some(SweepState {
            last: None,
            next: at("2026-11-23T09:00:00Z"),
            running: false,
            late: 2,
        });
        source.warnings = vec![Warning {
            kind: WarningKind::GapSuspected,
            detail: "a gap".to_owned(),
        }];
    });
    *fake.told.deliveries.lock().unwrap() = vec![delivery(2), delivery(1)];
    let router = fake.router();
    get(&router, "/api/v1/alerts/x").await;
    get(&router, "/api/v1/alerts/y").await;
    get(&router, "/nope").await;
    let answer = get(&router, "/metrics").await;
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    validated(&answer.body);
    for line in [
        r#"cresset_build_info{version="1.2.3"} 1"#,
        r#"cresset_source_records_total{source="mock",outcome="read"} 5"#,
        r#"cresset_source_status{source="mock",status="idle"} 0"#,
        r#"cresset_source_status{source="mock",status="retrying"} 1"#,
        r#"cresset_source_bookmark_lag_seconds{source="mock"} 12.5"#,
        r#"cresset_source_late_total{source="mock"} 3"#,
        r#"cresset_source_warning{source="mock",kind="gap_suspected"} 1"#,
        r#"cresset_source_warning{source="mock",kind="saturated_instant"} 0"#,
        r#"cresset_source_interval_seconds{source="mock"} 1800"#,
        "cresset_store_up 1",
        "cresset_store_wal_bytes 512",
        r#"cresset_outbox_rows{state="pending"} 0"#,
        r#"cresset_outbox_rows{state="sent"} 2"#,
        r#"cresset_http_requests_total{method="GET",route="/api/v1/alerts/{id}",status="404"} 2"#,
        r#"cresset_http_requests_total{method="GET",route="unmatched",status="404"} 1"#,
    ] {
        assert!(
            answer.body.lines().any(|known| known == line),
            "{line} in {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn metrics_answer_without_the_store() {
    let fake = Fake::new();
    fake.down();
    let answer = get(&fake.router(), "/metrics").await;
    assert_eq!(answer.status, 200);
    let names = validated(&answer.body);
    assert!(answer.body.contains("cresset_store_up 0\n"));
    assert!(!names.contains("cresset_store_alerts"));
}

#[tokio::test]
async fn watchdogs_and_vitals_are_measured_with_reason_and_remedy() {
    let fake = Fake::new();
    let well = get(&fake.router(), "/metrics").await.body;
    validated(&well);
    assert!(well.contains("cresset_health_level 0\n"));
    assert!(well.contains("cresset_watchdog_level{watchdog=\"source\"} 0\n"));
    assert!(!well.contains("cresset_watchdog_finding"));
    *fake.health.lock().unwrap() = HealthReport {
        findings: vec![
            finding(Watchdog::Outbox, "soc/0", Level::Red),
            finding(Watchdog::Source, "mock", Level::Yellow),
        ],
        vitals: Some(vitals()),
    };
    let answer = get(&fake.router(), "/metrics").await.body;
    validated(&answer);
    let (reason, remedy) = (Watchdog::Source.reason(), Watchdog::Source.remedy());
    let found = format!(
        r#"cresset_watchdog_finding{{watchdog="source",about="mock",reason="{reason}",remedy="{remedy}"}} 1"#
    );
    for line in [
        "cresset_health_level 2",
        r#"cresset_watchdog_level{watchdog="outbox"} 2"#,
        r#"cresset_watchdog_level{watchdog="source"} 1"#,
        r#"cresset_watchdog_level{watchdog="disk"} 0"#,
        &found,
        r#"cresset_outbox_oldest_seconds{receiver="soc/0"} 600"#,
        r#"cresset_cursor_lag{cursor="router"} 3"#,
        "cresset_store_disk_free_bytes 1073741824",
        "cresset_dead_letters_bytes 5000",
        "cresset_dead_letters_bytes_max 1048576",
        r#"cresset_dead_letters_dropped_total{source="mock"} 3"#,
    ] {
        assert!(
            answer.lines().any(|known| known == line),
            "{line} in {answer}"
        );
    }
}
