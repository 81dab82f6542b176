use std::net::IpAddr;

use std::sync::Arc;

use cresset_model::batch::Reason;
use cresset_model::ip::Network;
use cresset_model::limits::DEAD_LETTER_RAW_BYTES_MAX;
use cresset_model::outcome::{Observation, Stage};
use cresset_model::provenance::{Marks, TableInfo};
use cresset_model::severity::Severity;
use cresset_model::tables::{GeoTable, Ranges, UserTable, pack_country};
use proptest::prelude::*;
use serde_json::Value;

use cresset_model::{AlertId, DeadLetterId};

use cresset_model::outcome::AlertDraft;

use super::*;
use crate::decode::ArraySlicer;

mod events;

const STANDARD: &str = r#"{"id":"a1","source":"firewall","severity":"high","description":"d","src_ip":"10.0.0.1","dst_ip":"8.8.8.8","created_at":"2026-11-23T09:00:00Z"}"#;
const LEGACY: &str = r#"{"alertId":"a2","source":"waf","criticality":4,"summary":"s","sourceAddress":"10.0.0.2","destinationAddress":"192.168.0.1","timestamp":"2026-11-23T10:00:00.000001Z"}"#;

fn pipeline() -> Pipeline {
    Pipeline::new(PipelineSpec {
        geo_of: Some(AddressField::DstIp),
        user_of: Some(AddressField::SrcIp),
        ..PipelineSpec::new(Adapter::SeedA)
    })
}

fn received() -> Timestamp {
    Timestamp::parse("2026-11-23T10:00:00Z").unwrap()
}

fn batch_of(answer: &[u8]) -> RawBatch {
    batch_within(RecordLimits::default(), answer)
}

fn batch_within(limits: RecordLimits, answer: &[u8]) -> RawBatch {
    let mut slicer = ArraySlicer::new(limits, None);
    let mut rest = answer;
    while !rest.is_empty()
        && let Ok(taken @ 1..) = slicer.feed(rest)
    {
        rest = &rest[taken..];
    }
    let (bytes, records) = slicer
        .take_rest()
        .map_or_else(Default::default, |cut| (cut.bytes, cut.records));
    RawBatch {
        source: SourceId::new("upstream"),
        sequence: 3,
        received: received(),
        epoch: 5,
        fetch: 7,
        first_place: 1_000,
        identity: BatchIdentity::Vendor,
        bytes,
        records,
    }
}

fn tables() -> Tables {
    let starts: Vec<u32> = vec![0, 0x0808_0800, 0x0808_0900];
    let us = pack_country(*b"US");
    Tables {
        geo: Some(Arc::new(GeoTable {
            info: TableInfo {
                of: String::new(),
                name: "builtin".to_owned(),
                ..TableInfo::default()
            },
            v4: Ranges {
                starts: starts.into(),
                countries: vec![None, us, None].into(),
            },
            v6: Ranges {
                starts: vec![].into(),
                countries: vec![].into(),
            },
        })),
        users: Some(Arc::new(UserTable::new(
            TableInfo::default(),
            [
                (Network::parse("10.0.0.1").unwrap(), Arc::from("alice")),
                (Network::parse("10.0.0.0/24").unwrap(), Arc::from("lab")),
            ],
        ))),
        ..Tables::default()
    }
}

fn run(answer: &str, tables: &Tables, scratch: &mut Scratch) -> Outcome {
    let prepared = pipeline().prepare(batch_of(answer.as_bytes()), scratch);
    pipeline().finish(tables, prepared, &Answers::default(), received(), scratch)
}

fn outcome(answer: &str) -> Outcome {
    run(answer, &tables(), &mut Scratch::default())
}

fn marks(alert: &AlertDraft) -> Vec<&'static str> {
    alert.marks.described().map(|(name, _)| name).collect()
}

