use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::provenance::Marks;
use crate::{AlertId, SourceId};

fn row() -> AlertRow {
    AlertRow {
        seq: 7,
        id: AlertId(0xABC),
        source_id: SourceId::new("edge"),
        source: "WAF".to_owned(),
        upstream_id: "evt-0042".to_owned(),
        severity: Severity::High,
        description: "Beacon to ΟΔΟΣ (known C2)".to_owned(),
        src_ip: "10.1.2.3".parse().unwrap(),
        dst_ip: "::ffff:203.0.113.9".parse().ok(),
        title: None,
        created_at: Timestamp::from_nanos(1_000),
        ingested_at: Timestamp::from_nanos(2_000),
        updated_at: Timestamp::from_nanos(3_000),
        country: Some("RU".to_owned()),
        user: None,
        revision: 1,
        marks: Marks::default(),
    }
}

fn holds(query: &str, row: &AlertRow) -> bool {
    Filter::parse(query, Timestamp::from_nanos(2_000))
        .unwrap()
        .matches(row)
}

#[test]
fn each_field_tests_its_own_value() {
    let row = row();
    for query in [
        "",
        "severity:high",
        "severity:medium..critical",
        "criticality:>=high",
        "source:waf",
        "source:w?F",
        "pipeline:edge",
        "country:CN,ru",
        "country:r*",
        "-user:*",
        "-user:",
        "id:0000000000000000000000*",
        "upstream_id:evt-*42",
        "description:*beacon*,Beacon*",
        "src_ip:10.0.0.0/8",
        "dst_ip:203.0.113.0/24",
        "dst_ip:::ffff:203.0.113.9",
        "created_at:1970-01-01",
        "created_at:<1970-01-01T00:00:00.0000020Z",
        "from:now to:now",
        "updated_at:>now",
        "severity: country: src_ip: created_at: description: id:",
        "evt-0042",
        "waf",
        "10.1.2",
        "::ffff:cb00",
        "\"BEACON to\"",
        "ΟΔΟΣ",
        "οδο",
    ] {
        assert!(holds(query, &row), "{query}");
        if !query.is_empty() && !query.contains(' ') && !query.starts_with('-') {
            assert!(!holds(&format!("-{query}"), &row), "-{query}");
        }
    }
    for query in [
        "severity:<=medium",
        "severity:>high",
        "pipeline:EDGE",
        "description:beacon*",
        "description:Beacon",
        "upstream_id:\"evt-*42\"",
        "user:",
        "user:*",
        "src_ip:10.1.2.4",
        "src_ip:::/0",
        "created_at:>1970-01-01",
        "from:1970-01-02",
        "updated_at:<=now",
        "absent",
        "severity:high country:CN",
    ] {
        assert!(!holds(query, &row), "{query}");
    }
}

#[test]
fn no_threshold_hides_an_unknown_severity() {
    let mut row = row();
    row.severity = Severity::Unknown;
    for query in [
        "severity:>=high",
        "severity:>low",
        "severity:critical..",
        "severity:unknown",
        "severity:<=low",
        "-severity:",
    ] {
        assert!(holds(query, &row), "{query}");
    }
    for query in ["severity:high", "severity:low..critical", "severity:"] {
        assert!(!holds(query, &row), "{query}");
    }
}

#[test]
fn an_empty_text_is_absent_and_still_equals_itself() {
    let mut row = row();
    row.description.clear();
    assert!(holds("-description:", &row));
    assert!(holds("description:\"\"", &row));
    assert!(holds("description:*", &row));
    row.user = Some(String::new());
    assert!(holds("-user: user:\"\"", &row));
}

#[test]
fn many_stars_do_not_explode() {
    let pattern = Pattern::Wildcard(format!("{}b", "a*".repeat(60)));
    assert!(!pattern.matches(&"a".repeat(5_000)));
}

/// Every way to match, tried one after another.
fn oracle(pattern: &[char], text: &[char], ignore_case: bool) -> bool {
    let Some((first, rest)) = pattern.split_first() else {
        return text.is_empty();
    };
    match (first, text.split_first()) {
        ('*', _) => (0..=text.len()).any(|taken| oracle(rest, &text[taken..], ignore_case)),
        (_, None) => false,
        (wanted, Some((found, others))) => {
            let same = wanted == found || (ignore_case && wanted.eq_ignore_ascii_case(found));
            (*wanted == '?' || same) && oracle(rest, others, ignore_case)
        }
    }
}

proptest! {
    #[test]
    fn wildcards_match_what_a_naive_matcher_matches(
        pattern in "[abAé*?]{0,8}",
        text in "[abAé*]{0,10}",
    ) {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let wildcard = Pattern::Wildcard(pattern.clone());
        prop_assert_eq!(
            wildcard.matches(&text),
            oracle(&chars(&pattern), &chars(&text), false)
        );
        prop_assert_eq!(
            wildcard.matches_ignoring_case(&text),
            oracle(&chars(&pattern), &chars(&text), true)
        );
    }

    #[test]
    fn a_negated_term_is_the_complement(address in any::<u32>(), prefix in 0_u8..=32) {
        let mut row = row();
        row.src_ip = IpAddr::from(address.to_be_bytes());
        let query = format!("src_ip:10.0.0.0/{prefix}");
        prop_assert_ne!(holds(&query, &row), holds(&format!("-{query}"), &row));
    }
}
