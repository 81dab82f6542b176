use std::path::Path;

use super::super::environment::Ports;
use super::super::tests::{MINIMAL, loaded, minimal_with};
use super::*;

const EVENTS: &str = "  e:
    source: { push: {} }
    adapter: nullify
    enrich: [ geo: {} ]
    detect: [ threat: { severity: high } ]
    sinks: [ file: { path: events } ]
lists: { a: { addresses: [ 192.0.2.1 ] } }
route: { receiver: r }
receivers: [ { name: r } ]
";

/// Reads the difference that replacing a text makes: what is applied, and what needs a restart.
#[track_caller]
fn check(from: &str, to: &str, applied: &[&str], restart: &[&str]) {
    let text = minimal_with(EVENTS);
    assert!(text.contains(from), "{from}");
    let changed = text.replacen(from, to, 1);
    let verdict = loaded(&text, &[]).reload_difference(&loaded(&changed, &[]));
    let keys: Vec<&str> = verdict
        .restart
        .iter()
        .map(|need| need.key.as_str())
        .collect();
    assert_eq!(verdict.applied, applied, "{to}");
    assert_eq!(keys, restart, "{to}");
    assert_eq!(verdict.is_applicable(), restart.is_empty());
    assert_eq!(
        verdict.is_unchanged(),
        applied.is_empty() && restart.is_empty()
    );
}

#[test]
fn the_same_configuration_changes_nothing() {
    check("version: 1", "version: 1", &[], &[]);
    check("version: 1", "# a comment\nversion: 1", &[], &[]);
    // A default that is written out is the same.
    check("push: {}", "push: { in_flight: 128 }", &[], &[]);
}

#[test]
fn what_is_decided_anew_for_each_batch_is_applied() {
    for (from, to, key) in [
        ("192.0.2.1", "192.0.2.2", "lists"),
        ("receiver: r }", "receiver: r, group_by: [] }", "route"),
        ("{ name: r }", "{ name: r, console: {} }", "receivers"),
        ("severity: high", "severity: low", "pipelines.e.detect"),
        ("geo: {}", "geo: { of: dst_ip }", "pipelines.e.enrich"),
        (
            "adapter: nullify",
            "adapter: nullify\n    alerts: all",
            "pipelines.e.alerts",
        ),
        (
            "url: https://example.com/alerts",
            "url: https://example.com/alerts\n        interval: 1m",
            "pipelines.p.source.http_poll.interval",
        ),
        ("version: 1", "version: 1\nlimits: { depth: 8 }", "limits"),
        (
            "version: 1",
            "version: 1\nretention: { alerts: never }",
            "retention",
        ),
    ] {
        check(from, to, &[key], &[]);
    }
}

#[test]
fn what_is_settled_at_the_start_needs_a_restart() {
    for (from, to, key) in [
        (
            "version: 1",
            "version: 1\nstore: { sqlite: { path: x } }",
            "store",
        ),
        (
            "version: 1",
            "version: 1\nserver: { listen: 127.0.0.1:1 }",
            "server.listen",
        ),
        (
            "version: 1",
            "version: 1\nserver: { also_listen: [ 127.0.0.1:1 ] }",
            "server.also_listen",
        ),
        (
            "version: 1",
            "version: 1\nserver: { open: true }",
            "server.open",
        ),
        (
            "version: 1",
            "version: 1\nserver: { hosts: [ a.example ] }",
            "server.hosts",
        ),
        ("push: {}", "push: { in_flight: 1 }", "pipelines.e.source"),
        ("push: {}", "generate: {}", "pipelines.e.source"),
        (
            "https://example.com/alerts",
            "https://example.com/other",
            "pipelines.p.source.http_poll",
        ),
        ("path: events", "path: other", "pipelines.e.sinks"),
        (
            "adapter: nullify",
            "adapter: nullify\n    id: f",
            "pipelines.e.id",
        ),
    ] {
        check(from, to, &[], &[key]);
    }
    check(
        "adapter: seed_a",
        "adapter: nullify",
        &["pipelines.p.alerts"],
        &["pipelines.p.adapter"],
    );
    check("  e:\n", "  f:\n", &[], &["pipelines.e", "pipelines.f"]);
}

#[test]
fn every_need_has_a_sentence() {
    let old = loaded(MINIMAL, &[]);
    let new = Config::demo_nullify(Ports::default(), Path::new("elsewhere"));
    let verdict = old.reload_difference(&new);
    let shown: Vec<String> = verdict
        .restart
        .iter()
        .map(|need| format!("{}: {}", need.key, need.why))
        .collect();
    assert_eq!(
        shown,
        [
            "store: the store is opened once, at the start",
            "server.also_listen: addresses are bound once, at the start",
            "pipelines.p: a pipeline is stopped by a restart only",
            "pipelines.nullify: a pipeline is started by a restart only",
        ]
    );
}
