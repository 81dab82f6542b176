use cresset_model::indicator::parse_entry;
use cresset_model::provenance::TableInfo;

use super::*;

const RECEIVED: &str = "high 192.0.2.1 2001:db8::1";

fn text(part: &str) -> Text {
    let start = RECEIVED.find(part).unwrap();
    Text::received(Span::between(start, start + part.len()))
}

fn event(severity: Severity, dst_ip: Option<&str>) -> Event {
    let observable = |address: &str| Observable {
        address: address.parse().unwrap(),
        text: text(address),
    };
    Event {
        severity,
        severity_text: text("high"),
        src_ip: observable("192.0.2.1"),
        dst_ip: dst_ip.map(observable),
    }
}

fn list(name: &str, entries: &[&str]) -> Arc<IndicatorList> {
    let info = TableInfo {
        name: format!("{name}.txt"),
        ..TableInfo::default()
    };
    let mut builder = IndicatorList::builder(name, info);
    for entry in entries {
        builder.add(parse_entry(entry).unwrap()).unwrap();
    }
    Arc::new(builder.build())
}

/// The verdict and the matches as `rule field value list entry origin`.
fn run(
    detectors: Vec<Detector>,
    event: &Event,
    lists: &[Arc<IndicatorList>],
) -> (Verdict, Vec<String>) {
    let (mut matches, mut arena) = (Vec::new(), "before".to_owned());
    let mut findings = Findings {
        matches: &mut matches,
        arena: &mut arena,
    };
    let verdict = Detection::new(detectors).run(event, lists, &mut findings);
    let described = matches.iter().map(|found| {
        let value = found.value.resolve(RECEIVED.as_bytes(), &arena);
        let mut line = format!("{} {} {value}", found.rule, found.field);
        if let Some(of) = &found.entry {
            let entry = of.entry.resolve(RECEIVED.as_bytes(), &arena);
            write!(line, " {} {entry} {}", of.list, of.origin).unwrap();
        }
        line
    });
    (verdict, described.collect())
}

fn threat() -> Vec<Detector> {
    vec![Detector::Threat {
        severity: vec![Severity::High],
        list: Some(0),
    }]
}

#[test]
fn the_threat_test_says_one_of_three_sentences() {
    let bad = [list("bad", &["192.0.2.1"])];
    let none = [list("bad", &["192.0.2.2"])];
    let severity = "threat.severity severity high".to_owned();
    let entry = "threat.list src_ip 192.0.2.1 bad 192.0.2.1 bad.txt".to_owned();
    for (claims, lists, sentence, matches) in [
        (
            Severity::High,
            &bad,
            Some("High severity & malicious IP detected"),
            vec![severity.clone(), entry.clone()],
        ),
        (
            Severity::High,
            &none,
            Some("High severity detected"),
            vec![severity],
        ),
        (
            Severity::Low,
            &bad,
            Some("Malicious IP detected"),
            vec![entry],
        ),
        (Severity::Medium, &none, None, vec![]),
    ] {
        let (verdict, found) = run(threat(), &event(claims, None), lists);
        assert_eq!((verdict.title, verdict.threat), (sentence, sentence));
        assert_eq!(found, matches);
    }
}

#[test]
fn exactly_the_severities_that_are_named_fire() {
    let fires = |severity: &[Severity], claims| {
        let detectors = vec![Detector::Threat {
            severity: severity.to_vec(),
            list: None,
        }];
        run(detectors, &event(claims, None), &[]).0.threat.is_some()
    };
    for claims in Severity::ALL {
        assert_eq!(fires(&[Severity::High], claims), claims == Severity::High);
        let both = [Severity::Critical, Severity::Low];
        assert_eq!(fires(&both, claims), both.contains(&claims));
        assert!(!fires(&[], claims));
    }
}

#[test]
fn indicators_ask_every_list_about_every_address() {
    let lists = [
        list("nets", &["192.0.0.0/16", "192.0.2.0/24"]),
        list("hosts", &["2001:db8::1"]),
        list("unasked", &["192.0.2.1"]),
    ];
    let detectors = vec![Detector::Indicators {
        lists: vec![0, 1, 9],
    }];
    let event = event(Severity::Low, Some("2001:db8::1"));
    let (verdict, found) = run(detectors, &event, &lists);
    assert_eq!(verdict.title, Some("Indicator detected"));
    assert_eq!(verdict.threat, None);
    assert_eq!(
        found,
        [
            "indicators src_ip 192.0.2.1 nets 192.0.2.0/24 nets.txt",
            "indicators dst_ip 2001:db8::1 hosts 2001:db8::1 hosts.txt",
        ]
    );
}

#[test]
fn the_sentence_of_the_threat_goes_before_the_indicators() {
    let lists = [list("bad", &["192.0.2.1"])];
    let mut detectors = vec![Detector::Indicators { lists: vec![0] }];
    detectors.extend(threat());
    assert!(Detection::new(detectors.clone()).has_threat());
    let (verdict, found) = run(detectors, &event(Severity::High, None), &lists);
    assert_eq!(verdict.title, Some("High severity & malicious IP detected"));
    assert_eq!(found.len(), 3);
}

#[test]
fn without_detections_nothing_fires() {
    let (verdict, found) = run(vec![], &event(Severity::Critical, None), &[]);
    assert_eq!(verdict, Verdict::default());
    assert_eq!(found, [""; 0]);
    assert!(Detection::new(vec![]).is_empty());
    assert!(!Detection::new(vec![]).has_threat());
}
