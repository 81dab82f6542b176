//! Events from the producer to a notification, through real processes.

use std::io::Write as _;
use std::process::Stdio;

use super::process::{Process, command, free_port, run, said};

/// Seed B whole, on this port, with a receiver that nobody listens for.
fn configuration(port: u16) -> String {
    format!(
        "version: 1
store: {{ sqlite: {{ path: data/cresset.db }} }}
server: {{ listen: 127.0.0.1:{port} }}
lists:
  malicious-ips: {{ addresses: [ 192.0.2.1 ] }}
pipelines:
  nullify:
    source: {{ push: {{}} }}
    adapter: nullify
    enrich: [ geo: {{ of: src_ip }} ]
    detect: [ threat: {{ severity: high, list: malicious-ips }} ]
    sinks: [ file: {{ path: data/events }} ]
route: {{ receiver: log }}
receivers: [ {{ name: log, console: {{}} }} ]
"
    )
}

const EVENT: &str = r#"{"timestamp":"2026-11-25T04:00:00Z","source_ip":"192.0.2.1","destination_ip":"10.0.0.1","event_type":"port_scan","severity":"high","description":"d"}"#;

fn service(directory: &std::path::Path) -> Process {
    let port = free_port();
    std::fs::write(directory.join("nullify.yaml"), configuration(port)).unwrap();
    Process::start(
        command(directory, &["run", "-c", "nullify.yaml"]),
        port,
        "/readyz",
    )
}

#[test]
fn a_pushed_threat_is_stored_written_and_told_with_its_whole_life_shown() {
    let directory = tempfile::tempdir().unwrap();
    let service = service(directory.path());
    let body = format!(
        "{EVENT}\n{}\n{{\"no\":1}}",
        EVENT.replace("high", "low").replace("192.0.2.1", "8.8.8.8")
    );
    let pushed = service.post("/api/v1/events/nullify", Some(&body));
    assert_eq!(pushed.status, 200, "{pushed:?}");
    let counts = pushed.json();
    assert_eq!(
        (counts["read"].as_u64(), counts["new"].as_u64()),
        (Some(3), Some(1))
    );
    assert_eq!(
        (counts["passed"].as_u64(), counts["dead"].as_u64()),
        (Some(1), Some(1))
    );

    let alert = service.get("/api/v1/alerts").json()["items"][0].clone();
    assert_eq!(alert["title"], "High severity & malicious IP detected");
    let path = format!("/api/v1/alerts/{}", alert["id"].as_str().unwrap());
    super::process::wait_until(|| service.get(&path).json()["deliveries"][0]["state"] == "sent");
    let detail = service.get(&path).json();
    assert_eq!(detail["matches"].as_array().unwrap().len(), 2, "{detail}");
    let enriched = detail["enriched"]["text"].as_str().unwrap();
    assert!(enriched.ends_with(r#""threat_info":"High severity & malicious IP detected"}"#));

    let url = format!("http://127.0.0.1:{}", service.port);
    let (code, _, error) = said(&run(directory.path(), &["--url", &url, "sync"]));
    let nothing = "no source is polled, so there is nothing to sync";
    assert!(code != 0 && error.contains(nothing), "{error}");
    assert_eq!(service.terminate(), 0);
    let segment = std::fs::read_dir(directory.path().join("data/events"))
        .unwrap()
        .next()
        .unwrap();
    let lines = std::fs::read_to_string(segment.unwrap().path()).unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    let (code, out, error) = said(&run(directory.path(), &["verify", "data"]));
    assert_eq!(code, 0, "{out}{error}");
}

#[test]
fn a_push_that_is_repeated_under_its_key_gets_the_first_answer() {
    let directory = tempfile::tempdir().unwrap();
    let service = service(directory.path());
    let url = format!("http://127.0.0.1:{}", service.port);
    for _ in 0..2 {
        let produce = [
            "--url", &url, "produce", "--to", "http", "--count", "1500", "--seed", "7",
        ];
        let (code, _, error) = said(&run(directory.path(), &produce));
        assert_eq!(code, 0, "{error}");
    }
    let source = service.get("/api/v1/sources/nullify").json();
    assert_eq!(source["counters"]["read"], 3_000, "{source}");
    service.kill();
    let (code, out, error) = said(&run(directory.path(), &["verify", "data"]));
    assert_eq!(code, 0, "{out}{error}");
}

#[test]
fn the_pipe_enriches_in_order_and_sets_aside_what_it_cannot_use() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("nullify.yaml"),
        configuration(free_port()),
    )
    .unwrap();
    let produced = run(
        directory.path(),
        &["produce", "--count", "3000", "--seed", "7"],
    );
    let mut input = produced.stdout;
    input.extend_from_slice(b"garbage\n");
    let mut pipe = command(
        directory.path(),
        &["pipe", "-c", "nullify.yaml", "--rejected", "bad.ndjson"],
    )
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let mut stdin = pipe.stdin.take().unwrap();
    let given = input.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&given));
    let output = pipe.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(output.status.code(), Some(6));
    let received: Vec<String> = String::from_utf8(input)
        .unwrap()
        .lines()
        .take(3_000)
        .map(str::to_owned)
        .collect();
    let enriched = String::from_utf8(output.stdout).unwrap();
    assert_eq!(enriched.lines().count(), 3_000);
    for (received, enriched) in received.iter().zip(enriched.lines()) {
        assert!(
            enriched.starts_with(received.trim_end_matches('}')),
            "{received}\n{enriched}"
        );
    }
    let bad = std::fs::read_to_string(directory.path().join("bad.ndjson")).unwrap();
    assert!(bad.contains("invalid_json"), "{bad}");
}
