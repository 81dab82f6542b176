//! Dead letters from the push to the redrive, through the real binary.

use std::path::Path;

use serde_json::{Value, json};

use super::process::{Process, command, free_port, run, said, wait_until};

fn configuration(port: u16, string: &str) -> String {
    format!(
        "version: 1
store: {{ sqlite: {{ path: data/cresset.db, dead_letter_budget: 1MiB }} }}
server: {{ listen: 127.0.0.1:{port} }}
limits: {{ string: {string}, record: 512KiB }}
pipelines:
  one:
    source: {{ push: {{}} }}
    adapter: nullify
    alerts: all
  two:
    source: {{ push: {{}} }}
    adapter: nullify
    alerts: all
"
    )
}

fn start(directory: &Path) -> Process {
    let port = free_port();
    std::fs::write(directory.join("cresset.yaml"), configuration(port, "1KiB")).unwrap();
    let command = command(directory, &["run", "-c", "cresset.yaml"]);
    Process::start(command, port, "/readyz")
}

/// An event whose description has so many bytes.
fn event(number: usize, bytes: usize) -> String {
    let text = "x".repeat(bytes);
    format!(
        r#"{{"timestamp":"2026-11-25T04:00:00Z","source_ip":"192.0.2.1","severity":"high","number":{number},"description":"{text}"}}"#
    )
}

fn push(service: &Process, source: &str, body: &str) -> Value {
    let path = format!("/api/v1/events/{source}");
    let pushed = service.post(&path, Some(body));
    assert_eq!(pushed.status, 200, "{pushed:?}");
    pushed.json()
}

struct Desk<'a> {
    directory: &'a Path,
    service: &'a Process,
}

impl Desk<'_> {
    /// Exit code and standard output of `cresset dlq ...`.
    fn dlq(&self, arguments: &[&str]) -> (i32, String) {
        let url = format!("--url=http://127.0.0.1:{}", self.service.port);
        let mut all = vec![url.as_str(), "dlq"];
        all.extend(arguments);
        let (code, out, error) = said(&run(self.directory, &all));
        (code, out + &error)
    }

    fn report(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, out) = self.dlq(arguments);
        (
            code,
            serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}")),
        )
    }
}

