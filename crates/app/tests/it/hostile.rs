//! Events that want to be more than data, from the push through the store to every place that shows them.

use std::fs::File;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::Value;

use super::hook::{Hook, header};
use super::process::{Process, command, free_port, wait_until};

const SECRET: &str = "a secret of the tests";

/// Every text a sender can choose, with the same hostile value in each field, escaped where JSON demands it.
const TEXTS: [&str; 8] = [
    r"a\r\nBcc: x@example.org\r\n\r\n.\r\n",
    r"\u0000\u0001\u0007\b\f\u001b[2J\u001b]0;x\u0007\u007f\u0085\u009b31m",
    "\u{202e}gro.elpmaxe\u{2066}\u{2028}\u{2029}\u{200f}\u{85}\u{9b}",
    r"<script>alert(1)</script><img src=x onerror=alert(1)>&quot;'",
    r"\ud800 \udc00 \udbff\ud83d\ude00",
    r#"{\"level\":\"error\",\"receiver\":\"forged\"}\n{\"level\":\"error\"}"#,
    r"{{subject}} ${jndi:ldap://x} %0d%0a %s ' OR 1=1 --",
    "\u{feff}\u{0130}\u{1f600}e\u{301}",
];

/// Records that nobody can use, and why.
const REFUSED: [(&str, &str); 7] = [
    (
        r#"{"source_ip":"192.0.2.1","severity":"low","severity":"high"}"#,
        "duplicate_key",
    ),
    (
        r#"{"source_ip":"192.0.2.1","severity":"high","s\u0065verity":"low"}"#,
        "duplicate_key",
    ),
    (
        r#"{"source_ip":"192.0.2.1","severity":"high","n":1e400}"#,
        "number_out_of_range",
    ),
    (
        r#"{"source_ip":"192.0.2.1\r\n","severity":"high"}"#,
        "invalid_value",
    ),
    (r#"{"source_ip":null,"severity":"high"}"#, "null_field"),
    (
        r#"{"source_ip":["192.0.2.1"],"severity":"high"}"#,
        "wrong_type",
    ),
    (r#"["severity","high"]"#, "not_an_object"),
];

fn event(text: &str) -> String {
    format!(
        r#"{{"timestamp":"{text}","source_ip":"192.0.2.1","destination_ip":"{text}","event_type":"{text}","severity":"high","description":"{text}","{text}":"{text}"}}"#
    )
}

/// The service with a console and a signed webhook; what it writes to the terminal goes to `lines`.
fn service(directory: &std::path::Path, hook: &Hook) -> Process {
    let port = free_port();
    let text = format!(
        r#"version: 1
store: {{ sqlite: {{ path: data/cresset.db }} }}
server: {{ listen: 127.0.0.1:{port} }}
pipelines:
  nullify:
    source: {{ push: {{}} }}
    adapter: nullify
    enrich: [ geo: {{ of: src_ip }} ]
    detect: [ threat: {{ severity: high }} ]
route: {{ receiver: all }}
receivers:
  - name: all
    console: {{}}
    webhook: {{ url: "http://127.0.0.1:{hook}/", allow_private: 127.0.0.1:{hook}, secret: env:HOOK_SECRET }}
"#,
        hook = hook.port
    );
    std::fs::write(directory.join("c.yaml"), text).unwrap();
    let mut command = command(directory, &["run", "-c", "c.yaml"]);
    command.env("HOOK_SECRET", SECRET);
    let lines = File::create(directory.join("lines")).unwrap();
    Process::start_into(command, port, "/readyz", lines)
}

/// Pushes one record, which becomes an alert, and waits until console and webhook have told of it.
fn push(service: &Process, hook: &Hook, record: &str) -> (Value, Value) {
    let before = hook.told().len();
    let counts = service.post("/api/v1/events/nullify", Some(record)).json();
    assert_eq!(counts["new"], 1, "{record}\n{counts}");
    let path = "/api/v1/alerts?limit=1";
    let alert = service.get(path).json()["items"][0].clone();
    let path = format!("/api/v1/alerts/{}", alert["id"].as_str().unwrap());
    wait_until(|| {
        let deliveries = service.get(&path).json()["deliveries"].clone();
        let sent = deliveries.as_array().unwrap().iter();
        sent.filter(|delivery| delivery["state"] == "sent").count() == 2
    });
    assert_eq!(hook.told().len(), before + 1);
    let (head, body) = hook.told().pop().unwrap();
    check_signature(&head, &body);
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(told["alerts"].as_array().unwrap().len(), 1);
    (service.get(&path).json(), told)
}

/// Checks as a receiver does: over the very bytes that came.
fn check_signature(head: &str, body: &[u8]) {
    let [id, timestamp] = ["webhook-id", "webhook-timestamp"].map(|name| header(head, name));
    assert_eq!(header(head, "idempotency-key"), id);
    let signature = header(head, "webhook-signature")
        .strip_prefix("v1,")
        .unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    let signed = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::verify(&key, &signed, &signature).unwrap();
}

/// What a JSON string without its quotes stands for, in whole characters.
fn meaning(text: &str) -> String {
    let mended = text.replace(r"\ud800 \udc00 \udbff", r"\ufffd \ufffd \ufffd");
    serde_json::from_str(&format!("\"{mended}\"")).unwrap()
}

#[test]
fn hostile_texts_are_text_wherever_they_are_shown() {
    let directory = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let service = service(directory.path(), &hook);
    for text in TEXTS {
        let (alert, told) = push(&service, &hook, &event(text));
        let meant = meaning(text);
        // No text of ours holds a NUL, as not every store takes one; the record keeps it.
        let description = meant.replace('\0', "\u{fffd}");
        assert_eq!(alert["description"], description.as_str());
        assert_eq!(alert["raw"]["text"], event(text).as_str());
        assert_eq!(alert["source"], "other");
        assert_eq!(alert["dst_ip"], Value::Null);
        assert_eq!(told["subject"], "High severity detected");
        let item = &told["alerts"][0];
        assert_eq!(item["description"], description.as_str());
        assert_eq!(item["record"]["description"], meant.as_str());
        assert_eq!(item["record"][&meant], meant.as_str());
        assert_eq!(item["record"]["threat_info"], "High severity detected");
        // The original's own list names the alert with the same text, if it lists such sources at all.
        let original = service.get("/alerts?limit=1");
        assert_eq!(original.status, 200, "{}", original.body);
        original.json();
    }
    let written = std::fs::read_to_string(directory.path().join("lines")).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(lines.len(), TEXTS.len(), "one line each: {written}");
    for (line, text) in lines.into_iter().zip(TEXTS) {
        let obeyed = |letter: char| {
            letter.is_control()
                || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
        };
        assert!(!line.contains(obeyed), "{line:?}");
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["receiver"], "all/0");
        assert_eq!(
            line["message"]["alerts"][0]["description"],
            meaning(text).replace('\0', "\u{fffd}").as_str()
        );
    }
    assert_eq!(service.terminate(), 0);
}

#[test]
fn our_own_names_and_huge_numbers_in_a_record_are_replaced_or_kept_and_never_doubled() {
    let directory = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let service = service(directory.path(), &hook);
    let ours = r#"{"country":{"a":[1]},"threat_info":"none","source_ip":"8.8.8.8","severity":"high","id":"x","matches":9,"record":{"country":"x"}}"#;
    let (alert, told) = push(&service, &hook, ours);
    let enriched = alert["enriched"]["text"].as_str().unwrap();
    for name in [r#""country":"#, r#""threat_info":"#] {
        // One more `country` is the sender's own, deeper down.
        let deeper = usize::from(name.contains("country"));
        assert_eq!(enriched.matches(name).count(), 1 + deeper, "{enriched}");
    }
    let record = &told["alerts"][0]["record"];
    assert_eq!(record["threat_info"], "High severity detected");
    assert_eq!(record["country"], "United States");
    assert_eq!(
        (&record["id"], &record["matches"]),
        (&"x".into(), &9.into())
    );
    assert_eq!(told["alerts"][0]["id"], alert["id"]);

    let numbers = r#"{"source_ip":"192.0.2.1","severity":"high","a":123456789012345678901234567890123456789,"b":-0.0,"c":1e308,"d":1E-400,"e":0.1000000000000000055511151231257827}"#;
    let (alert, _) = push(&service, &hook, numbers);
    let enriched = alert["enriched"]["text"].as_str().unwrap();
    assert!(
        enriched.starts_with(numbers.trim_end_matches('}')),
        "{enriched}"
    );
    let (_, body) = hook.told().pop().unwrap();
    let body = String::from_utf8(body).unwrap();
    assert!(
        body.contains(&numbers[1..numbers.len() - 1]),
        "digit for digit: {body}"
    );
}

#[test]
fn records_that_nobody_can_use_are_dead_letters_with_their_reason() {
    let directory = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let service = service(directory.path(), &hook);
    for (record, reason) in REFUSED {
        // In an array, where every kind of value is a record.
        let body = format!("[{record}]");
        let counts = service.post("/api/v1/events/nullify", Some(&body)).json();
        assert_eq!(
            (&counts["read"], &counts["dead"]),
            (&1.into(), &1.into()),
            "{record}: {counts}"
        );
        assert_eq!(counts["errors"][0]["reason"], reason, "{record}: {counts}");
        let letter = service.get("/api/v1/dead-letters?limit=1").json()["items"][0].clone();
        let path = format!("/api/v1/dead-letters/{}", letter["id"].as_str().unwrap());
        assert_eq!(service.get(&path).json()["raw"]["text"], record);
    }
    assert!(hook.told().is_empty());
}
