//! A configuration that changes while the service runs, through real processes and signals.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::Value;

use super::process::{Process, command, free_port, run, said, signal, try_get, wait_until};

/// What the tests change.
#[derive(Clone, Copy)]
struct Rules {
    severity: &'static str,
    listed: &'static str,
    receiver: &'static str,
    port: u16,
}

fn configuration(rules: Rules) -> String {
    let Rules {
        severity,
        listed,
        receiver,
        port,
    } = rules;
    format!(
        "version: 1
store: {{ sqlite: {{ path: data/cresset.db }} }}
server: {{ listen: 127.0.0.1:{port} }}
lists: {{ bad: {{ addresses: [ {listed} ] }} }}
pipelines:
  nullify:
    source: {{ push: {{}} }}
    adapter: nullify
    enrich: [ geo: {{ of: src_ip }} ]
    detect: [ threat: {{ severity: {severity}, list: bad }} ]
    sinks: [ file: {{ path: data/events }} ]
route: {{ receiver: {receiver} }}
receivers: [ {{ name: {receiver}, console: {{}} }} ]
"
    )
}

/// A service with its configuration and its log.
struct Service {
    process: Process,
    directory: tempfile::TempDir,
    rules: Rules,
}

impl Service {
    fn start() -> Self {
        let rules = Rules {
            severity: "high",
            listed: "192.0.2.1",
            receiver: "day",
            port: free_port(),
        };
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &configuration(rules));
        let log = File::create(directory.path().join("log")).unwrap();
        let child = command(directory.path(), &["run", "-c", "cresset.yaml"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let process = Process {
            child,
            port: rules.port,
        };
        wait_until(|| try_get(rules.port, "/readyz").is_some_and(|it| it.status == 200));
        Self {
            process,
            directory,
            rules,
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log")).unwrap()
    }

    /// Writes a configuration, sends SIGHUP, and waits for the line of the log that tells what came of it.
    fn hang_up(&self, text: &str) -> String {
        write(self.path(), text);
        let before = self.log().lines().count();
        signal(&self.process.child, "-HUP");
        let mut told = None;
        wait_until(|| {
            let log = self.log();
            let mut fresh = log.lines().skip(before);
            told = fresh
                .find(|line| line.contains("configuration"))
                .map(str::to_owned);
            told.is_some()
        });
        told.unwrap()
    }

    /// Exit code and words of `cresset config reload`.
    fn ask(&self, text: &str) -> (i32, String) {
        write(self.path(), text);
        let url = format!("http://127.0.0.1:{}", self.process.port);
        let (code, out, error) = said(&run(self.path(), &["--url", &url, "config", "reload"]));
        (code, out + &error)
    }

    fn push(&self, body: &str) -> Value {
        let pushed = self.process.post("/api/v1/events/nullify", Some(body));
        assert_eq!(pushed.status, 200, "{pushed:?}");
        pushed.json()
    }

    /// Whether an event of this severity from this address is an alert.
    fn alerts_on(&self, severity: &str, address: &str) -> bool {
        self.push(&event(severity, address))["new"] == 1
    }

    /// Who is told of an alert that is made now, after the delivery.
    fn told(&self) -> String {
        let listed = self.listed_now();
        assert!(self.alerts_on("medium", listed));
        let alert = self.process.get("/api/v1/alerts?limit=1").json()["items"][0].clone();
        let path = format!("/api/v1/alerts/{}", alert["id"].as_str().unwrap());
        let mut delivery = Value::Null;
        wait_until(|| {
            delivery = self.process.get(&path).json()["deliveries"][0].clone();
            delivery["state"] == "sent"
        });
        delivery["receiver"].as_str().unwrap().to_owned()
    }

    /// The address that is listed now.
    fn listed_now(&self) -> &'static str {
        let one = self.alerts_on("medium", "192.0.2.1");
        let two = self.alerts_on("medium", "192.0.2.2");
        assert!(one != two, "exactly one of them is");
        if one { "192.0.2.1" } else { "192.0.2.2" }
    }
}

fn write(directory: &Path, text: &str) {
    // In one step: a reload never reads a half.
    let (draft, file): (PathBuf, PathBuf) =
        (directory.join("draft"), directory.join("cresset.yaml"));
    std::fs::write(&draft, text).unwrap();
    std::fs::rename(draft, file).unwrap();
}

fn event(severity: &str, address: &str) -> String {
    format!(
        r#"{{"timestamp":"2026-11-25T04:00:00Z","source_ip":"{address}","destination_ip":"10.0.0.1","event_type":"port_scan","severity":"{severity}","description":"d"}}"#
    )
}

#[test]
fn a_hangup_changes_rules_lists_and_receivers_while_events_stream_and_none_is_lost() {
    let service = Service::start();
    assert!(service.alerts_on("high", "8.8.8.8") && !service.alerts_on("low", "8.8.8.8"));
    assert_eq!(service.told(), "day/0");
    let before = service.process.get("/api/v1/sources/nullify").json()["counters"]["read"].clone();

    let (stop, pushed) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let port = service.process.port;
    let stream = {
        let (stop, pushed) = (Arc::clone(&stop), Arc::clone(&pushed));
        let directory = service.path().to_owned();
        std::thread::spawn(move || {
            let url = format!("http://127.0.0.1:{port}");
            let mut seed = 0;
            while !stop.load(Ordering::Relaxed) {
                seed += 1;
                let seed = seed.to_string();
                let arguments = ["--url", &url, "produce", "--to", "http", "--count", "300"];
                let mut produce: Command = command(&directory, &arguments);
                let output = produce.args(["--seed", &seed]).output().unwrap();
                let (code, _, error) = said(&output);
                assert_eq!(code, 0, "{error}");
                pushed.fetch_add(300, Ordering::Relaxed);
            }
        })
    };
    wait_until(|| pushed.load(Ordering::Relaxed) >= 300);
    let rules = Rules {
        severity: "[ low, critical ]",
        listed: "192.0.2.2",
        receiver: "night",
        ..service.rules
    };
    let said_so = service.hang_up(&configuration(rules));
    for key in ["lists", "pipelines.nullify.detect", "route", "receivers"] {
        assert!(said_so.contains(key), "{key}: {said_so}");
    }
    let at_reload = pushed.load(Ordering::Relaxed);
    wait_until(|| pushed.load(Ordering::Relaxed) >= at_reload + 300);
    stop.store(true, Ordering::Relaxed);
    stream.join().unwrap();

    let source = service.process.get("/api/v1/sources/nullify").json();
    let read = source["counters"]["read"].as_u64().unwrap() - before.as_u64().unwrap();
    assert_eq!(read, pushed.load(Ordering::Relaxed), "{source}");
    assert!(service.alerts_on("low", "8.8.8.8") && !service.alerts_on("high", "8.8.8.8"));
    assert_eq!(service.listed_now(), "192.0.2.2");
    assert_eq!(service.told(), "night/0");
    let receivers = service.process.get("/api/v1/receivers").json();
    assert!(receivers.to_string().contains("night"), "{receivers}");
    assert!(!receivers.to_string().contains("\"day\""), "{receivers}");

    let directory = service.directory;
    assert_eq!(service.process.terminate(), 0);
    let (code, out, error) = said(&run(directory.path(), &["verify", "data"]));
    assert_eq!(code, 0, "{out}{error}");
}

#[test]
fn a_file_with_a_fault_changes_nothing_and_the_log_says_why() {
    let service = Service::start();
    let faulty = Rules {
        severity: "hihg",
        listed: "192.0.2.2",
        ..service.rules
    };
    let told = service.hang_up(&configuration(faulty));
    for part in [
        "not reloaded",
        "cresset.yaml:10:",
        "unknown severity",
        "did you mean",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    // A table that cannot be read is a fault too, although every key is valid.
    let text = configuration(Rules {
        severity: "low",
        ..service.rules
    });
    let unreadable = text.replace("addresses: [ 192.0.2.1 ]", "file: nowhere.txt");
    let told = service.hang_up(&unreadable);
    assert!(told.contains("nowhere.txt"), "{told}");
    let (code, words) = service.ask(&unreadable);
    assert_eq!(code, 3, "{words}");
    assert!(words.contains("nowhere.txt"), "{words}");
    assert!(service.alerts_on("high", "8.8.8.8") && !service.alerts_on("low", "8.8.8.8"));
    assert_eq!(service.listed_now(), "192.0.2.1");
    // Mended, it is taken over.
    let (code, words) = service.ask(&text);
    assert_eq!(code, 0, "{words}");
    assert!(words.contains("pipelines.nullify.detect"), "{words}");
    assert!(service.alerts_on("low", "8.8.8.8") && !service.alerts_on("high", "8.8.8.8"));
    let (code, words) = service.ask(&text);
    assert_eq!(code, 0, "{words}");
    assert!(words.contains(r#"{"changed":[]}"#), "{words}");
}

#[test]
fn a_list_that_a_reload_moves_to_a_file_is_read_again_when_the_file_changes() {
    let service = Service::start();
    let list = |address: &str| std::fs::write(service.path().join("bad.txt"), address).unwrap();
    list("192.0.2.1\n");
    let text = configuration(service.rules);
    let moved = text.replace("addresses: [ 192.0.2.1 ]", "file: bad.txt");
    let (code, words) = service.ask(&moved);
    assert_eq!(code, 0, "{words}");
    assert!(words.contains(r#"["lists"]"#), "{words}");
    assert_eq!(service.listed_now(), "192.0.2.1");
    list("192.0.2.2 # longer than before\n");
    wait_until(|| service.alerts_on("medium", "192.0.2.2"));
    assert_eq!(service.listed_now(), "192.0.2.2");
}

#[test]
fn a_change_that_needs_a_restart_is_named_and_the_good_one_beside_it_waits() {
    let service = Service::start();
    let moved = configuration(Rules {
        severity: "low",
        port: free_port(),
        ..service.rules
    });
    let told = service.hang_up(&moved);
    let why = "needs a restart: server.listen: addresses are bound once, at the start";
    assert!(told.contains(why), "{told}");
    assert!(service.alerts_on("high", "8.8.8.8") && !service.alerts_on("low", "8.8.8.8"));
    let (code, words) = service.ask(&moved);
    assert_eq!(code, 5, "{words}");
    assert!(words.contains("server.listen"), "{words}");
    assert!(service.alerts_on("high", "8.8.8.8") && !service.alerts_on("low", "8.8.8.8"));
    assert_eq!(service.process.terminate(), 0);
}
