//! Events: detection, splicing, identity.

use std::collections::HashMap;
use std::sync::Arc;

use cresset_model::city::CityTable;
use cresset_model::indicator::{IndicatorList, parse_entry};
use cresset_model::ports::GeoAnswer;
use cresset_model::tables::GeoFragment;

use super::*;
use crate::decode::LineSlicer;

const HIGH: &str = r#"{"timestamp":"2026-11-23T09:00:00Z","source_ip":"8.8.8.8","destination_ip":"10.0.0.5","event_type":"port_scan","severity":"high","description":"Port scan detected"}"#;
const LOW: &str = r#"{"source_ip":"9.9.9.9","event_type":"access_granted","severity":"low"}"#;
const PLACE: &str = r#""country":"United States","city":"Mountain View","lat":37.4"#;

fn spec() -> PipelineSpec {
    PipelineSpec {
        city_of: Some(AddressField::SrcIp),
        detect: vec![Detector::Threat {
            severity: vec![Severity::High],
            list: Some(0),
        }],
        alerts: AlertRule::Detected,
        write: true,
        ..PipelineSpec::new(Adapter::Nullify)
    }
}

fn event_tables() -> Tables {
    let mut city = CityTable::builder();
    let place = city.fragment(&GeoFragment {
        country_code: Some(*b"US"),
        members: PLACE.to_owned(),
    });
    assert!(city.v4(0x0808_0800, place));
    assert!(city.v4(0x0808_0900, cresset_model::city::FragmentNumber::NOWHERE));
    let info = TableInfo {
        name: "bad.txt".to_owned(),
        ..TableInfo::default()
    };
    let mut list = IndicatorList::builder("malicious-ips", info);
    list.add(parse_entry("192.0.2.0/24").unwrap()).unwrap();
    list.add(parse_entry("8.8.4.4").unwrap()).unwrap();
    let info = TableInfo {
        name: "city.mmdb".to_owned(),
        ..TableInfo::default()
    };
    Tables {
        city: Some(Arc::new(city.finish(info))),
        indicators: vec![Arc::new(list.build())],
        ..Tables::default()
    }
}

fn lines_batch(lines: &str, identity: BatchIdentity) -> RawBatch {
    let mut slicer = LineSlicer::new(RecordLimits::default(), 0);
    slicer.feed(lines.as_bytes());
    slicer.finish();
    let (bytes, records) = slicer
        .take_rest()
        .map_or_else(Default::default, |cut| (cut.bytes, cut.records));
    RawBatch {
        identity,
        bytes,
        records,
        ..batch_of(b"[]")
    }
}

fn decide(spec: &PipelineSpec, lines: &str) -> Outcome {
    let batch = lines_batch(lines, BatchIdentity::Vendor);
    decide_batch(spec, batch, &event_tables(), &Answers::default())
}

fn decide_batch(
    spec: &PipelineSpec,
    batch: RawBatch,
    tables: &Tables,
    answers: &Answers,
) -> Outcome {
    let pipeline = Pipeline::new(spec.clone());
    let mut scratch = Scratch::default();
    let prepared = pipeline.prepare(batch, &mut scratch);
    pipeline.finish(tables, prepared, answers, received(), &mut scratch)
}

fn written(outcome: &Outcome) -> Vec<&str> {
    let line = |event: &cresset_model::outcome::OutEvent| {
        std::str::from_utf8(event.line.of(&outcome.out)).unwrap()
    };
    outcome.events.iter().map(line).collect()
}

/// The record with members before its closing brace.
fn with(record: &str, members: &str) -> String {
    format!("{},{members}}}", record.strip_suffix('}').unwrap())
}

#[test]
fn an_event_is_enriched_tested_and_written() {
    let outcome = decide(&spec(), &format!("{HIGH}\n{LOW}\n"));
    let threat = r#""threat_info":"High severity detected""#;
    let enriched = with(HIGH, &format!("{PLACE},{threat}"));
    assert_eq!(written(&outcome), [&*enriched, LOW]);
    assert_eq!(outcome.out, format!("{enriched}\n{LOW}\n"));
    let records: Vec<u32> = outcome.events.iter().map(|event| event.record).collect();
    assert_eq!(records, [0, 1]);
    assert_eq!(
        (outcome.read, outcome.passed, outcome.enrich_misses),
        (2, 1, 1)
    );
    let [alert] = &outcome.alerts[..] else {
        panic!("one alert is expected");
    };
    assert_eq!(alert.title, Some("High severity detected"));
    assert_eq!(alert.source, "port_scan");
    assert_eq!(alert.severity, Severity::High);
    assert_eq!(outcome.text(alert.description), "Port scan detected");
    assert_eq!(outcome.text(alert.upstream_id), "");
    assert_eq!(alert.country, Some(*b"US"));
    assert_eq!(
        alert.enriched.unwrap().of(&outcome.out),
        enriched.as_bytes()
    );
    assert_eq!(outcome.raw(alert.raw), HIGH.as_bytes());
    assert_eq!(marks(alert), ["geo_found"]);
    let [found] = outcome.matches_of(alert) else {
        panic!("one match is expected");
    };
    assert_eq!((&*found.rule, found.field), ("threat.severity", "severity"));
    assert_eq!(outcome.text(found.value), "high");
    assert_eq!(outcome.context.adapter, "nullify/1");
    let geo = outcome.context.geo.as_ref().unwrap();
    assert_eq!((&*geo.of, &*geo.name), ("src_ip", "city.mmdb"));
}