#[test]
fn a_batch_becomes_alerts_with_everything_about_them() {
    let outcome = outcome(&format!(" [ {STANDARD} , {LEGACY} ] "));
    assert_eq!((outcome.sequence, outcome.epoch, outcome.fetch), (3, 5, 7));
    assert_eq!((outcome.read, outcome.passed, outcome.filtered), (2, 0, 0));
    assert!(outcome.rejected.is_empty());
    let [first, second] = &outcome.alerts[..] else {
        panic!("two alerts are expected");
    };
    assert_eq!(first.id, AlertId::derive(&outcome.source, "firewall", "a1"));
    assert_eq!(outcome.text(first.upstream_id), "a1");
    assert_eq!(outcome.text(first.description), "d");
    assert_eq!(outcome.raw(first.raw), STANDARD.as_bytes());
    assert_eq!(first.country, Some(*b"US"));
    assert_eq!(first.user.map(|user| outcome.text(user)), Some("alice"));
    assert_eq!(marks(first), ["geo_found", "user_address"]);
    assert_eq!(
        first.observed,
        Observation {
            fetch: 7,
            place: 1_000
        }
    );
    assert_eq!(second.record, 1);
    assert_eq!(second.observed.place, 1_001);
    assert_eq!(second.severity, Severity::Critical);
    assert_eq!(second.country, None);
    assert_eq!(second.user.map(|user| outcome.text(user)), Some("lab"));
    assert_eq!(
        marks(second),
        ["geo_not_public", "user_network", "time_in_future"]
    );
}

#[test]
fn the_identity_knows_only_source_kind_and_upstream_id() {
    let id = |record: &str| outcome(&format!("[{record}]")).alerts[0].id;
    let same = STANDARD
        .replace("\"firewall\"", "\" FireWall\"")
        .replace("high", "low");
    assert_eq!(id(STANDARD), id(&same));
    assert_eq!(
        id(STANDARD),
        id(&STANDARD.replace("\"a1\"", "\"\\u0061\\u0031\""))
    );
    assert_ne!(id(STANDARD), id(&STANDARD.replace("firewall", "ngfw")));
    assert_ne!(id(STANDARD), id(&STANDARD.replace("a1", "a3")));
}

#[test]
fn the_content_keeps_a_number_and_its_text_apart() {
    let with = |extra: &str| STANDARD.replacen('{', &format!("{{\"x\":{extra},"), 1);
    let contents = ["1", "\"1\"", "true", "\"true\"", "null", "\"\""].map(|extra| {
        let outcome = outcome(&format!("[{}]", with(extra)));
        outcome.alerts[0].content
    });
    for (index, content) in contents.iter().enumerate() {
        assert!(!contents[..index].contains(content), "{index}");
    }
}

