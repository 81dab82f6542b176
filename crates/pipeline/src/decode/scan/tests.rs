use std::fmt::Debug;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn limits() -> RecordLimits {
    RecordLimits::default()
}

fn scan_text(text: &str, limits: &RecordLimits) -> Result<Kind, (Reason, String)> {
    scan(text, limits, &mut ScanScratch::default()).map_err(|fault| (fault.reason, fault.detail))
}

fn refused(text: &str, reason: Reason, detail: &str) {
    assert_eq!(
        scan_text(text, &limits()),
        Err((reason, detail.to_owned())),
        "{text}"
    );
}

#[test]
fn top_level_fields_are_named_with_their_values_as_received() {
    let text = r#" { "a" : 1 , "b\u0041" : "x\n" ,"c":{"d":[1, 2]} ,"e":null,"f":true,"g":"" } "#;
    let mut scratch = ScanScratch::default();
    assert_eq!(scan(text, &limits(), &mut scratch), Ok(Kind::Object));
    let record = Record::of(text, &scratch);
    let fields: Vec<_> = record
        .fields
        .iter()
        .map(|field| {
            let key = std::str::from_utf8(record.key(field)).unwrap();
            (key, field.kind, record.raw(field), field.escaped)
        })
        .collect();
    assert_eq!(
        fields,
        [
            ("a", Kind::Number, "1", false),
            ("bA", Kind::String, "x\\n", true),
            ("c", Kind::Object, r#"{"d":[1, 2]}"#, false),
            ("e", Kind::Null, "null", false),
            ("f", Kind::True, "true", false),
            ("g", Kind::String, "", false),
        ]
    );
    assert!(record.field("bA").is_some());
    assert!(record.field("d").is_none());
}

#[test]
fn invalid_json_is_refused_with_its_place() {
    let invalid = |text: &str, detail: &str| refused(text, Reason::InvalidJson, detail);
    invalid("", "the record ends where a value is expected");
    invalid("NaN", r#"a value is expected at byte 0, found "N""#);
    invalid(
        r#"{"a":NaN}"#,
        r#"a value is expected at byte 5, found "N""#,
    );
    invalid(r#"{"a":1,}"#, r#"a key is expected at byte 7, found "}""#);
    invalid("[1,]", r#"a value is expected at byte 3, found "]""#);
    invalid(r#"{"a" 1}"#, r#"`:` is expected at byte 5, found "1""#);
    invalid(
        r#"{"a":1 "b":2}"#,
        r#"`,` or `}` is expected at byte 7, found "\"""#,
    );
    invalid("[1}", r#"`,` or `]` is expected at byte 2, found "}""#);
    invalid("{é}", r#"a key is expected at byte 1, found "é""#);
    invalid(
        "1 2",
        r#"the end of the record is expected at byte 2, found "2""#,
    );
    invalid(r#"{"a":1"#, "the record ends where `,` or `}` is expected");
    invalid(
        r#"{"abc"#,
        "the record ends in the string that begins at byte 1",
    );
    invalid("\"a\nb\"", "control character U+000A in a string at byte 2");
    invalid(r#""a\x""#, r#"invalid escape "\\x" at byte 2"#);
    invalid(r#""\u12""#, r#"invalid escape "\\u12\"" at byte 1"#);
    for number in ["01", "-", "1.", ".5", "1e", "+1", "-a", "1.e2", "1e+", "00"] {
        assert_eq!(
            scan_text(number, &limits()).unwrap_err().0,
            Reason::InvalidJson,
            "{number}"
        );
    }
    invalid("[-]", "invalid number at byte 1");
}

#[test]
fn invalid_utf8_is_refused_with_its_place() {
    let fault = utf8(b"{\"a\":\"\xff\"}").unwrap_err();
    assert_eq!(fault.reason, Reason::InvalidUtf8);
    assert_eq!(fault.detail, "invalid UTF-8 at byte 6");
}

#[test]
fn duplicate_keys_are_refused_in_any_object() {
    let duplicate = |text: &str, detail: &str| refused(text, Reason::DuplicateKey, detail);
    duplicate(
        r#"{"id":1,"x":2,"id":3}"#,
        r#"duplicate key "id" at byte 14"#,
    );
    duplicate(r#"{"id":1,"\u0069d":3}"#, r#"duplicate key "id" at byte 8"#);
    duplicate(
        r#"{"a":[{"b":1,"b":2}]}"#,
        r#"duplicate key "b" at byte 13"#,
    );
    assert_eq!(
        scan_text(r#"{"a":{"a":1},"b":{"a":2}}"#, &limits()),
        Ok(Kind::Object)
    );
    let many: Vec<String> = (0..250).map(|n| format!("\"k{n}\":0")).collect();
    let object = format!("{{{}}}", many.join(","));
    assert_eq!(scan_text(&object, &limits()), Ok(Kind::Object));
    let twice = format!("{{{},\"k99\":1,\"k5\":1}}", many.join(","));
    let at = twice.rfind("\"k99\"").unwrap();
    duplicate(&twice, &format!("duplicate key \"k99\" at byte {at}"));
}

#[test]
fn the_limits_hold_at_limit_and_beyond() {
    let tight = RecordLimits {
        depth_max: 3,
        keys_max: 2,
        string_bytes_max: 4,
        ..limits()
    };
    for accepted in [
        "[[[1]]]",
        r#"{"a":{"b":1,"c":2},"d":3}"#,
        r#"["abcd","\\\\"]"#,
    ] {
        let got = scan_text(accepted, &tight);
        assert!(got.is_ok(), "{accepted} {got:?}");
    }
    for (text, reason, detail) in [
        (
            "[[[[1]]]]",
            Reason::TooDeep,
            "nested deeper than 3 levels at byte 3",
        ),
        (
            r#"{"a":1,"b":2,"c":3}"#,
            Reason::TooManyKeys,
            "more than 2 keys in one object at byte 13",
        ),
        (
            r#"["abcde"]"#,
            Reason::StringTooLong,
            "the string at byte 1 has 5 bytes, the limit is 4",
        ),
    ] {
        assert_eq!(scan_text(text, &tight), Err((reason, detail.to_owned())));
    }
    let deep = "[".repeat(50_000);
    assert_eq!(scan_text(&deep, &limits()).unwrap_err().0, Reason::TooDeep);
}

#[test]
fn numbers_fit_a_finite_float() {
    for accepted in [
        "1e308",
        "-1.5E+300",
        "100000000000000000000",
        "1e-400",
        "0e9999",
        "-0",
    ] {
        assert_eq!(
            scan_text(accepted, &limits()),
            Ok(Kind::Number),
            "{accepted}"
        );
    }
    refused(
        "[1e400]",
        Reason::NumberOutOfRange,
        "the number 1e400 at byte 1 does not fit a 64-bit float",
    );
    let long = "9".repeat(400);
    let shown = &long[..80];
    refused(
        &long,
        Reason::NumberOutOfRange,
        &format!("the number {shown}... at byte 0 does not fit a 64-bit float"),
    );
}

#[test]
fn surrogates_without_partner_are_accepted() {
    assert_eq!(scan_text(r#"{"a":"\ud800"}"#, &limits()), Ok(Kind::Object));
}

/// What a scan finds, for comparing.
fn found(
    text: &str,
    limits: &RecordLimits,
    scratch: &mut ScanScratch,
) -> impl PartialEq + Debug + use<> {
    let kind = scan(text, limits, scratch).map_err(|fault| (fault.reason, fault.detail));
    let record = Record::of(text, scratch);
    let fields: Vec<_> = record
        .fields
        .iter()
        .map(|field| {
            let key = String::from_utf8_lossy(record.key(field)).into_owned();
            (key, field.kind, field.value, field.escaped)
        })
        .collect();
    (kind, fields, record.traits)
}

/// The same structure with other scalars, some of another kind.
fn other_values(value: &Value, chosen: &mut impl Iterator<Item = u8>) -> Value {
    match value {
        Value::Array(values) => values
            .iter()
            .map(|value| other_values(value, chosen))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), other_values(value, chosen)))
            .collect(),
        scalar => match (chosen.next(), scalar) {
            (Some(0), _) => Value::Null,
            (Some(1), _) => Value::from("a \"quoted\" \n text"),
            (Some(chosen), Value::String(_)) => Value::from("x".repeat(chosen.into())),
            (Some(chosen), Value::Number(_)) => Value::from(f64::from(chosen) * -1e30),
            (Some(chosen), Value::Bool(_)) => Value::from(chosen % 2 == 0),
            _ => scalar.clone(),
        },
    }
}

#[test]
fn a_record_of_the_same_shape_is_read_by_it() {
    let mut scratch = ScanScratch::default();
    let first = r#"{"a":"x","b":{"c":[1,{"d":null}],"e":{}},"f":-1,"g":"","h":[]} "#;
    let second = r#"{"a":"\n","b":{"c":[2.5e3,{"d":true}],"e":{}},"f":0,"g":"longer","h":[]} "#;
    let other = r#"{"a":1,"b":{"c":[2.5e3,{"d":true}],"e":{}},"f":0,"g":"longer","h":[]} "#;
    for (text, misses) in [(first, 1), (second, 0), (other, 1), (second, 0), (other, 0)] {
        let fresh = found(text, &limits(), &mut ScanScratch::default());
        assert_eq!(fresh, found(text, &limits(), &mut scratch), "{text}");
        assert_eq!(scratch.shapes.misses(), misses, "{text}");
    }
}

#[test]
fn a_shape_counts_only_under_its_limits() {
    let mut scratch = ScanScratch::default();
    let text = r#"{"a":{"b":{"c":"text"}}}"#;
    assert_eq!(scan(text, &limits(), &mut scratch), Ok(Kind::Object));
    let shallow = RecordLimits {
        depth_max: 2,
        ..limits()
    };
    let fault = scan(text, &shallow, &mut scratch).unwrap_err();
    assert_eq!(fault.reason, Reason::TooDeep);
    let short = RecordLimits {
        string_bytes_max: 4,
        ..limits()
    };
    assert_eq!(scan(text, &short, &mut scratch), Ok(Kind::Object));
    let fault = scan(r#"{"a":{"b":{"c":"texts"}}}"#, &short, &mut scratch).unwrap_err();
    assert_eq!(fault.reason, Reason::StringTooLong);
}

#[test]
fn where_no_record_fits_another_few_are_compared() {
    let mut scratch = ScanScratch::default();
    for turn in 0..10_000 {
        let text = format!(r#"{{"key-{turn}":1}}"#);
        assert_eq!(scan(&text, &limits(), &mut scratch), Ok(Kind::Object));
        assert!(scratch.shapes.misses() > turn);
    }
    let text = r#"{"key":1}"#;
    for _ in 0..40 {
        assert_eq!(scan(text, &limits(), &mut scratch), Ok(Kind::Object));
    }
    assert_eq!(scratch.shapes.misses(), 0, "the way back");
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((any::<String>(), inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn valid_json_reads_as_serde_json_reads_it(value in json(), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&value).unwrap()
        } else {
            value.to_string()
        };
        prop_assert!(scan_text(&text, &limits()).is_ok());
        crate::fuzz::json(text.as_bytes());
    }

    #[test]
    fn damaged_json_is_refused_where_serde_json_refuses_it(
        value in json(),
        at in any::<proptest::sample::Index>(),
        damage in "[\\[\\]{},:\"\\\\0-9a-fnul.+eE \n\u{1}-]{0,2}",
        removed in 0_usize..3,
    ) {
        let mut text: Vec<char> = value.to_string().chars().collect();
        let at = at.index(text.len());
        text.splice(at..(at + removed).min(text.len()), damage.chars());
        let text: String = text.into_iter().collect();
        crate::fuzz::json(text.as_bytes());
    }

    #[test]
    fn shapes_change_nothing_that_is_found(
        value in json(),
        chosen in proptest::collection::vec(any::<u8>(), 0..24),
        at in any::<proptest::sample::Index>(),
        damage in "[\\[\\]{},:\"\\\\0-9a-fnul.+eE \n\u{1}-]{0,2}",
        removed in 0_usize..3,
    ) {
        let other = other_values(&value, &mut chosen.into_iter().chain(2..));
        let mut text: Vec<char> = other.to_string().chars().collect();
        let at = at.index(text.len());
        text.splice(at..(at + removed).min(text.len()), damage.chars());
        let damaged: String = text.into_iter().collect();
        let mut used = ScanScratch::default();
        for text in [value.to_string(), other.to_string(), damaged, other.to_string()] {
            let mut fresh = ScanScratch::default();
            fresh.watch(&["a"]);
            used.watch(&["a"]);
            let fresh = found(&text, &limits(), &mut fresh);
            prop_assert_eq!(fresh, found(&text, &limits(), &mut used), "{}", text);
        }
    }

    #[test]
    fn json_like_noise_is_judged_as_serde_json_judges_it(
        text in "[\\[\\]{},:\"\\\\0-2atrue.eE \n-]{0,16}",
    ) {
        crate::fuzz::json(text.as_bytes());
    }
}
