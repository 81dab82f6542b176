use std::fmt::Write;

use cresset_model::limits::RecordLimits;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::decode::scan::{ScanScratch, scan};

const ALL: Names = Names {
    city: true,
    threat: true,
};
const NONE: Names = Names {
    city: false,
    threat: false,
};

/// The line of a record, which lies behind other bytes in its batch, without its line feed.
fn line(record: &str, names: Names, additions: [&str; 2]) -> String {
    let mut scratch = ScanScratch::default();
    scratch.watch(names.list());
    scan(record, &RecordLimits::default(), &mut scratch).unwrap();
    let batch = format!("before {record} after");
    let mut stays = vec![Span::default()];
    let splice = Splice::of(&Record::of(record, &scratch), 7, names, &mut stays);
    let mut out = b"earlier\n".to_vec();
    let span = splice.write(batch.as_bytes(), &stays, additions, &mut out);
    assert_eq!(out.last(), Some(&b'\n'));
    assert_eq!(span.range().end + 1, out.len());
    assert!(out.starts_with(b"earlier\n"));
    String::from_utf8(span.of(&out).to_vec()).unwrap()
}

fn check(record: &str, names: Names, additions: [&str; 2], expected: &str) {
    assert_eq!(line(record, names, additions), expected, "{record}");
}

const GEO: &str = r#""country":"Germany","lat":50.1"#;
const THREAT: &str = r#""threat_info":"High severity detected""#;

