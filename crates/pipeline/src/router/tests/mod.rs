mod bodies;
mod groups;
mod matchers;
mod routes;

use std::collections::BTreeMap;
use std::time::Duration;

use cresset_model::alert::{AlertRow, Position, Seq, StoredMatch};
use cresset_model::notification::{Intent, RoutedRow};
use cresset_model::ports::RouterMemory;
use cresset_model::provenance::Marks;
use cresset_model::{AlertId, Severity, SourceId, Timestamp};

use super::{Grouping, Label, Matcher, RouteTree, Router, State, Step};

/// An instant so many seconds after the beginning of all tests.
fn at(seconds: u64) -> Timestamp {
    Timestamp::parse("2026-11-23T10:00:00Z")
        .unwrap()
        .plus(Duration::from_secs(seconds))
}

/// A new alert at a position, of a severity.
fn row(position: Position, severity: Severity) -> RoutedRow {
    RoutedRow {
        position,
        revision: 1,
        is_new: true,
        row: Some(AlertRow {
            seq: position,
            id: AlertId(u128::from(position)),
            source_id: SourceId::new("nullify"),
            source: "nullify".to_owned(),
            upstream_id: String::new(),
            severity,
            title: Some("High severity detected".to_owned()),
            description: "Repeated failed logins".to_owned(),
            src_ip: "203.0.113.7".parse().unwrap(),
            dst_ip: None,
            created_at: at(0),
            ingested_at: at(0),
            updated_at: at(0),
            country: Some("DE".to_owned()),
            user: None,
            revision: 1,
            marks: Marks::default(),
        }),
        matches: vec![StoredMatch {
            rule: "threat.severity".to_owned(),
            field: "severity".to_owned(),
            value: "high".to_owned(),
            list: None,
            entry: None,
            origin: None,
        }],
        record: br#"{"severity":"high"}"#.to_vec(),
    }
}

/// The same with the alert changed.
fn with(mut row: RoutedRow, change: impl FnOnce(&mut AlertRow)) -> RoutedRow {
    change(row.row.as_mut().unwrap());
    row
}

fn route(receiver: &str, matchers: &[&str]) -> RouteTree {
    RouteTree {
        matchers: matchers
            .iter()
            .map(|text| Matcher::parse(text).unwrap())
            .collect(),
        ..RouteTree::to(receiver)
    }
}

fn grouped(receiver: &str, labels: &[Label]) -> RouteTree {
    RouteTree {
        grouping: Grouping::Labels(labels.to_vec()),
        ..RouteTree::to(receiver)
    }
}

/// A router over `soc` with two notifiers, `night` and `mail` with one, and `nobody` with none.
fn router(tree: RouteTree) -> Router {
    let receivers = [("soc", 2), ("night", 1), ("mail", 1), ("nobody", 0)];
    let receivers: BTreeMap<String, usize> = receivers
        .map(|(name, count)| (name.to_owned(), count))
        .into();
    Router::new(tree, receivers).unwrap()
}

/// The rows of the places that a router needs, out of all rows.
fn waited(router: &Router, state: &State, all: &[RoutedRow], now: Timestamp) -> Vec<RoutedRow> {
    let find = |seq: Seq| all.iter().find(|row| row.row.as_ref().unwrap().seq == seq);
    let needs = router.needs(state, now);
    needs.into_iter().filter_map(find).cloned().collect()
}

/// Steps over the rows that lie after the cursor, and applies.
fn advance(router: &Router, state: &mut State, all: &[RoutedRow], now: Timestamp) -> Step {
    let rows = waited(router, state, all, now);
    let step = router.step(state, all, &rows, now);
    state.apply(&step);
    step
}

fn told(intents: &[Intent]) -> Vec<(String, Vec<u128>)> {
    let told = |intent: &Intent| {
        let alerts = intent.alerts.iter().map(|alert| alert.0).collect();
        (intent.receiver.clone(), alerts)
    };
    intents.iter().map(told).collect()
}

fn memory() -> State {
    State::new(RouterMemory::default())
}
