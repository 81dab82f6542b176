use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::Value;

use super::super::TALKERS_MAX;
use super::*;

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-11-23T09:00:00.987Z").unwrap()
    }
}

fn producer(seed: u64, talkers: Option<u32>) -> Producer {
    let config = ProducerConfig {
        seed: Some(seed),
        talkers,
    };
    Producer::new(config, Arc::new(FixedClock))
}

fn make(count: usize, producer: &mut Producer) -> String {
    let mut out = Vec::new();
    producer.write_many(count, &mut out);
    String::from_utf8(out).unwrap()
}

fn events(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text<'a>(event: &'a Value, name: &str) -> &'a str {
    event[name].as_str().unwrap()
}

fn counts<'a>(events: &'a [Value], name: &str) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(text(event, name)).or_default() += 1;
    }
    counts
}

#[test]
fn an_event_has_its_members_in_their_order() {
    let made = make(1, &mut producer(7, None));
    let event = &events(&made)[0];
    let names: Vec<&String> = event.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "timestamp",
            "source_ip",
            "destination_ip",
            "event_type",
            "severity",
            "description"
        ]
    );
    assert_eq!(text(event, "timestamp"), "2026-11-23T09:00:00Z");
    assert!(made.starts_with("{\"timestamp\":\"2026") && made.ends_with("\"}\n"));
}

#[test]
fn kinds_and_severities_are_even_and_each_kind_has_its_description() {
    let made = make(30_000, &mut producer(7, None));
    let events = events(&made);
    let kinds = counts(&events, "event_type");
    assert_eq!(kinds.len(), 5);
    assert!(
        kinds.values().all(|n| (5_700..6_300).contains(n)),
        "{kinds:?}"
    );
    let severities = counts(&events, "severity");
    let names: Vec<&&str> = severities.keys().collect();
    assert_eq!(names, [&"high", &"low", &"medium"]);
    assert!(
        severities.values().all(|n| (9_600..10_400).contains(n)),
        "{severities:?}"
    );
    let pairs: BTreeSet<(&str, &str)> = events
        .iter()
        .map(|event| (text(event, "event_type"), text(event, "description")))
        .collect();
    let expected = [
        ("access_denied", "Access to resource denied"),
        ("access_granted", "Access to resource granted"),
        ("login_attempt", "User login attempt detected"),
        ("malware_detected", "Malware signature detected"),
        ("port_scan", "Port scanning activity detected"),
    ];
    assert_eq!(pairs, BTreeSet::from(expected));
}

#[test]
fn one_event_in_ten_comes_from_a_listed_address() {
    let made = make(30_000, &mut producer(7, None));
    let events = events(&made);
    let sources = counts(&events, "source_ip");
    let malicious = MALICIOUS.map(|address| sources[address.to_string().as_str()]);
    assert!(
        malicious.iter().all(|n| (850..1_150).contains(n)),
        "{malicious:?}"
    );
    assert!(sources.len() > 26_000, "the others are any");
    for event in &events {
        let destination: Ipv4Addr = text(event, "destination_ip").parse().unwrap();
        assert_eq!(destination.octets()[0], 10);
    }
}

#[test]
fn the_list_of_the_configuration_names_the_listed_addresses() {
    let list = include_str!("../../../../../config/malicious-ips.txt");
    let named: Vec<&str> = list
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    assert_eq!(named, MALICIOUS.map(|address| address.to_string()));
}

#[test]
fn the_same_seed_gives_the_same_events_however_they_are_divided() {
    let whole = make(1_000, &mut producer(7, None));
    let mut divided = producer(7, None);
    let parts: String = [1, 0, 499, 500].map(|n| make(n, &mut divided)).concat();
    assert!(whole == parts);
    assert_ne!(whole, make(1_000, &mut producer(8, None)));
}

#[test]
fn without_a_seed_the_clock_gives_one() {
    let clock = Arc::new(FixedClock);
    let mut own = Producer::new(ProducerConfig::default(), clock);
    let nanos = FixedClock.now().nanos().unsigned_abs();
    assert_eq!(make(10, &mut own), make(10, &mut producer(nanos, None)));
}

#[test]
fn talkers_limit_the_number_of_addresses() {
    let made = make(5_000, &mut producer(7, Some(20)));
    let events = events(&made);
    assert_eq!(counts(&events, "source_ip").len(), 20 + MALICIOUS.len());
    make(10, &mut producer(7, Some(TALKERS_MAX)));
}