/// The same poison again and again is one row with a count.
fn assert_grouped(desk: &Desk<'_>) {
    for _ in 0..3 {
        push(desk.service, "one", r#"{"severity":"high"}"#);
    }
    let (code, reasons) = desk.report(&["reasons"]);
    let groups = reasons["items"].as_array().unwrap().iter();
    let groups: Vec<Value> = groups
        .map(|it| {
            json!([
                it["reason"],
                it["source"],
                it["letters"],
                it["whole"],
                it["records"]
            ])
        })
        .collect();
    let expected = [
        json!(["string_too_long", "one", 2, 1, 2]),
        json!(["missing_field", "one", 1, 1, 3]),
        json!(["string_too_long", "two", 1, 1, 1]),
    ];
    assert_eq!((code, groups.as_slice()), (0, expected.as_slice()));
}

/// To break it: put them through by the rules of then, ignore one of the filters, or try what was cut.
#[test]
fn what_today_reads_is_put_through_again_by_reason_source_and_time() {
    let directory = tempfile::tempdir().unwrap();
    let service = start(directory.path());
    let desk = Desk {
        directory: directory.path(),
        service: &service,
    };
    for source in ["one", "two"] {
        assert_eq!(push(&service, source, &event(1, 2_000))["dead"], 1);
    }
    push(&service, "one", &event(2, 100_000));
    assert_grouped(&desk);

    // The adapters of then refuse again; those of today do not.
    let by_reason = ["redrive", "--reason", "string_too_long", "--source", "one"];
    let dry = [by_reason.as_slice(), &["--since", "-1h", "--dry-run"]].concat();
    let (code, report) = desk.report(&dry);
    assert_eq!(
        (code, &report["counts"]["refused"]),
        (1, &1.into()),
        "{report}"
    );
    let mended = configuration(service.port, "256KiB");
    std::fs::write(directory.path().join("cresset.yaml"), mended).unwrap();
    assert_eq!(service.post("/api/v1/config/reload", None).status, 200);
    let (code, report) = desk.report(&dry);
    assert_eq!(code, 6);
    assert_eq!(
        report["counts"],
        json!({"alert": 1, "passed": 0, "refused": 0, "skipped": 1})
    );
    let skipped = report["items"].as_array().unwrap().iter();
    let skipped: Vec<&Value> = skipped.filter(|it| it["outcome"] == "skipped").collect();
    let why = skipped[0]["detail"].as_str().unwrap();
    assert!(why.starts_with("only 65536 of its 100"), "{why}");
    // A range of time in which nothing came, and a dry run, change nothing.
    let (code, report) = desk.report(&["redrive", "--until", "-1h"]);
    assert_eq!((code, &report["items"]), (0, &json!([])));
    let (_, reasons) = desk.report(&["reasons"]);
    assert_eq!(reasons["items"].as_array().unwrap().len(), 3);

    let (code, report) = desk.report(&[by_reason.as_slice(), &["--since", "-1h"]].concat());
    assert_eq!((code, &report["counts"]["alert"]), (6, &1.into()));
    let (_, reasons) = desk.report(&["reasons"]);
    let items = reasons["items"].as_array().unwrap().iter();
    let letters: Vec<&Value> = items.map(|it| &it["letters"]).collect();
    assert_eq!(letters, [1, 1, 1], "{reasons}");
    let (_, all) = desk.dlq(&["export", "--all"]);
    assert_eq!(all.lines().count(), 4, "{all}");
    let (_, two) = desk.dlq(&["export", "--source", "two"]);
    let letter: Value = serde_json::from_str(&two).unwrap();
    assert_eq!(letter["raw"]["text"], event(1, 2_000));
    let (code, words) = desk.dlq(&["redrive", "--since", "soon"]);
    assert!(code == 1 && words.contains("HTTP 422"), "{words}");
    assert_eq!(service.terminate(), 0);
    let (code, out, error) = said(&run(directory.path(), &["verify", "data"]));
    assert_eq!(code, 0, "{out}{error}");
}

/// To break it: drop the newest, keep silent about it, or forget the books.
#[test]
fn the_oldest_are_dropped_counted_and_told_and_the_books_balance() {
    let directory = tempfile::tempdir().unwrap();
    let service = start(directory.path());
    let desk = Desk {
        directory: directory.path(),
        service: &service,
    };
    assert_eq!(service.get("/readyz").json()["level"], "green");
    // Each takes a little more than 50 KiB of 1 MiB.
    for number in 0..30 {
        push(&service, "one", &event(number, 50 << 10));
    }
    let kept = (1 << 20) / (51 * 1_024 + 160);
    let (_, all) = desk.dlq(&["export"]);
    let numbers: Vec<u64> = all
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|letter| {
            serde_json::from_str::<Value>(letter["raw"]["text"].as_str().unwrap()).unwrap()
        })
        .map(|record| record["number"].as_u64().unwrap())
        .collect();
    let newest: Vec<u64> = (0..30).rev().take(kept).collect();
    assert_eq!(numbers, newest);
    let dropped = 30 - kept as u64;
    // A look of the watchdogs is good for a second.
    let mut reasons = Value::Null;
    wait_until(|| {
        reasons = desk.report(&["reasons"]).1;
        reasons["room"]["dropped"] == dropped
    });
    assert_eq!(reasons["room"]["bytes_max"], 1 << 20);
    let metrics = service.get("/metrics").body;
    let line = format!("cresset_dead_letters_dropped_total{{source=\"one\"}} {dropped}\n");
    assert!(metrics.contains(&line), "{metrics}");
    let ready = service.get("/readyz").json();
    assert_eq!(
        (&ready["level"], &ready["findings"][0]["watchdog"]),
        (&"yellow".into(), &"dead_letters".into()),
        "{ready}"
    );
    let (code, out, error) = said(&run(directory.path(), &["doctor", "data", "-o", "human"]));
    assert_eq!(code, 1, "{out}{error}");
    assert!(
        out.contains("records were dropped to keep the bound"),
        "{out}"
    );
    assert_eq!(service.terminate(), 0);
    let (code, out, error) = said(&run(directory.path(), &["verify", "data", "-o", "human"]));
    assert_eq!(code, 0, "{out}{error}");
    assert!(
        out.contains("dropped to keep the bound (`counters`, `dead_dropped`)"),
        "{out}"
    );
}