#[test]
fn additions_stand_before_the_closing_brace() {
    check(
        r#"{"a":1}"#,
        ALL,
        [GEO, THREAT],
        r#"{"a":1,"country":"Germany","lat":50.1,"threat_info":"High severity detected"}"#,
    );
    check(r#"{"a":1.50e1}"#, ALL, ["", ""], r#"{"a":1.50e1}"#);
    check(
        r#"{"a":"}"}"#,
        ALL,
        ["", THREAT],
        r#"{"a":"}","threat_info":"High severity detected"}"#,
    );
    check(
        r#" { "a" : {"country":1} }  "#,
        ALL,
        [GEO, ""],
        r#"{ "a" : {"country":1} ,"country":"Germany","lat":50.1}"#,
    );
}

#[test]
fn an_empty_object_gets_no_leading_comma() {
    check("{}", ALL, ["", ""], "{}");
    check("{}", ALL, [GEO, ""], r#"{"country":"Germany","lat":50.1}"#);
    check("{ }", ALL, ["", "\"t\":1"], r#"{ "t":1}"#);
    check(
        r#"{"city":"x","lat":[1,{"a":2}]}"#,
        ALL,
        [GEO, ""],
        r#"{"country":"Germany","lat":50.1}"#,
    );
    check(r#"{"city":"x"}"#, ALL, ["", ""], "{}");
}

#[test]
fn members_of_our_names_give_way_however_they_are_spelt() {
    check(
        r#"{"country":"X","a":1,"regionName":{"b":[1,2]},"c": "d" ,"lo\u006e":"\"}","threat_info":null}"#,
        ALL,
        [GEO, ""],
        r#"{"a":1,"c": "d" ,"country":"Germany","lat":50.1}"#,
    );
    check(
        "{ \"coun\\u0074ry\" : \"X\" , \"a\" : \"},{\" }",
        ALL,
        [GEO, ""],
        r#"{ "a" : "},{" ,"country":"Germany","lat":50.1}"#,
    );
    // Only names that the pipeline adds give way.
    let city = Names {
        threat: false,
        ..ALL
    };
    check(
        r#"{"threat_info":"x","city":"y"}"#,
        city,
        ["", ""],
        r#"{"threat_info":"x"}"#,
    );
    let own = r#"{"threat_info":"x","city":"y"}"#;
    check(own, NONE, ["", ""], own);
}

#[test]
fn a_line_has_no_breaks() {
    check(
        "{\r\n  \"a\": \"x\\n\",\n\n  \"b\": [\n1\r]\n}\n",
        ALL,
        [GEO, ""],
        "{    \"a\": \"x\\n\",    \"b\": [ 1 ] ,\"country\":\"Germany\",\"lat\":50.1}",
    );
    check(
        "{\n\"city\": 1,\n\"b\":\n2\n}",
        ALL,
        ["", THREAT],
        "{ \"b\": 2 ,\"threat_info\":\"High severity detected\"}",
    );
}

#[test]
fn the_threat_member_is_written_only_if_one_fired() {
    let mut member = "before".to_owned();
    write_threat(Some("High severity detected"), &mut member);
    assert_eq!(member, THREAT);
    write_threat(None, &mut member);
    assert_eq!(member, "");
}

/// A key in one of its spellings, quotes included.
fn spelt() -> impl Strategy<Value = (String, String)> {
    let ours = CityField::ALL
        .map(CityField::as_str)
        .into_iter()
        .chain([THREAT_INFO]);
    let name = prop_oneof![
        2 => proptest::sample::select(ours.map(str::to_owned).collect::<Vec<_>>()),
        2 => "[a-z\"\\\\é]{0,4}",
        1 => any::<String>(),
    ];
    (name, proptest::collection::vec(any::<bool>(), 40)).prop_map(|(name, escaped)| {
        let mut spelling = "\"".to_owned();
        for (index, letter) in name.chars().enumerate() {
            if escaped.get(index).copied().unwrap_or(false) {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    write!(spelling, "\\u{unit:04x}").unwrap();
                }
            } else {
                let plain = Value::from(letter.to_string()).to_string();
                spelling.push_str(&plain[1..plain.len() - 1]);
            }
        }
        spelling.push('"');
        (name, spelling)
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[{}\\[\\],:\"\\\\ ]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec(("city|lat|[a-z]", inner), 0..3)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_line_says_what_the_record_says_minus_our_names_plus_ours(
        members in proptest::collection::vec((spelt(), value()), 0..8),
        blank in proptest::sample::select(vec!["", " ", "\n", "\r\n\t "]),
        city in any::<bool>(),
        threat in any::<bool>(),
        geo_known in any::<bool>(),
        threat_fired in any::<bool>(),
    ) {
        let mut seen = std::collections::BTreeSet::new();
        let members: Vec<_> = members
            .into_iter()
            .filter(|((name, _), _)| seen.insert(name.clone()))
            .collect();
        let written: Vec<String> = members
            .iter()
            .map(|((_, spelling), value)| {
                let value = if blank.is_empty() {
                    value.to_string()
                } else {
                    serde_json::to_string_pretty(value).unwrap()
                };
                format!("{blank}{spelling}{blank}:{blank}{value}{blank}")
            })
            .collect();
        let inside = if members.is_empty() { blank.to_owned() } else { written.join(",") };
        let record = format!("{blank}{{{inside}}}{blank}");
        let names = Names { city, threat };
        let additions = [
            if city && geo_known { GEO } else { "" },
            if threat && threat_fired { THREAT } else { "" },
        ];
        let line = line(&record, names, additions);
        prop_assert!(!line.contains(['\n', '\r']));
        let Value::Object(mut expected) = serde_json::from_str(&record).unwrap() else {
            unreachable!("the record is an object");
        };
        expected.retain(|key, _| !names.list().contains(&key.as_str()));
        for addition in additions.into_iter().filter(|addition| !addition.is_empty()) {
            let Value::Object(ours) = serde_json::from_str(&format!("{{{addition}}}")).unwrap() else {
                unreachable!("the addition is an object");
            };
            expected.extend(ours);
        }
        let got: Value = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(got, Value::Object(expected));
        // The scanner refuses duplicate keys; serde_json would not tell.
        let mut scratch = ScanScratch::default();
        prop_assert!(scan(&line, &RecordLimits::default(), &mut scratch).is_ok());
    }
}
