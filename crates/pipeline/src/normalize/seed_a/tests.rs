use cresset_model::limits::RecordLimits;
use cresset_model::text::Place;

use super::*;
use crate::decode::scan::{Record, ScanScratch, scan};

const STANDARD_NEEDS: &str =
    "a firewall alert needs id, source, severity, description, src_ip, dst_ip, created_at";
const LEGACY_NEEDS: &str = "a waf alert needs alertId, source, criticality, summary, \
                            sourceAddress, destinationAddress, timestamp";
const KNOWN: &str =
    "firewall, ngfw, ips, vpn_gateway, router_acl, waf, swg, nac, api_gateway, load_balancer";

const STANDARD_RECORD: [(&str, &str); 7] = [
    ("id", "\"a1\""),
    ("source", "\"firewall\""),
    ("severity", "\"high\""),
    ("description", "\"d\""),
    ("src_ip", "\"10.0.0.1\""),
    ("dst_ip", "\"8.8.8.8\""),
    ("created_at", "\"2026-11-23T09:00:00Z\""),
];
const LEGACY_RECORD: [(&str, &str); 7] = [
    ("alertId", "\"a1\""),
    ("source", "\"waf\""),
    ("criticality", "3"),
    ("summary", "\"s\""),
    ("sourceAddress", "\"10.0.0.1\""),
    ("destinationAddress", "\"8.8.8.8\""),
    ("timestamp", "\"2026-11-23T09:00:00Z\""),
];

/// The record with one field set to a JSON value, or left out when that is empty.
fn record_with(fields: [(&str, &str); 7], key: &str, value: &str) -> String {
    let known = fields.iter().any(|(name, _)| *name == key);
    let extra = (!known && !value.is_empty()).then_some((key, value));
    let fields: Vec<String> = fields
        .into_iter()
        .map(|(name, old)| (name, if name == key { value } else { old }))
        .chain(extra)
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", fields.join(","))
}

#[derive(Debug, PartialEq)]
struct Read {
    id: String,
    source: &'static str,
    severity: Severity,
    description: String,
    src_ip: String,
    dst_ip: String,
    created_at: String,
    marks: Vec<&'static str>,
}

fn read(json: &str) -> Result<Read, (Reason, String)> {
    let mut scratch = ScanScratch::default();
    scan(json, &RecordLimits::default(), &mut scratch).unwrap();
    let mut arena = String::new();
    let mut values = Values {
        record: Record::of(json, &scratch),
        base: 0,
        arena: &mut arena,
        received: cresset_model::Timestamp::default(),
        marks: Marks::default(),
    };
    let alert = normalize(&mut values).map_err(|fault| (fault.reason, fault.detail))?;
    let text = |text: Text| text.resolve(json.as_bytes(), &arena).to_owned();
    Ok(Read {
        id: text(alert.upstream_id.unwrap()),
        source: alert.source,
        severity: alert.event.severity,
        description: text(alert.description),
        src_ip: cresset_model::ip::to_string(alert.event.src_ip.address),
        dst_ip: cresset_model::ip::to_string(alert.event.dst_ip.unwrap().address),
        created_at: alert.created_at.to_z(),
        marks: alert.marks.described().map(|(name, _)| name).collect(),
    })
}

fn expected(source: &'static str, description: &str) -> Read {
    Read {
        id: "a1".to_owned(),
        source,
        severity: Severity::High,
        description: description.to_owned(),
        src_ip: "10.0.0.1".to_owned(),
        dst_ip: "8.8.8.8".to_owned(),
        created_at: "2026-11-23T09:00:00Z".to_owned(),
        marks: vec![],
    }
}

/// A standard record with one field changed gives the expected alert, changed by `change`.
fn standard(key: &str, value: &str, change: impl FnOnce(&mut Read)) {
    let mut alert = expected("firewall", "d");
    change(&mut alert);
    let json = record_with(STANDARD_RECORD, key, value);
    assert_eq!(read(&json), Ok(alert), "{json}");
}

fn legacy(key: &str, value: &str, change: impl FnOnce(&mut Read)) {
    let mut alert = expected("waf", "s");
    change(&mut alert);
    let json = record_with(LEGACY_RECORD, key, value);
    assert_eq!(read(&json), Ok(alert), "{json}");
}

fn standard_refused(key: &str, value: &str, reason: Reason, detail: &str) {
    let json = record_with(STANDARD_RECORD, key, value);
    assert_eq!(read(&json), Err((reason, detail.to_owned())), "{json}");
}

fn legacy_refused(key: &str, value: &str, reason: Reason, detail: &str) {
    let json = record_with(LEGACY_RECORD, key, value);
    assert_eq!(read(&json), Err((reason, detail.to_owned())), "{json}");
}

