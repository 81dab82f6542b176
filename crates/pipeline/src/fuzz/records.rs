//! Batches through the whole core.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use cresset_model::batch::{BatchIdentity, RawBatch};
use cresset_model::city::{CityField, CityTable, FragmentNumber};
use cresset_model::indicator::{IndicatorList, parse_entry};
use cresset_model::limits::{DEAD_LETTER_RAW_BYTES_MAX, RecordLimits};
use cresset_model::outcome::Outcome;
use cresset_model::provenance::TableInfo;
use cresset_model::query::AddressField;
use cresset_model::tables::{GeoFragment, Tables, UserTable};
use cresset_model::{AlertId, DeadLetterId, Severity, SourceId, Timestamp};
use serde_json::{Map, Value};

use super::json::with_whole_surrogates;
use crate::decode::{AnySlicer, Sliced};
use crate::process::{
    Adapter, AlertRule, Answers, Detector, Pipeline, PipelineSpec, Scratch, instants,
};

/// 2026-11-23T09:00:00Z.
const RECEIVED: Timestamp = Timestamp::from_nanos(1_795_424_400_000_000_000);
/// The name that the threat test adds.
const THREAT_INFO: &str = "threat_info";

/// Built once: an index over the places is not small.
static TABLES: LazyLock<Tables> = LazyLock::new(tables);

/// Records through decoding, normalizing, enrichment, detection and splicing: each is settled exactly once
/// with what a dead letter or an alert needs, a used scratch changes nothing, and each line is the record
/// itself with our members. The first byte chooses the pipeline.
///
/// # Panics
/// When the property does not hold.
pub fn records(data: &[u8]) {
    let Some((choice, body)) = data.split_first() else {
        return;
    };
    let pipeline = Pipeline::new(spec(*choice));
    let mut used = Scratch::default();
    for batch in batches(body) {
        let again = run(&pipeline, &TABLES, batch.clone(), &mut Scratch::default());
        let outcome = run(&pipeline, &TABLES, batch, &mut used);
        assert_eq!(format!("{outcome:?}"), format!("{again:?}"));
        settled(&outcome, pipeline.spec());
        dead_letters(&outcome);
        alerts(&outcome);
        lines(&outcome, pipeline.spec());
    }
}

fn spec(choice: u8) -> PipelineSpec {
    let adapters = Adapter::ALL;
    let adapter = adapters.get(usize::from(choice) % adapters.len());
    let mut spec = PipelineSpec::new(adapter.copied().unwrap_or(Adapter::SeedA));
    spec.write = choice & 2 != 0;
    spec.alerts = match choice >> 6 {
        0 | 1 => AlertRule::All,
        2 => AlertRule::Detected,
        _ => AlertRule::Nothing,
    };
    if choice & 4 != 0 {
        spec.city_of = Some(AddressField::SrcIp);
        spec.user_of = Some(AddressField::SrcIp);
    }
    if choice & 8 != 0 {
        let severity = vec![Severity::High, Severity::Critical];
        let list = Some(0);
        spec.detect = vec![Detector::Threat { severity, list }];
    }
    if choice & 16 != 0 {
        spec.detect.push(Detector::Indicators { lists: vec![0] });
    }
    if choice & 32 != 0 {
        spec.limits = RecordLimits {
            record_bytes_max: 200,
            depth_max: 4,
            keys_max: 8,
            string_bytes_max: 40,
            ..spec.limits
        };
    }
    spec
}

fn tables() -> Tables {
    let mut city = CityTable::builder();
    let place = city.fragment(&GeoFragment {
        country_code: Some(*b"US"),
        members: r#""country":"United States","lat":37.4"#.to_owned(),
    });
    let is_new = city.v4(0x0808_0800, place) && city.v4(0x0808_0900, FragmentNumber::NOWHERE);
    assert!(is_new, "starts ascend");
    let mut list = IndicatorList::builder("bad", TableInfo::default());
    for entry in ["192.0.2.0/24", "8.8.4.4"] {
        let entry = parse_entry(entry).expect("an address is an entry");
        list.add(entry).expect("two entries fit");
    }
    Tables {
        users: Some(Arc::new(UserTable::demo())),
        city: Some(Arc::new(city.finish(TableInfo::default()))),
        indicators: vec![Arc::new(list.build())],
        ..Tables::default()
    }
}

fn batches(body: &[u8]) -> Vec<RawBatch> {
    let mut slicer = AnySlicer::new(RecordLimits::default());
    let mut parts = Vec::new();
    let mut rest = body;
    while let Ok(taken) = slicer.feed(rest)
        && !rest.is_empty()
    {
        rest = rest.get(taken..).unwrap_or_default();
        parts.extend(slicer.take_full());
    }
    // A body that breaks off gives what was whole before.
    let is_whole = slicer.finish().is_ok();
    parts.extend(slicer.take_rest());
    assert_eq!(slicer.finish().is_ok(), is_whole);
    let batch = |Sliced { bytes, records }| RawBatch {
        source: SourceId::new("upstream"),
        sequence: 3,
        received: RECEIVED,
        epoch: 5,
        fetch: 7,
        first_place: 0,
        identity: BatchIdentity::Vendor,
        bytes,
        records,
    };
    parts.into_iter().map(batch).collect()
}

