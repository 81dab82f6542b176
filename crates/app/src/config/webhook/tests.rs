use super::super::environment::Environment;
use super::super::load::parse;
use super::super::receivers::NotifierConfig;
use super::super::tests::{check_end, loaded, minimal_with};
use super::*;

/// The keys of the webhook begin at line 12, after six blanks.
fn end(keys: &str) -> String {
    let mut text =
        String::from("route: { receiver: soc }\nreceivers:\n  - name: soc\n    webhook:\n");
    for line in keys.lines() {
        text.push_str("      ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn read(keys: &str) -> WebhookConfig {
    let mut config = loaded(&minimal_with(&end(keys)), &[]);
    match config.receivers.remove(0).notifiers.remove(0) {
        NotifierConfig::Webhook(webhook) => *webhook,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check_webhook(keys: &str, expected: &[&str]) {
    check_end(&end(keys), expected);
}

fn env(name: &str) -> SecretRef {
    SecretRef::Env(name.to_owned())
}

#[test]
fn an_address_is_enough() {
    assert_eq!(
        read("url: https://example.com/hook"),
        WebhookConfig {
            url: HttpUrl::parse("https://example.com/hook").unwrap(),
            secret: None,
            secret_previous: None,
            template: None,
            headers: Vec::new(),
            allow_private: None,
            timeout: Duration::from_secs(30),
        }
    );
}

#[test]
fn every_key_is_read() {
    let webhook = read(
        "\
url: http://127.0.0.1:9/hook
secret: env:NEW
secret_previous: env:OLD
template: |
  { \"text\": \"x\" }
headers: { X-Team: soc, Authorization: env:TOKEN }
allow_private: 127.0.0.1:9
timeout: 100ms",
    );
    assert_eq!(
        webhook,
        WebhookConfig {
            url: HttpUrl::parse("http://127.0.0.1:9/hook").unwrap(),
            secret: Some(env("NEW")),
            secret_previous: Some(env("OLD")),
            template: Some("{ \"text\": \"x\" }\n".to_owned()),
            headers: vec![
                ("x-team".to_owned(), HeaderValue::Plain("soc".to_owned())),
                (
                    "authorization".to_owned(),
                    HeaderValue::Secret(env("TOKEN"))
                ),
            ],
            allow_private: HostPort::parse("127.0.0.1:9"),
            timeout: Duration::from_millis(100),
        }
    );
}

#[test]
fn addresses_are_checked_as_those_of_upstreams() {
    check_webhook(
        "secret: env:S",
        &["11:5: missing key \"url\": where to send, such as https://example.com/hook"],
    );
    check_webhook(
        "url: http://169.254.169.254/latest",
        &[
            "12:12: \"url\" leads to the private address 169.254.169.254:80: if that is meant, add allow_private: 169.254.169.254:80",
        ],
    );
    check_webhook(
        "url: https://example.com/\nallow_private: 10.0.0.1:443\ntimeout: 31s",
        &[
            "13:22: \"allow_private\" names 10.0.0.1:443, \"url\" leads to example.com:443: name the host and port of the address, or remove the key",
            "14:16: \"timeout\" is out of range: 31s: from 100ms to 30s are allowed",
        ],
    );
}

#[test]
fn secrets_are_references_and_change_over_in_pairs() {
    check_webhook(
        "url: https://example.com/\nsecret_previous: env:OLD",
        &[
            "13:24: \"secret_previous\" without \"secret\": write the new secret as secret, and remove secret_previous once receivers know it",
        ],
    );
    check_webhook(
        "url: https://example.com/\nsecret: env:S\nsecret_previous: env:S",
        &[
            "14:24: \"secret_previous\" is the same as \"secret\": name the former secret, or remove the key",
        ],
    );
    check_webhook(
        "url: https://example.com/\nsecret: whsec_hunter2",
        &[
            "13:15: \"secret\" is not a reference to a secret: write env:NAME or file:PATH; a secret itself never stands in the configuration",
        ],
    );
}

#[test]
fn headers_are_checked_without_showing_their_values() {
    check_webhook(
        "\
url: https://example.com/
headers:
  X Team: soc
  Host: a
  Webhook-Id: x
  X-A: b
  x-a: c
  Authorization: Bearer hunter2
  X-B: \"a\\nb\"",
        &[
            "14:9: \"headers\" is not a header name: write letters, digits and dashes, such as X-Api-Key",
            "15:9: \"headers\" cannot be \"host\": that header belongs to the connection",
            "16:9: header \"webhook-id\" is written by the webhook itself: remove it",
            "18:9: header \"x-a\" is given twice: upper and lower case are the same: remove one of them",
            "19:9: header \"authorization\" is not a reference to a secret: write env:NAME or file:PATH; a secret itself never stands in the configuration",
            "20:14: \"X-B\" is not a value of a header: write visible ASCII characters and blanks, or env:NAME or file:PATH for a secret",
        ],
    );
    check_webhook(
        "url: http://example.com/\nheaders: { X-Token: env:T }",
        &["13:16: \"headers\" would send a secret in plain text: use an https address"],
    );
}

#[test]
fn a_literal_secret_is_shown_nowhere() {
    for keys in [
        "secret: hunter2",
        "secrt: hunter2",
        "timeout: hunter2",
        "url: https://b.example/hunter2",
        "secret_previous: hunter2",
        "headers: hunter2",
        "headers: [ hunter2 ]",
        "headers: { X-A: [ hunter2 ] }",
        "headers: { X-A: { b: hunter2 } }",
        "headers: { Authorization: hunter2 }",
        "headers: { X-Key: \"hunter2\\n\" }",
        "headers:\n  Cookie: hunter2",
        "headers:\n  X Y: hunter2",
        "headers:\n  X-A: 1\n  X-A: hunter2",
    ] {
        let text = minimal_with(&end(&format!("url: https://example.com/\n{keys}")));
        let faults = parse("x.yaml", text.as_bytes(), &Environment::default()).unwrap_err();
        let shown = format!("{faults}\n{}", faults.to_json());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn templates_and_headers_are_bounded() {
    let template = |length: usize| {
        format!(
            "url: https://example.com/\ntemplate: {}",
            "x".repeat(length)
        )
    };
    check_webhook(&template(16_384), &[]);
    check_webhook(
        &template(16_385),
        &["13:17: \"template\" is 16385 bytes long: at most 16384 are taken"],
    );
    check_webhook(
        "url: https://example.com/\ntemplate: ' '",
        &["13:17: \"template\" is empty: write a text, such as a block that begins with |"],
    );
    check_webhook(
        "url: https://example.com/\ntemplate: \"a\\0\"",
        &[
            "13:17: \"template\" is not a template: write a text, such as a block that begins with |",
        ],
    );
    let headers = |count: usize| {
        let items: Vec<String> = (0..count).map(|number| format!("x-{number}: a")).collect();
        format!(
            "url: https://example.com/\nheaders: {{ {} }}",
            items.join(", ")
        )
    };
    check_webhook(&headers(32), &[]);
    check_webhook(
        &headers(33),
        &["13:7: \"headers\" has 33 items: at most 32 are taken"],
    );
}

#[test]
fn the_address_is_shown_nowhere() {
    for webhook in [
        "url: hooks.example.com/hunter2",
        "url: https://u:hunter2@hooks.example.com/",
        "url: https://a b/hunter2",
        "url: http://10.0.0.1/hunter2",
        "url: https://a.example/hunter2\ntiemout: 1s",
    ] {
        let text = minimal_with(&end(webhook));
        let faults = parse("x.yaml", text.as_bytes(), &Environment::default()).unwrap_err();
        let shown = format!("{faults}\n{}", faults.to_json());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let webhook = read("url: https://hooks.example.com/hunter2");
    assert_eq!(webhook.url.as_str(), "https://hooks.example.com/hunter2");
    assert!(!format!("{webhook:?}").contains("hunter2"));
    check_webhook(
        "url: ftp://x",
        &[
            "12:12: \"url\" does not begin with http:// or https://: write an address such as https://alerts.example.com/v1/alerts",
        ],
    );
}
