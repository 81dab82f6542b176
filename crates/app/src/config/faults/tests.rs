use cresset_model::config::{Diagnostics, Place};

use super::*;

fn faults(text: &str, reported: Vec<Fault>) -> ConfigFaults {
    let diagnostics = Diagnostics::new();
    for fault in reported {
        diagnostics.report(fault);
    }
    ConfigFaults::new("x.yaml", text, diagnostics.into_faults())
}

fn fault(line: u32, column: u32, message: &str) -> Fault {
    Fault::at(Place { line, column }, message)
}

#[test]
fn a_fault_shows_its_line_a_caret_and_what_to_do() {
    let text = "version: 1\nserver: { opne: true }\nlimits: { depth: 0 }\n";
    let shown = faults(
        text,
        vec![
            fault(3, 18, "\"depth\" is out of range: 0").hint("from 1 to 256 are allowed"),
            fault(2, 11, "unknown key \"opne\"").of_key("opne"),
        ],
    );
    let expected = "\
x.yaml:2:11: unknown key \"opne\"
 2 | server: { opne...
   |           ^

x.yaml:3:18: \"depth\" is out of range: 0
 3 | limits: { depth: 0 }
   |                  ^
 = from 1 to 256 are allowed";
    assert_eq!(shown.to_string(), expected);
}

#[test]
fn a_line_is_the_one_that_yaml_counts() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a: 1", "b: 2", "c: 3"].join(end);
        let shown = faults(&text, vec![fault(2, 4, "wrong")]).to_string();
        assert_eq!(shown, "x.yaml:2:4: wrong\n 2 | b: 2\n   |    ^", "{end:?}");
    }
}

#[test]
fn programs_get_one_object_for_each_fault() {
    let shown = faults(
        "a: 1\n",
        vec![fault(1, 4, "wrong").hint("write 2"), fault(1, 1, "worse")],
    );
    assert_eq!(
        shown.to_json().to_string(),
        "[{\"file\":\"x.yaml\",\"line\":1,\"column\":1,\"message\":\"worse\",\"hint\":null},\
         {\"file\":\"x.yaml\",\"line\":1,\"column\":4,\"message\":\"wrong\",\"hint\":\"write 2\"}]"
    );
    let whole = ConfigFaults::whole("x.yaml", "cannot be read".to_owned(), "look");
    assert_eq!(
        whole.to_json().to_string(),
        "[{\"file\":\"x.yaml\",\"line\":null,\"column\":null,\"message\":\"cannot be read\",\"hint\":\"look\"}]"
    );
}

#[test]
fn what_may_be_a_secret_is_not_shown() {
    for (text, reported) in [
        ("bearer: hunter2", fault(1, 1, "wrong")),
        ("API_KEY: hunter2", fault(1, 1, "wrong")),
        ("url: https://u:hunter2@h/", fault(1, 1, "wrong")),
        ("x: hunter2", fault(1, 4, "wrong").concealed()),
        ("x: hunter2", fault(1, 1, "wrong").of_key("x")),
    ] {
        let shown = faults(text, vec![reported]).to_string();
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    // One fault that conceals conceals for all faults of its line.
    let both = vec![fault(1, 1, "wrong"), fault(1, 4, "wrong").concealed()];
    assert_eq!(
        faults("x: hunter2", both).to_string(),
        "x.yaml:1:1: wrong\n\nx.yaml:1:4: wrong"
    );
}

#[test]
fn a_long_line_is_cut_and_control_characters_are_not_printed() {
    let text = format!("a: \u{1b}[31m{}", "x".repeat(200));
    let shown = faults(&text, vec![fault(1, 4, "wrong"), fault(1, 180, "far")]).to_string();
    assert!(!shown.contains('\u{1b}'));
    let longest = shown.lines().map(|line| line.chars().count()).max();
    assert_eq!(longest, Some(SHOWN_CHARS_MAX + 8));
    assert_eq!(shown.matches('^').count(), 1);
}

#[test]
fn omitted_faults_are_counted() {
    let many = vec![fault(1, 1, "wrong"); cresset_model::config::FAULTS_MAX + 2];
    assert!(
        faults("", many)
            .to_string()
            .ends_with("wrong\n\nand 2 more")
    );
}