#[test]
fn a_listed_address_names_list_entry_and_origin() {
    let listed = LOW.replace("9.9.9.9", "192.0.2.77");
    let both = HIGH.replace("8.8.8.8", "8.8.4.4");
    let outcome = decide(&spec(), &format!("{listed}\n{LOW}\n{both}"));
    let titles: Vec<_> = outcome.alerts.iter().map(|alert| alert.title).collect();
    assert_eq!(
        titles,
        [
            Some("Malicious IP detected"),
            Some("High severity & malicious IP detected"),
        ]
    );
    let found = &outcome.matches_of(&outcome.alerts[0])[0];
    assert_eq!((&*found.rule, found.field), ("threat.list", "src_ip"));
    assert_eq!(outcome.text(found.value), "192.0.2.77");
    let entry = found.entry.as_ref().unwrap();
    assert_eq!((&*entry.list, &*entry.origin), ("malicious-ips", "bad.txt"));
    assert_eq!(outcome.text(entry.entry), "192.0.2.0/24");
    assert_eq!(outcome.matches_of(&outcome.alerts[1]).len(), 2);
    assert_eq!(
        marks(&outcome.alerts[0]),
        ["geo_not_public", "time_missing"]
    );
    assert_eq!(outcome.alerts[0].created_at, received());
    assert_eq!(outcome.enrich_misses, 3);
}

#[test]
fn without_sinks_only_alerts_are_written() {
    let spec = PipelineSpec {
        write: false,
        ..spec()
    };
    let outcome = decide(&spec, &format!("{LOW}\n{HIGH}\n"));
    assert!(outcome.events.is_empty());
    let line = outcome.alerts[0].enriched.unwrap();
    assert_eq!(outcome.out.len(), line.len as usize + 1);
    assert!(line.of(&outcome.out).starts_with(b"{\"timestamp\""));
}

#[test]
fn an_alert_api_is_written_as_received() {
    let spec = PipelineSpec {
        write: true,
        ..pipeline().spec().clone()
    };
    let pretty = STANDARD.replace(',', ",\r\n ");
    let batch = batch_of(format!("[{pretty}]").as_bytes());
    let outcome = decide_batch(&spec, batch, &tables(), &Answers::default());
    assert_eq!(written(&outcome), [STANDARD.replace(',', ",   ")]);
    assert_eq!(outcome.alerts[0].enriched, None);
    assert_eq!(outcome.alerts[0].country, Some(*b"US"));
    let quiet = run(&format!("[{STANDARD}]"), &tables(), &mut Scratch::default());
    assert!(quiet.out.is_empty() && quiet.events.is_empty());
}