#[test]
fn both_formats_are_read_and_further_keys_ignored() {
    standard("country", "\"XX\"", |_| {});
    legacy("user", "{\"name\":[1]}", |_| {});
}

#[test]
fn every_field_is_mandatory() {
    for (key, _) in STANDARD_RECORD {
        let needs = if key == "source" {
            format!(", one of {KNOWN} is expected")
        } else {
            format!(" ({STANDARD_NEEDS})")
        };
        let missing = format!("field \"{key}\" is missing{needs}");
        standard_refused(key, "", Reason::MissingField, &missing);
        let null = format!("field \"{key}\" is null{needs}");
        standard_refused(key, "null", Reason::NullField, &null);
    }
    for (key, _) in LEGACY_RECORD
        .into_iter()
        .filter(|(key, _)| *key != "source")
    {
        let missing = format!("field \"{key}\" is missing ({LEGACY_NEEDS})");
        legacy_refused(key, "", Reason::MissingField, &missing);
        let null = format!("field \"{key}\" is null ({LEGACY_NEEDS})");
        legacy_refused(key, "null", Reason::NullField, &null);
    }
}

#[test]
fn the_source_chooses_the_format() {
    for source in STANDARD_SOURCES {
        standard("source", &format!("\"{source}\""), |a| a.source = source);
    }
    for source in LEGACY_SOURCES {
        legacy("source", &format!("\"{source}\""), |a| a.source = source);
    }
    for respelt in ["FIREWALL", "Firewall", " firewall", "firewall\\n"] {
        standard("source", &format!("\"{respelt}\""), |a| {
            a.marks.push("source_respelt");
        });
    }
    standard("source", "\"fire\\u0077all\"", |_| {});
    standard_refused(
        "source",
        "\"waf\"",
        Reason::MissingField,
        &format!("field \"alertId\" is missing ({LEGACY_NEEDS})"),
    );
    legacy_refused(
        "source",
        "\"ips\"",
        Reason::MissingField,
        "field \"id\" is missing (an ips alert needs id, source, severity, description, src_ip, \
         dst_ip, created_at)",
    );
}

#[test]
fn an_unknown_source_names_the_known_and_the_nearest() {
    let unknown = |value: &str, detail: &str| {
        standard_refused("source", value, Reason::UnknownSource, detail);
    };
    unknown(
        "\"Firewal\"",
        &format!("unknown source \"Firewal\", did you mean \"firewall\"? (known are {KNOWN})"),
    );
    unknown(
        "\"api-gateway\"",
        &format!(
            "unknown source \"api-gateway\", did you mean \"api_gateway\"? (known are {KNOWN})"
        ),
    );
    unknown("\"\"", &format!("unknown source \"\" (known are {KNOWN})"));
    let long = "x".repeat(10_000);
    let shown = &long[..80];
    unknown(
        &format!("\"{long}\""),
        &format!("unknown source \"{shown}...\" (known are {KNOWN})"),
    );
    for (value, named) in [
        ("5", "a number"),
        ("true", "true"),
        ("[\"waf\"]", "an array"),
    ] {
        standard_refused(
            "source",
            value,
            Reason::WrongType,
            &format!("field \"source\" is {named}, one of {KNOWN} is expected"),
        );
    }
}

#[test]
fn severity_is_a_word_in_any_case() {
    for (word, severity) in [
        ("low", Severity::Low),
        ("MEDIUM", Severity::Medium),
        (" high ", Severity::High),
        ("Critical", Severity::Critical),
        ("cr\\u0069tical", Severity::Critical),
        ("info", Severity::Info),
    ] {
        standard("severity", &format!("\"{word}\""), |a| {
            a.severity = severity;
        });
    }
    for word in ["bogus", "", "3"] {
        standard("severity", &format!("\"{word}\""), |a| {
            a.severity = Severity::Unknown;
            a.marks.push("severity_unknown");
        });
    }
    for (value, named) in [("3", "a number"), ("true", "true"), ("{}", "an object")] {
        let detail = format!("field \"severity\" is {named}, a string is expected");
        standard_refused("severity", value, Reason::WrongType, &detail);
    }
}

