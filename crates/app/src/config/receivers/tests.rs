use super::super::tests::{check_end, loaded, minimal_with};
use super::*;

fn read(receivers: &str) -> Vec<ReceiverConfig> {
    let text = minimal_with(&format!("route: {{ receiver: soc }}\n{receivers}"));
    loaded(&text, &[]).receivers
}

/// The receivers begin at line 9.
#[track_caller]
fn check_receivers(receivers: &str, expected: &[&str]) {
    check_end(
        &format!("route: {{ receiver: soc }}\n{receivers}"),
        expected,
    );
}

fn kinds(receiver: &ReceiverConfig) -> Vec<&'static str> {
    let kind = |notifier: &NotifierConfig| match notifier {
        NotifierConfig::Console => "console",
        NotifierConfig::Webhook(_) => "webhook",
        NotifierConfig::Smtp(_) => "smtp",
    };
    receiver.notifiers.iter().map(kind).collect()
}

#[test]
fn a_receiver_holds_any_number_of_notifiers_in_the_order_of_the_file() {
    let receivers = read(
        "\
receivers:
  - name: soc
    smtp: { host: a.example, from: a@b.example, to: [ c@d.example ] }
    webhook:
      - { url: https://a.example/1 }
      - { url: https://a.example/2 }
    console: {}
  - name: nobody
",
    );
    assert_eq!(
        kinds(&receivers[0]),
        ["smtp", "webhook", "webhook", "console"]
    );
    assert!(receivers[1].notifiers.is_empty());
}

#[test]
fn faulty_receivers_are_named() {
    check_receivers(
        "\
receivers:
  - { name: soc, consle: {} }
  - { name: soc, console: [ {}, { color: red } ] }
  - { name: SOC }
  - { console: {} }
  - log
",
        &[
            "10:18: unknown key \"consle\": did you mean \"console\"? valid keys here: name, console, webhook, smtp, retry",
            "11:13: receiver \"soc\" is given twice: first at line 10",
            "11:35: unknown key \"color\": it takes none",
            "12:13: \"name\" is not a name: \"SOC\": use 1 to 64 lower-case letters, digits, dashes and underscores",
            "13:5: missing key \"name\": what routes call this receiver",
            "14:5: \"receivers\" is a value, not a mapping: write its keys and values below it, indented",
        ],
    );
}

#[test]
fn an_unused_receiver_is_no_fault() {
    check_receivers("receivers: [ { name: soc }, { name: unused } ]\n", &[]);
}

#[test]
fn receivers_and_notifiers_are_bounded() {
    let receivers = |count: usize| {
        let line = |number| format!("  - {{ name: r{number} }}\n");
        let lines: String = (1..count).map(line).collect();
        format!("receivers:\n  - {{ name: soc }}\n{lines}")
    };
    assert_eq!(read(&receivers(64)).len(), 64);
    check_receivers(
        &receivers(65),
        &["10:3: \"receivers\" has 65 items: at most 64 are taken"],
    );
    let notifiers = |count: usize| {
        let items = vec!["{}"; count].join(", ");
        format!("receivers: [ {{ name: soc, console: [ {items} ] }} ]\n")
    };
    check_receivers(&notifiers(16), &[]);
    check_receivers(
        &notifiers(17),
        &["9:14: a receiver has 17 notifiers: at most 16 are taken"],
    );
}

#[test]
fn the_waits_between_tries_are_those_of_the_file_or_the_usual_ones() {
    let waits = |retry: &str| {
        let text = format!("receivers: [ {{ name: soc, console: {{}}{retry} }} ]\n");
        read(&text).remove(0).retry_waits
    };
    assert_eq!(waits(""), RETRY_WAITS);
    assert_eq!(waits(", retry: []"), []);
    let ends = [Duration::from_millis(100), Duration::from_hours(24)];
    assert_eq!(waits(", retry: [ 100ms, 1d ]"), ends);
    let many = |count| format!(", retry: [ {} ]", vec!["5s"; count].join(", "));
    assert_eq!(waits(&many(32)).len(), 32);
    let check = |retry: &str, expected: &[&str]| {
        let text = format!("receivers: [ {{ name: soc, console: {{}}{retry} }} ]\n");
        check_receivers(&text, expected);
    };
    check(
        &many(33),
        &["9:47: \"retry\" has 33 items: at most 32 are taken"],
    );
    let hint = "is out of range: a wait is 100ms to 1d";
    check(
        ", retry: [ 99ms, 25h, soon ]",
        &[
            &format!("9:49: \"retry\" {hint}"),
            &format!("9:55: \"retry\" {hint}"),
            "9:60: \"retry\" is not a duration: \"soon\": write a whole number and a unit, such as 30m (units ms, s, m, h, d)",
        ],
    );
}