#[test]
fn a_sender_cannot_pass_for_an_enrichment() {
    let forged = with(LOW, r#""threat_info":"none","c\u0069ty":"Nowhere","lat":1"#);
    let outcome = decide(&spec(), &forged);
    assert_eq!(written(&outcome), [LOW]);
    assert_eq!((outcome.passed, outcome.enrich_misses), (1, 1));
}

#[test]
fn malformed_events_are_dead_letters_and_no_lines() {
    let malformed = r#"{"source_ip":"1.2.3.4"}"#;
    let outcome = decide(&spec(), &format!("{malformed}\n{LOW}\n{{\n"));
    assert_eq!((outcome.read, outcome.passed), (3, 1));
    assert_eq!(written(&outcome), [LOW]);
    assert_eq!(outcome.events[0].record, 1);
    let details: Vec<_> = outcome
        .rejected
        .iter()
        .map(|r| (r.stage, &*r.detail))
        .collect();
    assert_eq!(
        details,
        [
            (
                Stage::Normalize,
                "field \"severity\" is missing (an event needs source_ip, severity)"
            ),
            (Stage::Decode, "the record ends where a key is expected"),
        ]
    );
}

#[test]
fn every_event_is_an_alert_if_so_configured() {
    let spec = PipelineSpec {
        alerts: AlertRule::All,
        detect: vec![Detector::Indicators { lists: vec![0] }],
        city_of: None,
        ..spec()
    };
    let listed = HIGH.replace("10.0.0.5", "192.0.2.5");
    let outcome = decide(&spec, &format!("{LOW}\n{listed}"));
    let titles: Vec<_> = outcome.alerts.iter().map(|alert| alert.title).collect();
    assert_eq!(titles, [None, Some("Indicator detected")]);
    assert_eq!(outcome.matches_of(&outcome.alerts[1])[0].field, "dst_ip");
    assert_eq!(outcome.alerts[1].enriched, None);
    assert_eq!((outcome.passed, outcome.enrich_misses), (0, 0));
    assert_eq!(written(&outcome), [LOW, &*listed]);
}

#[test]
fn where_nobody_keeps_alerts_the_lines_are_the_same_and_every_event_passes() {
    let lines = format!("{HIGH}\n{LOW}\nnull\n");
    let kept = decide(&spec(), &lines);
    let nobody = PipelineSpec {
        alerts: AlertRule::Nothing,
        ..spec()
    };
    let outcome = decide(&nobody, &lines);
    assert_eq!(written(&outcome), written(&kept));
    assert_eq!((kept.alerts.len(), outcome.alerts.len()), (1, 0));
    assert_eq!((outcome.passed, outcome.rejected.len()), (2, 1));
}

#[test]
fn the_identity_of_an_event_is_its_place_or_its_content() {
    let ids = |lines: &str, identity| -> Vec<AlertId> {
        let batch = lines_batch(lines, identity);
        let outcome = decide_batch(&spec(), batch, &event_tables(), &Answers::default());
        outcome.alerts.iter().map(|alert| alert.id).collect()
    };
    let source = SourceId::new("upstream");
    let twice = format!("{LOW}\n{HIGH}\n{HIGH}\n");
    let second = LOW.len() as u64 + 1;
    let third = second + HIGH.len() as u64 + 1;
    let event = |key, number| AlertId::of_event(&source, key, number);
    assert_eq!(
        ids(
            &twice,
            BatchIdentity::Offset {
                key: 7,
                base: 1_000
            }
        ),
        [event(7, 1_000 + second), event(7, 1_000 + third)]
    );
    assert_eq!(
        ids(&twice, BatchIdentity::Index { key: 9, base: 40 }),
        [event(9, 41), event(9, 42)]
    );
    let by_content = ids(&twice, BatchIdentity::Vendor);
    assert_eq!(by_content[0], by_content[1]);
    let reordered = r#"{ "severity":"high","source_ip":"8.8.8.8" }"#;
    let ordered = r#"{"source_ip":"8.8.8.8","severity":"high"}"#;
    let lines = format!("{reordered}\n{ordered}\n");
    let by_content = ids(&lines, BatchIdentity::Vendor);
    assert_eq!(by_content[0], by_content[1]);
    // The vendor's own id goes before the place.
    let batch = RawBatch {
        identity: BatchIdentity::Index { key: 9, base: 0 },
        ..batch_of(format!("[{STANDARD}]").as_bytes())
    };
    let outcome = decide_batch(pipeline().spec(), batch, &tables(), &Answers::default());
    assert_eq!(
        outcome.alerts[0].id,
        AlertId::derive(&source, "firewall", "a1")
    );
}

#[test]
fn a_remote_geography_is_asked_once_for_each_public_address() {
    let spec = PipelineSpec {
        remote_geo: true,
        ..spec()
    };
    let private = LOW.replace("9.9.9.9", "10.0.0.1");
    let lines = format!("{LOW}\n{HIGH}\n{private}\n{LOW}\n");
    let pipeline = Pipeline::new(spec.clone());
    let batch = || lines_batch(&lines, BatchIdentity::Vendor);
    let prepared = pipeline.prepare(batch(), &mut Scratch::default());
    let asked: Vec<String> = prepared.lookups().iter().map(ToString::to_string).collect();
    assert_eq!(asked, ["8.8.8.8", "9.9.9.9"]);
    let local = Pipeline::new(PipelineSpec {
        remote_geo: false,
        ..spec.clone()
    });
    let prepared = local.prepare(batch(), &mut Scratch::default());
    assert!(prepared.lookups().is_empty());

    let remote = GeoFragment {
        country_code: Some(*b"DE"),
        members: "\"country\":\"Germany\"".to_owned(),
    };
    let answers = |eight, nine| Answers {
        geo: HashMap::from([
            ("8.8.8.8".parse().unwrap(), eight),
            ("9.9.9.9".parse().unwrap(), nine),
        ]),
    };
    let known = || GeoAnswer::Known(Arc::new(remote.clone()));
    let place = |answers: &Answers, tables: &Tables| {
        let outcome = decide_batch(&spec, batch(), tables, answers);
        let countries: Vec<_> = outcome.alerts.iter().map(|alert| alert.country).collect();
        let lines = written(&outcome).join("\n");
        (countries, outcome.enrich_misses, lines)
    };
    // The answer goes before the table, the table stands in for an unknown one.
    let (countries, misses, lines) = place(&answers(known(), known()), &event_tables());
    assert_eq!((countries, misses), (vec![Some(*b"DE")], 1));
    assert_eq!(lines.matches("Germany").count(), 3);
    let unknown = answers(GeoAnswer::Unknown, GeoAnswer::Unknown);
    let (countries, misses, lines) = place(&unknown, &event_tables());
    assert_eq!((countries, misses), (vec![Some(*b"US")], 3));
    assert!(lines.contains(PLACE));
    let no_table = Tables {
        city: None,
        ..event_tables()
    };
    let (countries, misses, _) = place(&answers(known(), GeoAnswer::Unknown), &no_table);
    assert_eq!((countries, misses), (vec![Some(*b"DE")], 3));
}

#[test]
fn an_enrichment_that_is_not_loaded_misses_nothing() {
    let tables = Tables::default();
    let batch = lines_batch(HIGH, BatchIdentity::Vendor);
    let outcome = decide_batch(&spec(), batch, &tables, &Answers::default());
    assert_eq!(outcome.enrich_misses, 0);
    assert_eq!(marks(&outcome.alerts[0]), [""; 0]);
    assert_eq!(outcome.context.geo, None);
}

#[test]
fn an_event_without_the_address_that_is_looked_up_is_a_miss() {
    let spec = PipelineSpec {
        city_of: Some(AddressField::DstIp),
        user_of: Some(AddressField::DstIp),
        geo_of: Some(AddressField::DstIp),
        alerts: AlertRule::All,
        ..spec()
    };
    let both = Tables {
        geo: tables().geo,
        users: tables().users,
        ..event_tables()
    };
    let batch = lines_batch(LOW, BatchIdentity::Vendor);
    let outcome = decide_batch(&spec, batch, &both, &Answers::default());
    let alert = &outcome.alerts[0];
    assert_eq!(
        (alert.dst_ip, alert.country, alert.user),
        (None, None, None)
    );
    assert_eq!(
        (marks(alert), outcome.enrich_misses),
        (vec!["time_missing"], 1)
    );
    // With a table of countries the country comes from it.
    let batch = lines_batch(&HIGH.replace("10.0.0.5", "8.8.8.8"), BatchIdentity::Vendor);
    let outcome = decide_batch(&spec, batch, &both, &Answers::default());
    assert_eq!(marks(&outcome.alerts[0]), ["geo_found", "user_miss"]);
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(HIGH.to_owned()),
        3 => Just(LOW.to_owned()),
        2 => Just(HIGH.replace("8.8.8.8", "192.0.2.9")),
        1 => Just(with(LOW, r#""city":1,"x":"\u0041""#)),
        1 => Just(LOW.replace("low", "h\\u0069gh")),
        1 => Just("{}".to_owned()),
        1 => "[{}\":,a-z0-9]{0,20}",
    ]
}

proptest! {
    #[test]
    fn every_event_is_settled_once_and_a_used_scratch_changes_nothing(
        batches in proptest::collection::vec(proptest::collection::vec(any_line(), 0..6), 1..4),
        write in any::<bool>(),
    ) {
        let pipeline = Pipeline::new(PipelineSpec { write, ..spec() });
        let tables = event_tables();
        let mut used = Scratch::default();
        for lines in batches {
            let decide = |scratch: &mut Scratch| {
                let batch = lines_batch(&lines.join("\n"), BatchIdentity::Index { key: 1, base: 0 });
                let prepared = pipeline.prepare(batch, scratch);
                pipeline.finish(&tables, prepared, &Answers::default(), received(), scratch)
            };
            let fresh = decide(&mut Scratch::default());
            prop_assert_eq!(described(&fresh), described(&decide(&mut used)));
            let settled = fresh.alerts.len() + fresh.rejected.len() + fresh.passed as usize;
            prop_assert_eq!(settled, fresh.read as usize);
            let lines = if write { fresh.read as usize - fresh.rejected.len() } else { 0 };
            prop_assert_eq!(fresh.events.len(), lines);
            for line in written(&fresh) {
                let value: Value = serde_json::from_str(line).unwrap();
                prop_assert_eq!(value.get("threat_info").is_some(), line.contains("detected\"}"));
            }
        }
    }
}