#[test]
fn the_spelling_of_a_value_does_not_change_the_content() {
    let content = |extra: &str| {
        let record = format!("{},\"extra\":{extra}}}", STANDARD.trim_end_matches('}'));
        outcome(&format!("[{record}]")).alerts[0].content
    };
    for (one, other) in [
        (r#""Seen é""#, r#""\u0053een \u00e9""#),
        (r#""a/b""#, r#""a\/b""#),
        ("[1,2]", "[ 1 ,\n2 ]"),
        (r#"{"a":{"b":1,"c":[]}}"#, r#"{"a":{"c":[],"\u0062":1}}"#),
    ] {
        assert_eq!(content(one), content(other), "{one}");
    }
    assert_ne!(content("[1,2]"), content("[2,1]"));
    // An array and a text that looks like it are two things.
    assert_ne!(content("[1]"), content("\"[1]\""));
}

#[test]
fn the_record_limit_holds_for_records_that_were_not_sliced() {
    let spec = PipelineSpec {
        limits: RecordLimits {
            record_bytes_max: STANDARD.len(),
            ..RecordLimits::default()
        },
        ..pipeline().spec().clone()
    };
    let longer = STANDARD.replace("\"d\"", "\"de\"");
    let batch = batch_of(format!("[{STANDARD},{longer}]").as_bytes());
    let mut scratch = Scratch::default();
    let prepared = Pipeline::new(spec).prepare(batch, &mut scratch);
    assert_eq!(prepared.events.len(), 1);
    let rejected = &prepared.rejected[0];
    assert_eq!(
        (rejected.stage, rejected.reason),
        (Stage::Decode, Reason::RecordTooLarge)
    );
    let (got, limit) = (longer.len(), STANDARD.len());
    let detail = format!("the record has {got} bytes, the limit is {limit}");
    assert_eq!(rejected.detail, detail);
    assert_eq!(rejected.upstream_id, None);
}

#[test]
fn a_bad_record_is_rejected_alone_with_stage_and_reason() {
    let bad = [
        (
            "null",
            Stage::Decode,
            Reason::NotAnObject,
            "an object is expected, the record is null",
            None,
        ),
        (
            "[1]",
            Stage::Decode,
            Reason::NotAnObject,
            "an object is expected, the record is an array",
            None,
        ),
        (
            r#"{"id":"x","a":NaN}"#,
            Stage::Decode,
            Reason::InvalidJson,
            "a value is expected at byte 14, found \"N\"",
            Some("x"),
        ),
        (
            r#"{"id":7,"id":8}"#,
            Stage::Decode,
            Reason::DuplicateKey,
            "duplicate key \"id\" at byte 8",
            Some("7"),
        ),
        (
            r#"{"alertId":"\u0078y","source":"waf","criticality":1,"summary":"\u0041"}"#,
            Stage::Normalize,
            Reason::MissingField,
            "field \"sourceAddress\" is missing (a waf alert needs alertId, source, criticality, summary, sourceAddress, destinationAddress, timestamp)",
            Some("xy"),
        ),
    ];
    let records: Vec<&str> = bad.iter().map(|(record, ..)| *record).collect();
    let outcome = outcome(&format!("[{},{STANDARD}]", records.join(",")));
    assert_eq!(outcome.read, 6);
    assert_eq!(outcome.alerts.len(), 1);
    assert_eq!(outcome.alerts[0].record, 5);
    // Nothing of a refused record stays in the arena but its id.
    assert_eq!(outcome.arena, "xyalice");
    for ((record, stage, reason, detail, id), got) in bad.into_iter().zip(&outcome.rejected) {
        assert_eq!(
            (got.stage, got.reason, got.detail.as_str()),
            (stage, reason, detail)
        );
        assert_eq!(got.upstream_id.map(|id| outcome.text(id)), id, "{record}");
        assert_eq!(outcome.raw(got.raw), record.as_bytes());
        assert_eq!(got.full_bytes, record.len() as u64);
        let hash = *blake3::hash(record.as_bytes()).as_bytes();
        assert_eq!(got.full_hash, hash);
        assert_eq!(got.id, DeadLetterId::derive(&outcome.source, &hash));
    }
}

#[test]
fn a_dead_letter_keeps_at_most_its_limit() {
    let record = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    for most in [0, 100, DEAD_LETTER_RAW_BYTES_MAX, 1 << 20] {
        let spec = PipelineSpec {
            limits: RecordLimits {
                dead_letter_raw_bytes_max: most,
                ..RecordLimits::default()
            },
            ..pipeline().spec().clone()
        };
        for full in [most.max(2), most + 3, most * 10 + 4] {
            let record = record(full);
            let mut scratch = Scratch::default();
            let batch = batch_within(spec.limits, format!("[{record}]").as_bytes());
            let prepared = Pipeline::new(spec.clone()).prepare(batch, &mut scratch);
            let got = &prepared.rejected[0];
            let kept = &record.as_bytes()[..full.min(most)];
            assert_eq!(got.raw.of(&prepared.bytes), kept, "{most}");
            assert_eq!(got.full_bytes, full as u64);
            assert_eq!(got.full_hash, *blake3::hash(record.as_bytes()).as_bytes());
        }
    }
}

#[test]
fn enrichments_are_on_only_when_configured_and_loaded() {
    let spec = PipelineSpec {
        geo_of: None,
        ..pipeline().spec().clone()
    };
    let pipeline = Pipeline::new(spec);
    let mut scratch = Scratch::default();
    let prepared = pipeline.prepare(batch_of(format!("[{STANDARD}]").as_bytes()), &mut scratch);
    let some = pipeline.finish(
        &tables(),
        prepared,
        &Answers::default(),
        received(),
        &mut scratch,
    );
    assert_eq!(marks(&some.alerts[0]), ["user_address"]);
    assert_eq!(some.context.geo, None);
    let none = run(&format!("[{STANDARD}]"), &Tables::default(), &mut scratch);
    assert_eq!(marks(&none.alerts[0]), [""; 0]);
    assert_eq!(none.alerts[0].user, None);
    assert_eq!((&none.context.geo, &none.context.user), (&None, &None));
}

#[test]
fn demo_users_are_stable() {
    let tables = Tables {
        geo: None,
        users: Some(Arc::new(UserTable::demo())),
        ..Tables::default()
    };
    let user = || {
        let outcome = run(&format!("[{STANDARD}]"), &tables, &mut Scratch::default());
        outcome.text(outcome.alerts[0].user.unwrap()).to_owned()
    };
    assert_eq!(user(), user());
    assert!(user().starts_with("user-"));
    let public = STANDARD.replace("10.0.0.1", "9.9.9.9");
    let outcome = run(&format!("[{public}]"), &tables, &mut Scratch::default());
    assert_eq!(marks(&outcome.alerts[0]), ["user_miss"]);
}

#[test]
fn the_context_is_shared_while_the_tables_are_the_same() {
    let mut scratch = Scratch::default();
    let first = run("[]", &tables(), &mut scratch).context;
    assert_eq!(first.adapter, "seed_a/1");
    assert_eq!(
        first.geo.as_ref().map(|geo| geo.of.as_str()),
        Some("dst_ip")
    );
    assert_eq!(first.formats.len(), 2);
    assert!(Arc::ptr_eq(
        &first,
        &run("[]", &tables(), &mut scratch).context
    ));
    let other = run("[]", &Tables::default(), &mut scratch).context;
    assert_ne!(first, other);
}

#[test]
fn an_instant_after_the_receipt_moves_no_bookmark() {
    let at = |time: &str| STANDARD.replace("2026-11-23T09:00:00Z", time);
    let records = [
        at("2026-11-23T09:00:00Z"),
        at("2026-11-23T10:00:00Z"),
        at("2026-11-23T10:00:00.000000001Z"),
        at("2026-11-23T09:30:00Z"),
        at("2026-11-23T10:00:00Z"),
    ];
    let outcome = outcome(&format!("[{}]", records.join(",")));
    assert!(!outcome.alerts[1].marks.has(Marks::TIME_IN_FUTURE));
    assert!(outcome.alerts[2].marks.has(Marks::TIME_IN_FUTURE));
    let instants = instants(&outcome);
    assert_eq!(instants.newest, Some(received()));
    assert_eq!(
        instants.second_newest,
        Timestamp::parse("2026-11-23T09:30:00Z")
    );
}

/// Everything an outcome says, for comparison.
fn described(outcome: &Outcome) -> String {
    format!("{outcome:?}")
}

fn record() -> impl Strategy<Value = Vec<(String, Value)>> {
    let base = prop_oneof![Just(STANDARD), Just(LEGACY)];
    let extra = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        proptest::collection::vec(any::<String>(), 0..3).prop_map(Value::from),
    ];
    (
        base,
        proptest::collection::btree_map("x[a-z\"é]{0,3}", extra, 0..5),
    )
        .prop_map(|(base, extra)| {
            let Value::Object(map) = serde_json::from_str(base).unwrap() else {
                unreachable!("the base is an object");
            };
            map.into_iter().chain(extra).collect()
        })
}

fn written(fields: &[(String, Value)], pretty: bool) -> String {
    let blank = if pretty { "\n  " } else { "" };
    let fields: Vec<String> = fields
        .iter()
        .map(|(key, value)| format!("{blank}{}{blank}:{blank}{value}", Value::from(key.as_str())))
        .collect();
    format!("[{{{}{blank}}}]", fields.join(","))
}

proptest! {
    #[test]
    fn key_order_and_blanks_do_not_change_the_content_and_any_value_does(
        (fields, shuffled) in record().prop_flat_map(|fields| {
            (Just(fields.clone()), Just(fields).prop_shuffle())
        }),
        changed in any::<proptest::sample::Index>(),
        scratch_used in any::<bool>(),
    ) {
        let mut scratch = Scratch::default();
        if scratch_used {
            run(&format!("[{LEGACY},{STANDARD},1]"), &tables(), &mut scratch);
        }
        let before = run(&written(&fields, false), &tables(), &mut scratch);
        let again = run(&written(&shuffled, true), &tables(), &mut scratch);
        prop_assert_eq!(before.alerts.len(), 1);
        prop_assert_eq!(before.alerts[0].content, again.alerts[0].content);
        prop_assert_eq!(before.alerts[0].id, again.alerts[0].id);
        let mut other = fields.clone();
        let changed = changed.index(other.len());
        let (key, value) = &mut other[changed];
        *value = match key.as_str() {
            "source" if value == "waf" => "swg".into(),
            "source" => "ips".into(),
            "severity" => "low".into(),
            "criticality" => 1.into(),
            "src_ip" | "dst_ip" | "sourceAddress" | "destinationAddress" => "1.1.1.1".into(),
            "created_at" | "timestamp" => 1_795_425_969.into(),
            _ => "something else".into(),
        };
        let other = run(&written(&other, false), &tables(), &mut scratch);
        prop_assert_ne!(before.alerts[0].content, other.alerts[0].content);
        let mut more = fields;
        more.push(("y".to_owned(), Value::Null));
        let more = run(&written(&more, false), &tables(), &mut scratch);
        prop_assert_ne!(before.alerts[0].content, more.alerts[0].content);
    }

    #[test]
    fn a_used_scratch_gives_the_same_outcome_as_a_fresh_one(
        batches in proptest::collection::vec(
            proptest::collection::vec(
                prop_oneof![
                    record().prop_map(|fields| written(&fields, false)),
                    "[\\[{]?[a-z0-9\":, ]{0,20}",
                ],
                0..4,
            ),
            1..4,
        ),
    ) {
        let mut used = Scratch::default();
        for batch in batches {
            let records: Vec<&str> = batch.iter().map(|r| r.trim_matches(['[', ']'])).collect();
            let answer = format!("[{}]", records.join(","));
            let fresh = run(&answer, &tables(), &mut Scratch::default());
            let again = run(&answer, &tables(), &mut used);
            prop_assert_eq!(described(&fresh), described(&again));
            let settled = fresh.alerts.len() + fresh.rejected.len();
            prop_assert_eq!(settled, fresh.read as usize);
        }
    }

    #[test]
    fn no_input_panics_and_every_record_is_settled_once(
        at in any::<proptest::sample::Index>(),
        noise in proptest::collection::vec(any::<u8>(), 0..12),
        removed in 0_usize..12,
        random in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut damaged = format!("[{STANDARD},{LEGACY}]").into_bytes();
        let at = at.index(damaged.len());
        damaged.splice(at..(at + removed).min(damaged.len()), noise);
        let mut scratch = Scratch::default();
        for answer in [damaged, random] {
            let prepared = pipeline().prepare(batch_of(&answer), &mut scratch);
            let outcome = pipeline().finish(&tables(), prepared, &Answers::default(), received(), &mut scratch);
            let mut seen: Vec<u32> = outcome.alerts.iter().map(|alert| alert.record).collect();
            seen.extend(outcome.rejected.iter().map(|rejected| rejected.record));
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..outcome.read).collect::<Vec<_>>());
            for alert in &outcome.alerts {
                let _: (&str, IpAddr) = (outcome.text(alert.description), alert.src_ip);
                prop_assert!(!outcome.raw(alert.raw).is_empty());
            }
        }
    }
}
