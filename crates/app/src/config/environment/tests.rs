use std::path::Path;

use super::*;

fn ports(variables: &[(&str, &str)]) -> String {
    match Environment::of(variables).ports() {
        Ok(ports) => format!("{} {} {}", ports.api, ports.mock, ports.dashboard),
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn ports_come_from_the_environment() {
    assert_eq!(ports(&[]), "8000 8001 8501");
    assert_eq!(
        ports(&[("HOST_PORT_INGESTOR", "9000"), ("HOST_PORT_MOCK_API", "")]),
        "9000 8001 8501"
    );
}

#[test]
fn a_wrong_port_is_named_exactly() {
    for value in ["abc", "0", "65536", "-1", "80 "] {
        assert_eq!(
            ports(&[("HOST_PORT_MOCK_API", value)]),
            format!(
                "HOST_PORT_MOCK_API is not a port: {value:?}: write a whole number from 1 to 65535"
            )
        );
    }
    assert_eq!(
        ports(&[("HOST_PORT_DASHBOARD", "8000")]),
        "HOST_PORT_INGESTOR and HOST_PORT_DASHBOARD are both 8000: each needs a port of its own"
    );
}

fn check(text: &str, expected: &[(&str, &str)]) {
    let expected = Environment::of(expected).file;
    assert_eq!(parse(Path::new(".env"), text).unwrap(), expected, "{text}");
}

#[test]
fn the_file_knows_comments_quotes_and_blanks() {
    check("", &[]);
    check(
        "# ports\n\nA=1\r\n  B = two words # why\nexport C=a#b\n",
        &[("A", "1"), ("B", "two words"), ("C", "a#b")],
    );
    check(
        "A='raw \\n $x'\nB=\"line\\n\\\"q\\\"\" # tail\nC=\nD=#nothing\nA=later",
        &[("A", "later"), ("B", "line\n\"q\""), ("C", ""), ("D", "")],
    );
}

#[test]
fn a_faulty_line_is_named_without_its_text() {
    let message = |text: &str| parse(Path::new(".env"), text).unwrap_err().to_string();
    assert_eq!(
        message("A=1\nhunter2"),
        "`.env`, line 2: no assignment: write NAME=value"
    );
    assert_eq!(
        message("1A=x"),
        "`.env`, line 1: no name of a variable: letters, digits and underscores are allowed"
    );
    assert_eq!(
        message("A=\"hunter2"),
        "`.env`, line 1: the closing quote is missing"
    );
    assert_eq!(
        message("A='x' y"),
        "`.env`, line 1: text after the closing quote"
    );
    assert_eq!(
        message("A=\"\\q\""),
        "`.env`, line 1: an unknown escape: \\n \\t \\\" \\\\ \\$ are known"
    );
}

#[test]
fn an_absent_file_is_an_empty_one() {
    let environment = Environment::load_file(Path::new("no/such/.env"), false).unwrap();
    assert_eq!(environment.get("PATH"), None);
}

#[test]
fn the_process_wins_over_the_file() {
    let mut environment = Environment::of(&[("CARGO_PKG_NAME", "file"), ("ONLY_HERE_X", "file")]);
    environment.with_process = true;
    // Cargo sets this variable for every test.
    assert_eq!(
        environment.get("CARGO_PKG_NAME").as_deref(),
        Some("cresset")
    );
    assert_eq!(environment.get("ONLY_HERE_X").as_deref(), Some("file"));
}

#[test]
fn printing_an_environment_shows_no_values() {
    let shown = format!("{:?}", Environment::of(&[("TOKEN", "hunter2")]));
    assert!(shown.contains("TOKEN") && !shown.contains("hunter2"));
}