#[test]
fn criticality_is_a_whole_number() {
    use Severity::{Critical, High, Low, Medium};
    for (value, severity, marks) in [
        ("1", Low, &[][..]),
        ("2", Medium, &[]),
        ("3", High, &[]),
        ("4", Critical, &[]),
        ("3.0", High, &[]),
        ("4e0", Critical, &[]),
        ("\"3\"", High, &["type_converted"]),
        ("\" 4 \"", Critical, &["type_converted"]),
        ("true", Low, &["type_converted"]),
        ("false", Low, &["criticality_outside", "type_converted"]),
        ("0", Low, &["criticality_outside"]),
        ("5", Low, &["criticality_outside"]),
        ("-1", Low, &["criticality_outside"]),
        ("99", Low, &["criticality_outside"]),
        ("100000000000000000000", Low, &["criticality_outside"]),
        ("1e30", Low, &["criticality_outside"]),
        ("\"7\"", Low, &["criticality_outside", "type_converted"]),
    ] {
        legacy("criticality", value, |a| {
            a.severity = severity;
            a.marks = marks.to_vec();
        });
    }
    for value in [
        "3.5", "\"x\"", "\"\"", "\"3.5\"", "\"inf\"", "\"NaN\"", "\"-\"", "\"1 2\"",
    ] {
        let detail = format!(
            "field \"criticality\" is not a whole number: {value} (1 low, 2 medium, 3 high, 4 critical)"
        );
        legacy_refused("criticality", value, Reason::InvalidValue, &detail);
    }
    for (value, named) in [("[3]", "an array"), ("{}", "an object")] {
        let detail = format!("field \"criticality\" is {named}, a number is expected");
        legacy_refused("criticality", value, Reason::WrongType, &detail);
    }
}

#[test]
fn texts_may_be_numbers_and_have_escapes() {
    standard("id", "\"\"", |a| a.id = String::new());
    for number in ["5", "1.5", "-1e3"] {
        standard("id", number, |a| {
            a.id = number.to_owned();
            a.marks.push("type_converted");
        });
        legacy("summary", number, |a| {
            a.description = number.to_owned();
            a.marks.push("type_converted");
        });
    }
    standard("description", "\"\"", |a| a.description = String::new());
    standard("description", "\"ünï ☃ \\ud83d\\ude00 \\u0001\"", |a| {
        a.description = "ünï ☃ 😀 \u{1}".to_owned();
    });
    standard("description", "\"a\\u0000b\\ud800\"", |a| {
        a.description = "a\u{fffd}b\u{fffd}".to_owned();
        a.marks.push("nul_replaced");
    });
    let long = "A".repeat(100_000);
    standard("description", &format!("\"{long}\""), |a| {
        a.description.clone_from(&long);
    });
    for (value, named) in [("true", "true"), ("{}", "an object"), ("[1]", "an array")] {
        let detail =
            |key: &str| format!("field \"{key}\" is {named}, a string or a number is expected");
        standard_refused("id", value, Reason::WrongType, &detail("id"));
        standard_refused(
            "description",
            value,
            Reason::WrongType,
            &detail("description"),
        );
        legacy_refused("alertId", value, Reason::WrongType, &detail("alertId"));
        legacy_refused("summary", value, Reason::WrongType, &detail("summary"));
    }
}

#[test]
fn addresses_are_strict() {
    for (value, address) in [
        ("::1", "::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:1.2.3.4", "::ffff:102:304"),
        ("255.255.255.255", "255.255.255.255"),
        ("10\\u002e0.0.9", "10.0.0.9"),
    ] {
        standard("src_ip", &format!("\"{value}\""), |a| {
            a.src_ip = address.to_owned();
        });
        legacy("destinationAddress", &format!("\"{value}\""), |a| {
            a.dst_ip = address.to_owned();
        });
    }
    for value in [
        "10.0.0.0/8",
        "10.0.0.1/32",
        "010.0.0.1",
        "256.1.1.1",
        "host",
        "",
        " 10.0.0.1",
        "10.0.0.1:80",
        "10.1",
        "10.0.0.1%eth0",
        "fe80::1%",
        "fe80::1%a%b",
        "[::1]",
        "1.2.3.4.5",
    ] {
        let json = format!("\"{value}\"");
        let detail = |key: &str| format!("field \"{key}\" is not an address: \"{value}\"");
        standard_refused("src_ip", &json, Reason::InvalidValue, &detail("src_ip"));
        standard_refused("dst_ip", &json, Reason::InvalidValue, &detail("dst_ip"));
        legacy_refused(
            "sourceAddress",
            &json,
            Reason::InvalidValue,
            &detail("sourceAddress"),
        );
    }
    let long = "9".repeat(200);
    let detail = format!("field \"src_ip\" is not an address: \"{}...\"", &long[..80]);
    standard_refused(
        "src_ip",
        &format!("\"{long}\""),
        Reason::InvalidValue,
        &detail,
    );
    standard_refused(
        "src_ip",
        "\"a\\nb\\u0000\"",
        Reason::InvalidValue,
        "field \"src_ip\" is not an address: \"a\\nb\\u0000\"",
    );
}