fn run(pipeline: &Pipeline, tables: &Tables, batch: RawBatch, scratch: &mut Scratch) -> Outcome {
    let prepared = pipeline.prepare(batch, scratch);
    pipeline.finish(tables, prepared, &Answers::default(), RECEIVED, scratch)
}

/// Every record is an alert, a dead letter or counted as passed, and none is two of them.
fn settled(outcome: &Outcome, spec: &PipelineSpec) {
    let alerts = outcome.alerts.iter().map(|alert| alert.record);
    let rejected = outcome.rejected.iter().map(|rejected| rejected.record);
    let mut seen: Vec<u32> = alerts.chain(rejected).collect();
    let named = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), named);
    assert!(seen.iter().all(|record| *record < outcome.read));
    let passed = (outcome.passed + outcome.filtered) as usize;
    assert_eq!(named + passed, outcome.read as usize);
    if spec.alerts == AlertRule::All {
        assert_eq!(passed, 0);
    }
    let written = if spec.write {
        outcome.read as usize - outcome.rejected.len()
    } else {
        0
    };
    assert_eq!(outcome.events.len(), written);
    let moved = instants(outcome);
    assert!(moved.newest.is_none_or(|newest| newest <= RECEIVED));
    assert!(
        moved
            .second_newest
            .is_none_or(|second| Some(second) < moved.newest)
    );
}

fn dead_letters(outcome: &Outcome) {
    for rejected in &outcome.rejected {
        let raw = outcome.raw(rejected.raw);
        assert!(raw.len() <= DEAD_LETTER_RAW_BYTES_MAX);
        if raw.len() as u64 == rejected.full_bytes {
            assert_eq!(rejected.full_hash, *blake3::hash(raw).as_bytes());
        } else {
            assert_eq!(raw.len(), DEAD_LETTER_RAW_BYTES_MAX.min(raw.len()));
            assert!((raw.len() as u64) < rejected.full_bytes);
        }
        let id = DeadLetterId::derive(&outcome.source, &rejected.full_hash);
        assert_eq!(rejected.id, id);
        assert!(!rejected.detail.is_empty() && !rejected.detail.contains(['\n', '\0']));
        if let Some(id) = rejected.upstream_id {
            assert!(!outcome.text(id).contains('\0'));
        }
    }
}

fn alerts(outcome: &Outcome) {
    for alert in &outcome.alerts {
        assert!(!outcome.raw(alert.raw).is_empty());
        let upstream_id = outcome.text(alert.upstream_id);
        if !upstream_id.is_empty() {
            let id = AlertId::derive(&outcome.source, alert.source, upstream_id);
            assert_eq!(alert.id, id);
        }
        for text in [Some(alert.upstream_id), Some(alert.description), alert.user] {
            let text = text.map_or("", |text| outcome.text(text));
            assert!(!text.contains('\0'), "no store keeps a NUL in a text");
        }
        if let Some(enriched) = alert.enriched {
            read(enriched.of(&outcome.out));
        }
        assert_eq!(outcome.matches_of(alert).len(), alert.matches.1 as usize);
    }
}

/// Each line is its record, without the members that bear our names, and with ours at the end.
fn lines(outcome: &Outcome, spec: &PipelineSpec) {
    let all = CityField::ALL;
    let city = all
        .iter()
        .map(|field| field.as_str())
        .filter(|_| spec.city_of.is_some());
    let has_threat = spec
        .detect
        .iter()
        .any(|it| matches!(it, Detector::Threat { .. }));
    let threat = std::iter::once(THREAT_INFO).filter(|_| has_threat);
    let ours: Vec<&str> = city.chain(threat).collect();
    let raw: BTreeMap<u32, &[u8]> = outcome
        .alerts
        .iter()
        .map(|alert| (alert.record, outcome.raw(alert.raw)))
        .collect();
    for event in &outcome.events {
        let line = event.line.of(&outcome.out);
        assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));
        let line = read(line);
        if let Some(raw) = raw.get(&event.record) {
            assert_eq!(without(line, &ours), without(read(raw), &ours));
        }
    }
    let ends = memchr::memchr_iter(b'\n', &outcome.out).count();
    assert!(ends >= outcome.events.len());
}

fn read(object: &[u8]) -> Map<String, Value> {
    let text = std::str::from_utf8(object).expect("a line is UTF-8");
    serde_json::from_str(&with_whole_surrogates(text)).expect("a line is a JSON object")
}

fn without(mut members: Map<String, Value>, ours: &[&str]) -> Map<String, Value> {
    members.retain(|key, _| !ours.contains(&key.as_str()));
    members
}
