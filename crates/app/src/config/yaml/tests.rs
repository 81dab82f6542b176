use super::*;

/// The faults of a text, one a line.
fn faults_of(text: &str) -> Vec<String> {
    let diagnostics = Diagnostics::new();
    parse(text, &diagnostics);
    let (faults, _) = diagnostics.into_faults();
    let line = |fault: &Fault| format!("{}: {fault}", fault.place.unwrap());
    faults.iter().map(line).collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(faults_of(text), expected, "{text}");
}

#[test]
fn places_count_characters_from_one() {
    let diagnostics = Diagnostics::new();
    let tree = parse(
        "\u{feff}a: 1\nä: { öl: [x, 'y: z'] }\nempty:\n",
        &diagnostics,
    )
    .unwrap();
    let Value::Mapping(entries) = &tree.value else {
        panic!("a mapping");
    };
    let at = |line, column| Place { line, column };
    assert_eq!(entries[0].place, at(1, 1));
    assert_eq!(entries[1].value.place, at(2, 4));
    let Value::Mapping(inner) = &entries[1].value.value else {
        panic!("a mapping");
    };
    assert_eq!(
        (inner[0].place, inner[0].value.place),
        (at(2, 6), at(2, 10))
    );
    let Value::Sequence(items) = &inner[0].value.value else {
        panic!("a list");
    };
    assert_eq!(items[1].place, at(2, 14));
    let quoted = Scalar {
        text: "y: z".to_owned(),
        quoted: true,
    };
    assert_eq!(items[1].value, Value::Scalar(quoted));
    assert!(entries[2].value.is_null());
    assert_eq!(entries[2].value.place, at(3, 1));
}

#[test]
fn a_tab_is_named_where_it_stands() {
    check(
        "a:\n\tb: 1\n",
        &["2:1: a tab indents this line: indent with blanks"],
    );
    check(
        "a:\n  b:\n  \t c: 1\n",
        &["3:3: a tab indents this line: indent with blanks"],
    );
}

#[test]
fn wrong_syntax_has_a_place() {
    check(
        "a: [1, 2\nb: 3\n",
        &[
            "2:2: not valid YAML: illegal placement of ':' indicator: check indentation, colons, quotes and brackets here and just above",
        ],
    );
    check(
        "a: @x\n",
        &["1:4: a text cannot begin with this character: put the text in quotes"],
    );
    for text in [
        "a: \"x\n",
        "a: {b: 1\n",
        "a: b: c\n",
        "- a\nb: 1\n",
        "a: ]\n",
        "\0",
    ] {
        let faults = faults_of(text);
        assert_eq!(faults.len(), 1, "{text:?}: {faults:?}");
        assert!(
            faults[0].contains("not valid YAML: "),
            "{text:?}: {faults:?}"
        );
    }
}

#[test]
fn anchors_aliases_tags_and_merges_are_refused() {
    check(
        "a: &x 1\n",
        &[
            "1:4: an anchor stands here: anchors are not read: a text that begins with & needs quotes",
        ],
    );
    check(
        "a: &x [1]\nb: *x\n",
        &[
            "1:4: an anchor stands here: anchors are not read: a text that begins with & needs quotes",
        ],
    );
    check(
        "a: !!str 1\n",
        &["1:4: a tag stands here: tags are not read: a text that begins with ! needs quotes"],
    );
    check(
        "a: 1\n---\nb: 2\n",
        &[
            "2:1: a second document begins here: one file holds one configuration: remove the line of dashes",
        ],
    );
    check(
        "? [a, b]\n: c\n",
        &["1:3: a key is a list or a mapping: write a word, a colon, a blank and the value"],
    );
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check(&nested(DEPTH_MAX), &[]);
    check(
        &nested(DEPTH_MAX + 1),
        &["1:33: nested deeper than 32 levels: a configuration is flatter"],
    );
    assert!(faults_of(&"[".repeat(100_000))[0].contains("nested deeper than 32 levels"));
    // The list itself is a value too.
    let items = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    check(&items(NODES_MAX - 1), &[]);
    assert_eq!(faults_of(&items(NODES_MAX)).len(), 1);
    assert!(faults_of(&items(NODES_MAX))[0].contains("more than 50000 values"));
}

#[test]
fn every_duplicate_is_named_with_the_first() {
    check(
        "a: 1\nb: { c: 1, c: 2, c: 3 }\na: 2\n",
        &[
            "2:12: key \"c\" is given twice: first at line 2",
            "2:18: key \"c\" is given twice: first at line 2",
            "3:1: key \"a\" is given twice: first at line 1",
        ],
    );
}
