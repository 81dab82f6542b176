//! `cresset produce` against readers that stop, signals, and a service that is busy.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::thread;

use super::process::{command, run, said, signal, wait_until};

fn produce(arguments: &[&str]) -> Child {
    let directory = std::env::temp_dir();
    let arguments: Vec<&str> = ["produce"].iter().chain(arguments).copied().collect();
    let mut command = command(&directory, &arguments);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_production_well() {
    let mut child = produce(&[]);
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut first).unwrap();
    drop(reader);
    assert!(first.starts_with("{\"timestamp\":\""), "{first}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_interrupt_ends_a_production_that_nobody_reads() {
    let mut child = produce(&[]);
    let mut first = [0];
    let mut reader = child.stdout.take().unwrap();
    reader.read_exact(&mut first).unwrap();
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn an_interrupted_file_ends_with_a_whole_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.ndjson");
    let mut child = produce(&["--to", "file", "--out", path.to_str().unwrap()]);
    wait_until(|| std::fs::metadata(&path).is_ok_and(|found| found.len() > 0));
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(std::fs::read(&path).unwrap().ends_with(b"\"}\n"));
}

#[test]
fn a_paced_production_makes_as_many_as_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        folder.path(),
        &["produce", "--rate", "1000", "--count", "150"],
    );
    let (code, events, error) = said(&output);
    assert_eq!((code, error.as_str()), (0, ""));
    assert_eq!(events.lines().count(), 150);
}

/// Answers each request with the next of these heads; gives the requests' idempotency keys.
fn serve(answers: &'static [&'static str]) -> (u16, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let keys = move || {
        let answer = |answer: &&str| {
            let (socket, _) = listener.accept().unwrap();
            take_request(socket, answer)
        };
        answers.iter().map(answer).collect()
    };
    (port, thread::spawn(keys))
}

fn take_request(socket: TcpStream, answer: &str) -> String {
    let mut reader = BufReader::new(socket);
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.strip_prefix("idempotency-key: ") {
            key = value.trim().to_owned();
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answer = format!("HTTP/1.1 {answer}connection: close\r\n\r\n");
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
    key
}

fn produce_to(port: u16, count: &str) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let arguments = ["--url", &url, "produce", "--to", "http", "--count", count];
    said(&run(folder.path(), &arguments))
}

#[test]
fn a_batch_is_pushed_again_under_its_key_while_the_service_is_busy() {
    let (port, keys) = serve(&[
        "503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\n",
        "429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n",
        "200 OK\r\ncontent-length: 0\r\n",
        "200 OK\r\ncontent-length: 0\r\n",
    ]);
    let (code, _, error) = produce_to(port, "1500");
    assert_eq!((code, error.as_str()), (0, ""));
    let keys = keys.join().unwrap();
    assert!(
        keys[0].starts_with("produce-") && keys[0].ends_with("-0"),
        "{keys:?}"
    );
    assert_eq!(keys[0], keys[1]);
    assert_eq!(keys[0], keys[2]);
    assert!(keys[3].ends_with("-1000"), "{keys:?}");
}

#[test]
fn a_refusal_is_told_and_not_repeated() {
    let (port, keys) =
        serve(&["404 Not Found\r\ncontent-length: 9\r\nconnection: close\r\n\r\nno source"]);
    let (code, _, error) = produce_to(port, "1");
    assert_eq!(code, 1);
    assert!(
        error.contains("the service refuses events (HTTP 404): no source"),
        "{error}"
    );
    keys.join().unwrap();
}
