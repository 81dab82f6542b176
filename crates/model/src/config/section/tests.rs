use std::time::Duration;

use super::super::{FAULTS_MAX, Scalar};
use super::*;

fn at(line: u32, column: u32) -> Place {
    Place { line, column }
}

fn scalar(line: u32, text: &str) -> Node {
    Node {
        place: at(line, 9),
        value: Value::Scalar(Scalar {
            text: text.to_owned(),
            quoted: false,
        }),
    }
}

fn mapping(entries: Vec<(&str, Node)>) -> Node {
    let entry = |(key, value): (&str, Node)| Entry {
        place: at(value.place.line, 1),
        key: key.to_owned(),
        value,
    };
    Node {
        place: at(1, 1),
        value: Value::Mapping(entries.into_iter().map(entry).collect()),
    }
}

/// Reads a mapping and gives the faults as lines.
fn check(entries: Vec<(&str, Node)>, read: impl FnOnce(&mut Section<'_>)) -> Vec<String> {
    let node = mapping(entries);
    let diagnostics = Diagnostics::new();
    let mut section = Section::open("poll", at(1, 1), &node, &diagnostics).unwrap();
    read(&mut section);
    section.finish();
    lines(diagnostics)
}

fn lines(diagnostics: Diagnostics) -> Vec<String> {
    let (faults, _) = diagnostics.into_faults();
    let line = |fault: &Fault| match fault.place {
        Some(place) => format!("{place}: {fault}"),
        None => fault.to_string(),
    };
    faults.iter().map(line).collect()
}

#[test]
fn faults_come_in_the_order_of_the_file() {
    let faults = check(
        vec![
            ("intervall", scalar(2, "30m")),
            ("overlap", scalar(3, "30")),
            ("pages", scalar(4, "0")),
        ],
        |section| {
            section.required::<String>("url", "the address to poll");
            section.in_range("pages", 20_u32, 1..=1_000);
            section.optional::<Duration>("interval");
            section.optional::<Duration>("overlap");
        },
    );
    assert_eq!(
        faults,
        [
            "1:1: missing key \"url\": the address to poll",
            "2:1: unknown key \"intervall\": did you mean \"interval\"? valid keys here: url, pages, interval, overlap",
            "3:9: \"overlap\" is not a duration: \"30\": write a whole number and a unit, such as 30m (units ms, s, m, h, d)",
            "4:9: \"pages\" is out of range: 0: from 1 to 1000 are allowed",
        ]
    );
}

#[test]
fn a_range_holds_at_its_limits() {
    let read = |value: &str| {
        check(vec![("pages", scalar(2, value))], |section| {
            section.in_range("pages", 20_u32, 1..=1_000);
        })
    };
    assert!(read("1").is_empty());
    assert!(read("1000").is_empty());
    assert_eq!(
        read("1001"),
        ["2:9: \"pages\" is out of range: 1001: from 1 to 1000 are allowed"]
    );
}

#[test]
fn a_wrong_shape_says_what_stands_there() {
    let faults = check(
        vec![
            ("list", scalar(2, "a")),
            ("section", scalar(3, "")),
            ("value", mapping(vec![])),
        ],
        |section| {
            section.sequence("list");
            assert!(section.section("section").is_none());
            section.optional::<bool>("value");
        },
    );
    assert_eq!(
        faults,
        [
            "1:1: \"value\" is a mapping, not true or false: write true or false",
            "2:9: \"list\" is a value, not a list: write [a, b] or one line for each item, with a dash",
            "3:9: \"section\" has no value: write its keys and values below it, indented",
        ]
    );
}

#[test]
fn a_choice_has_exactly_one_known_key() {
    let read = |entries: Vec<(&str, Node)>| {
        check(vec![("auth", mapping(entries))], |section| {
            section.one_of("auth", &["bearer", "basic"]);
        })
    };
    assert!(read(vec![("basic", scalar(2, "x"))]).is_empty());
    assert_eq!(
        read(vec![("bearrer", scalar(2, "x"))]),
        ["2:1: unknown auth \"bearrer\": did you mean \"bearer\"? valid here: bearer, basic"]
    );
    assert_eq!(
        read(vec![("basic", scalar(2, "x")), ("bearer", scalar(3, "x"))]),
        ["1:1: \"auth\" takes exactly one key, here are 2: valid here: bearer, basic"]
    );
    assert_eq!(
        read(vec![]),
        ["1:1: \"auth\" takes exactly one key, here are 0: valid here: bearer, basic"]
    );
}

#[test]
fn a_concealed_section_repeats_no_value() {
    let faults = check(
        vec![("auth", mapping(vec![("user", scalar(2, "a\tb"))]))],
        |section| {
            let mut section = section.section("auth").unwrap().concealed();
            section.optional::<String>("user");
        },
    );
    assert_eq!(
        faults,
        ["2:9: \"user\" is not a text: write a text on one line"]
    );
}

#[test]
fn faults_beyond_the_limit_are_counted() {
    let diagnostics = Diagnostics::new();
    for _ in 0..FAULTS_MAX + 3 {
        diagnostics.report(Fault::at(at(1, 1), "wrong"));
    }
    let (faults, omitted) = diagnostics.into_faults();
    assert_eq!((faults.len(), omitted), (FAULTS_MAX, 3));
}

#[test]
fn a_faulty_value_is_not_reported_again() {
    let faulty = || Node {
        place: at(2, 9),
        value: Value::Faulty,
    };
    let keys = ["scalar", "list", "section", "choice", "word"];
    let reported = check(keys.map(|key| (key, faulty())).into(), |section| {
        assert_eq!(section.required::<bool>("scalar", "needed"), None);
        section.sequence("list");
        section.section("section");
        section.one_of("choice", &["a"]);
        section.word("word", &[("a", 1)]);
    });
    assert!(reported.is_empty(), "{reported:?}");
}

#[test]
fn one_mapping_or_a_list_of_them_is_read() {
    let list = |items| Node {
        place: at(3, 5),
        value: Value::Sequence(items),
    };
    let mut places = Vec::new();
    let faults = check(
        vec![
            ("console", mapping(vec![("color", scalar(2, "red"))])),
            (
                "webhook",
                list(vec![mapping(vec![]), scalar(4, "x"), mapping(vec![])]),
            ),
            ("smtp", list(vec![])),
        ],
        |section| {
            for key in ["console", "webhook", "smtp", "absent"] {
                for found in section.one_or_more(key) {
                    assert_eq!(found.entries().len(), usize::from(key == "console"));
                    places.push((key, found.place()));
                }
            }
            assert!(section.is_empty_list("smtp") && !section.is_empty_list("webhook"));
            assert!(!section.is_empty_list("absent"));
        },
    );
    // A single mapping has the place of its key, an item that of itself.
    assert_eq!(
        places,
        [
            ("console", at(1, 1)),
            ("webhook", at(1, 1)),
            ("webhook", at(1, 1)),
        ]
    );
    assert_eq!(
        faults,
        [
            "4:9: \"webhook\" is a value, not a mapping: write its keys and values below it, indented"
        ]
    );
}

#[test]
fn items_are_words_too() {
    let words = [("country", 1), ("city", 2)];
    let mut read = Vec::new();
    let faults = check(vec![("fields", scalar(2, "x"))], |section| {
        section.entry("fields");
        for text in ["city", "citty"] {
            read.push(section.word_item("fields", &scalar(3, text), &words));
        }
    });
    assert_eq!(read, [Some(2), None]);
    assert_eq!(
        faults,
        ["3:9: unknown fields \"citty\": did you mean \"city\"? valid values: country, city"]
    );
}

#[test]
fn a_section_without_keys_says_so() {
    let faults = check(vec![("color", scalar(2, "red"))], |_| {});
    assert_eq!(faults, ["2:1: unknown key \"color\": it takes none"]);
}