#[test]
fn an_address_may_be_a_number_in_the_standard_format_only() {
    for (value, address) in [
        ("167772161", "10.0.0.1"),
        ("0", "0.0.0.0"),
        ("4294967295", "255.255.255.255"),
    ] {
        standard("src_ip", value, |a| {
            a.src_ip = address.to_owned();
            a.marks.push("type_converted");
        });
    }
    for value in ["4294967296", "-1", "1.5", "1e3"] {
        let detail = format!("field \"src_ip\" is not an address: {value}");
        standard_refused("src_ip", value, Reason::InvalidValue, &detail);
    }
    legacy_refused(
        "sourceAddress",
        "167772161",
        Reason::WrongType,
        "field \"sourceAddress\" is a number, a string is expected",
    );
    standard_refused(
        "dst_ip",
        "true",
        Reason::WrongType,
        "field \"dst_ip\" is true, a string or a number is expected",
    );
}

#[test]
fn times_come_in_many_forms() {
    for (value, time, marks) in [
        (
            "\"2026-11-23T11:00:00.123456+02:00\"",
            "2026-11-23T09:00:00.123456Z",
            &[][..],
        ),
        (
            "\"2026-11-23T09:00:00.123456789Z\"",
            "2026-11-23T09:00:00.123456Z",
            &[],
        ),
        ("\"2026-11-23 09:00:00+0200\"", "2026-11-23T07:00:00Z", &[]),
        ("\"2026-11-23T09:00Z\"", "2026-11-23T09:00:00Z", &[]),
        ("\"2026-11-23T09:00:00-00:00\"", "2026-11-23T09:00:00Z", &[]),
        ("\"1900-01-01T00:00:00Z\"", "1900-01-01T00:00:00Z", &[]),
        (
            "\"2026-11-23T09:00:00\"",
            "2026-11-23T09:00:00Z",
            &["time_without_zone"],
        ),
        (
            "\"2026-11-23 09:00\"",
            "2026-11-23T09:00:00Z",
            &["time_without_zone"],
        ),
        (
            "\"2026-11-23\"",
            "2026-11-23T00:00:00Z",
            &["time_without_zone"],
        ),
        ("1795425969", "2026-11-23T09:26:09Z", &["time_from_number"]),
        (
            "1795425969.5",
            "2026-11-23T09:26:09.500000Z",
            &["time_from_number"],
        ),
        (
            "\"1795425969\"",
            "2026-11-23T09:26:09Z",
            &["time_from_number"],
        ),
        (
            "\"1795425969123\"",
            "2026-11-23T09:26:09.123000Z",
            &["time_from_number"],
        ),
        (
            "1795425969123",
            "2026-11-23T09:26:09.123000Z",
            &["time_from_number"],
        ),
    ] {
        let change = |a: &mut Read| {
            a.created_at = time.to_owned();
            a.marks = marks.to_vec();
        };
        standard("created_at", value, change);
        legacy("timestamp", value, change);
    }
}

#[test]
fn everything_else_is_no_time() {
    let values = [
        "\"yesterday\"",
        "\"\"",
        "\"2026-13-01T00:00:00Z\"",
        "\"20261123T090000Z\"",
        "\"2026-11-23 09:00:00+00\"",
        "1e30",
        "\"9999-12-31T00:00:00Z\"",
        "20000000000",
    ];
    for value in values {
        let detail = format!(
            "field \"created_at\" is not a time: {value} (RFC 3339, unix seconds and unix \
             milliseconds are read)"
        );
        standard_refused("created_at", value, Reason::InvalidValue, &detail);
    }
    standard_refused(
        "created_at",
        "false",
        Reason::WrongType,
        "field \"created_at\" is false, a string or a number is expected",
    );
}

#[test]
fn unchanged_texts_are_not_copied() {
    let json = record_with(STANDARD_RECORD, "id", "\"esc\\u0061ped\"");
    let mut scratch = ScanScratch::default();
    scan(&json, &RecordLimits::default(), &mut scratch).unwrap();
    let mut arena = String::new();
    let mut values = Values {
        record: Record::of(&json, &scratch),
        base: 7,
        arena: &mut arena,
        received: cresset_model::Timestamp::default(),
        marks: Marks::default(),
    };
    let alert = normalize(&mut values).unwrap();
    assert_eq!(alert.upstream_id.unwrap().place, Place::Arena);
    assert_eq!(alert.description.place, Place::Received);
    let start = json.find("\"d\"").unwrap() + 1 + 7;
    assert_eq!(alert.description.span.start as usize, start);
    assert_eq!(arena, "escaped");
}

#[test]
fn the_formats_are_described() {
    let formats = formats();
    assert_eq!(formats[0].name, "standard");
    assert_eq!(formats[1].name, "legacy");
    assert_eq!(formats[0].sources, STANDARD_SOURCES);
    assert_eq!(
        formats[1].fields[2],
        ("severity".to_owned(), "criticality".to_owned())
    );
}
