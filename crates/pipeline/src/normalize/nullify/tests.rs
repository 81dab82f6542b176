use cresset_model::Severity;
use cresset_model::limits::RecordLimits;

use super::*;
use crate::decode::scan::{Record, ScanScratch, scan};

const RECORD: [(&str, &str); 6] = [
    ("timestamp", "\"2026-11-23T09:00:00Z\""),
    ("source_ip", "\"192.0.2.1\""),
    ("destination_ip", "\"10.0.0.5\""),
    ("event_type", "\"port_scan\""),
    ("severity", "\"high\""),
    ("description", "\"Port scan detected\""),
];
const NEEDS: &str = "(an event needs source_ip, severity)";

#[derive(Debug, PartialEq)]
struct Read {
    source: &'static str,
    severity: Severity,
    description: String,
    src_ip: String,
    dst_ip: Option<String>,
    created_at: String,
    marks: Vec<&'static str>,
}

/// The record with one field set to a JSON value, or left out when that is empty.
fn record_with(key: &str, value: &str) -> String {
    let fields: Vec<String> = RECORD
        .into_iter()
        .map(|(name, old)| (name, if name == key { value } else { old }))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn read(json: &str) -> Result<Read, (Reason, String)> {
    let mut scratch = ScanScratch::default();
    scan(json, &RecordLimits::default(), &mut scratch).unwrap();
    let mut arena = String::new();
    let mut values = Values {
        record: Record::of(json, &scratch),
        base: 0,
        arena: &mut arena,
        received: Timestamp::parse("2026-11-23T10:00:00Z").unwrap(),
        marks: Marks::default(),
    };
    let alert = normalize(&mut values).map_err(|fault| (fault.reason, fault.detail))?;
    assert_eq!(alert.upstream_id, None);
    let address = |of: Observable| cresset_model::ip::to_string(of.address);
    Ok(Read {
        source: alert.source,
        severity: alert.event.severity,
        description: alert
            .description
            .resolve(json.as_bytes(), &arena)
            .to_owned(),
        src_ip: address(alert.event.src_ip),
        dst_ip: alert.event.dst_ip.map(address),
        created_at: alert.created_at.to_z(),
        marks: alert.marks.described().map(|(name, _)| name).collect(),
    })
}

/// Checks what differs from the plain record when a field has a value.
fn check(key: &str, value: &str, change: impl FnOnce(&mut Read)) {
    let mut expected = Read {
        source: "port_scan",
        severity: Severity::High,
        description: "Port scan detected".to_owned(),
        src_ip: "192.0.2.1".to_owned(),
        dst_ip: Some("10.0.0.5".to_owned()),
        created_at: "2026-11-23T09:00:00Z".to_owned(),
        marks: Vec::new(),
    };
    change(&mut expected);
    assert_eq!(
        read(&record_with(key, value)),
        Ok(expected),
        "{key} {value}"
    );
}

fn refused(key: &str, value: &str, reason: Reason, detail: &str) {
    let expected = Err((reason, detail.to_owned()));
    assert_eq!(read(&record_with(key, value)), expected, "{key} {value}");
}

#[test]
fn every_field_of_an_event_is_read() {
    check("none", "", |_| {});
    for known in EVENT_TYPES {
        check("event_type", &format!("\"{known}\""), |e| e.source = known);
    }
    for (word, severity) in [
        ("low", Severity::Low),
        ("Medium", Severity::Medium),
        (" HIGH ", Severity::High),
        ("critical", Severity::Critical),
    ] {
        check("severity", &format!("\"{word}\""), |e| {
            e.severity = severity;
        });
    }
    check("severity", "\"urgent\"", |e| {
        e.severity = Severity::Unknown;
        e.marks.push("severity_unknown");
    });
}

#[test]
fn without_address_or_severity_an_event_is_malformed() {
    for key in ["source_ip", "severity"] {
        let missing = format!("field \"{key}\" is missing {NEEDS}");
        refused(key, "", Reason::MissingField, &missing);
        let null = format!("field \"{key}\" is null {NEEDS}");
        refused(key, "null", Reason::NullField, &null);
        for (value, named) in [("3", "a number"), ("[]", "an array"), ("false", "false")] {
            let detail = format!("field \"{key}\" is {named}, a string is expected");
            refused(key, value, Reason::WrongType, &detail);
        }
    }
    for value in ["\"\"", "\"10.0.0.0/8\"", "\"host\"", "\"1.2.3.4:80\""] {
        let detail = format!("field \"source_ip\" is not an address: {value}");
        refused("source_ip", value, Reason::InvalidValue, &detail);
    }
    let both = read("{}").unwrap_err();
    assert_eq!(both.1, format!("field \"source_ip\" is missing {NEEDS}"));
}

#[test]
fn an_event_need_not_name_whom_it_acted_upon() {
    for value in ["", "null", "\"\"", "\"host\"", "167772161", "{}"] {
        check("destination_ip", value, |e| e.dst_ip = None);
    }
    check("destination_ip", "\"2001:db8::1\"", |e| {
        e.dst_ip = Some("2001:db8::1".to_owned());
    });
}

#[test]
fn the_kind_is_one_of_the_known_or_other() {
    for value in ["", "null", "5", "\"\"", "\"Port Scan\"", "[\"port_scan\"]"] {
        check("event_type", value, |e| e.source = "other");
    }
    for respelt in ["\"PORT_SCAN\"", "\" port_scan\""] {
        check("event_type", respelt, |e| e.marks.push("source_respelt"));
    }
    check("event_type", "\"port\\u005fscan\"", |_| {});
}

#[test]
fn the_time_of_receipt_stands_for_one_that_cannot_be_read() {
    for value in [
        "",
        "null",
        "\"yesterday\"",
        "\"99999999999999999999\"",
        "1e30",
        "true",
    ] {
        check("timestamp", value, |e| {
            "2026-11-23T10:00:00Z".clone_into(&mut e.created_at);
            e.marks.push("time_missing");
        });
    }
    check("timestamp", "1795425969", |e| {
        "2026-11-23T09:26:09Z".clone_into(&mut e.created_at);
        e.marks.push("time_from_number");
    });
}

#[test]
fn the_type_stands_for_a_missing_description() {
    for value in ["", "null", "{}", "false"] {
        check("description", value, |e| {
            "port_scan".clone_into(&mut e.description);
        });
    }
    check("description", "\"\"", |e| e.description.clear());
    check("description", "\"a\\u0000\\n\"", |e| {
        "a\u{fffd}\n".clone_into(&mut e.description);
        e.marks.push("nul_replaced");
    });
    let bare = read(r#"{"source_ip":"1.2.3.4","severity":"low"}"#).unwrap();
    assert_eq!((bare.source, &*bare.description), ("other", ""));
    let odd = read(r#"{"source_ip":"1.2.3.4","severity":"low","event_type":"Odd Type"}"#).unwrap();
    assert_eq!((odd.source, &*odd.description), ("other", "Odd Type"));
}

#[test]
fn the_format_is_described() {
    let [format] = &formats()[..] else {
        panic!("one format is expected");
    };
    assert_eq!(format.name, "event");
    assert_eq!(format.sources.len(), 6);
    let src_ip = ("src_ip".to_owned(), "source_ip".to_owned());
    assert!(format.fields.contains(&src_ip));
}
