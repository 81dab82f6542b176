//! Pushes at the limits, over real connections: every status with its body.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::hook::header;
use super::process::{Answer, Process, command, free_port, head, read_answer, wait_until};

const PATH: &str = "/api/v1/events/nullify";
/// Makes a record of a size.
type Make<'a> = &'a dyn Fn(usize) -> String;

const MIB: usize = 1 << 20;

fn write_configuration(directory: &Path, port: u16) {
    let text = format!(
        "version: 1
store: {{ sqlite: {{ path: data/cresset.db }} }}
server: {{ listen: 127.0.0.1:{port} }}
pipelines:
  nullify: {{ source: {{ push: {{}} }}, adapter: nullify, alerts: all }}
  small: {{ source: {{ push: {{ body: 1KiB }} }}, adapter: nullify, alerts: all }}
"
    );
    std::fs::write(directory.join("c.yaml"), text).unwrap();
}

fn service(directory: &Path) -> Process {
    let port = free_port();
    write_configuration(directory, port);
    Process::start(
        command(directory, &["run", "-c", "c.yaml"]),
        port,
        "/readyz",
    )
}

/// Posts bytes with further lines of the head. `length` may promise more than is sent.
fn post(service: &Process, path: &str, headers: &str, (length, body): (usize, &[u8])) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
    let head = head(service.port, "POST", path, length);
    stream
        .write_all(format!("{head}{headers}\r\n").as_bytes())
        .unwrap();
    stream.write_all(body).unwrap();
    read_answer(stream).unwrap()
}

fn push(service: &Process, headers: &str, body: &[u8]) -> Answer {
    post(service, PATH, headers, (body.len(), body))
}

#[track_caller]
fn check_refused(answer: &Answer, status: u16, kind: &str, detail: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let media = header(&answer.head, "content-type");
    assert_eq!(media, "application/problem+json", "{answer:?}");
    let body = answer.json();
    assert_eq!(body["type"], format!("/problems/{kind}"), "{body}");
    assert_eq!(body["detail"], detail, "{body}");
    assert_eq!(body["status"], status, "{body}");
}

/// An event with one more member.
fn event(more: &str) -> String {
    format!(r#"{{"source_ip":"192.0.2.1","severity":"high"{more}}}"#)
}

/// A text, padded with blanks to so many bytes.
fn padded(text: String, bytes: usize) -> Vec<u8> {
    let mut bytes_of = text.into_bytes();
    bytes_of.resize(bytes, b' ');
    bytes_of
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_body_at_the_limit_is_taken_and_a_larger_one_is_refused_before_it_has_come() {
    let directory = tempfile::tempdir().unwrap();
    let service = service(directory.path());
    let taken = push(&service, "", &padded(event(""), 8 * MIB));
    assert_eq!((taken.status, &taken.json()["new"]), (200, &1.into()));
    for bytes in [8 * MIB + 1, 80 * MIB] {
        let refused = post(&service, PATH, "", (bytes, b""));
        let detail = "The body is larger than 8388608 bytes";
        check_refused(&refused, 413, "too-large", detail);
    }
    let small = "/api/v1/events/small";
    let taken = post(&service, small, "", (1_024, &padded(event(""), 1_024)));
    assert_eq!(taken.status, 200, "{taken:?}");
    for bytes in [1_025, 10_240] {
        let body = padded(event(""), bytes);
        let refused = post(&service, small, "", (bytes, &body));
        let detail = "the body is larger than 1024 bytes";
        check_refused(&refused, 413, "too-large", detail);
    }
    // Ten mebibytes of the same letter, in some ten kibibytes.
    let bomb = gzip(&padded(event(""), 10 * MIB));
    let refused = push(&service, "content-encoding: gzip\r\n", &bomb);
    let most = (bomb.len() * 100).max(MIB);
    let detail = format!("the body is larger than {most} bytes, unpacked");
    check_refused(&refused, 413, "too-large", &detail);
    let packed = gzip(event("").as_bytes());
    assert_eq!(
        push(&service, "content-encoding: gzip\r\n", &packed).status,
        200
    );
}

#[test]
fn a_record_at_each_limit_is_taken_and_one_beyond_is_a_dead_letter() {
    let directory = tempfile::tempdir().unwrap();
    let service = service(directory.path());
    let text = |letters: usize| event(&format!(r#","a":"{}""#, "x".repeat(letters)));
    let deep = |levels: usize| {
        let inner = levels - 1;
        event(&format!(
            r#","a":{}{}"#,
            "[".repeat(inner),
            "]".repeat(inner)
        ))
    };
    let wide = |keys: usize| {
        let more: Vec<String> = (2..keys).map(|key| format!(r#","k{key}":1"#)).collect();
        event(&more.concat())
    };
    let long = |bytes: usize| {
        let filled = text(0).len() + 3 * r#","b":"""#.len();
        let rest = bytes - filled;
        let part = "x".repeat(rest / 4);
        let last = "x".repeat(rest - 3 * part.len());
        event(&format!(
            r#","a":"{part}","b":"{part}","c":"{part}","d":"{last}""#
        ))
    };
    let kib = 1 << 10;
    let cases: [(Make<'_>, usize, &str); 4] = [
        (&text, 256 * kib, "string_too_long"),
        (&deep, 64, "too_deep"),
        (&wide, 256, "too_many_keys"),
        (&long, MIB, "record_too_large"),
    ];
    for (make, most, reason) in cases {
        for (size, expected) in [
            (most, None),
            (most + 1, Some(reason)),
            (most * 10, Some(reason)),
        ] {
            // A record of ten mebibytes is more than a body takes.
            let packed = gzip(make(size).as_bytes());
            let body = if size <= 8 * MIB {
                make(size).into_bytes()
            } else {
                packed
            };
            let headers = if size <= 8 * MIB {
                ""
            } else {
                "content-encoding: gzip\r\n"
            };
            let answer = push(&service, headers, &body);
            if size > 8 * MIB {
                assert_eq!(answer.status, 413, "it packs too well: {answer:?}");
                continue;
            }
            let counts = answer.json();
            let found = counts["errors"][0]["reason"].as_str();
            // Ten times a string or ten times as many keys are too much in another way, too.
            let other = size > most + 1 && found == Some("record_too_large");
            assert!(found == expected || other, "{reason} {size}: {counts}");
            assert_eq!(counts["read"], 1, "{counts}");
        }
    }
}

#[test]
fn what_is_wrong_with_the_head_or_the_whole_body_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let service = service(directory.path());
    let body = event("");
    let body = body.as_bytes();
    let key = |length: usize| format!("idempotency-key: {}\r\n", "k".repeat(length));
    assert_eq!(push(&service, &key(255), body).status, 200);
    for length in [256, 2_550] {
        let refused = push(&service, &key(length), body);
        let detail = "Idempotency-Key must come once, with 1 to 255 visible ASCII characters";
        check_refused(&refused, 422, "invalid-header", detail);
    }
    let reused = push(&service, &key(255), b"{}");
    let detail = "the Idempotency-Key was used before with another body";
    check_refused(&reused, 422, "key-reused", detail);
    let again = push(&service, &key(255), body);
    assert_eq!(again.status, 200);
    assert_eq!(header(&again.head, "idempotency-replayed"), "true");

    let multipart = push(
        &service,
        "content-type: multipart/form-data; boundary=x\r\n",
        body,
    );
    let detail = "multipart bodies are not taken: send the records themselves, such as with curl --data-binary @events.ndjson";
    check_refused(&multipart, 415, "unsupported-media-type", detail);
    let packed = push(&service, "content-encoding: br\r\n", body);
    let detail = "content-encoding `br` is not taken: send one of gzip, zstd and identity";
    check_refused(&packed, 415, "unsupported-media-type", detail);

    let empty = push(&service, "", b"");
    let detail = "one JSON object, an array of objects, or one object after the other is expected, but the body is empty";
    check_refused(&empty, 422, "invalid-body", detail);
    let not_packed = push(&service, "content-encoding: gzip\r\n", body);
    assert_eq!(not_packed.status, 422);
    let detail = not_packed.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.starts_with("the body is cut off or not gzip: "),
        "{detail}"
    );
    let elsewhere = post(&service, "/api/v1/events/other", "", (body.len(), body));
    let detail = "there is no source `other` that takes pushes";
    check_refused(&elsewhere, 404, "not-found", detail);
}

/// Whether something of an answer is there.
fn has_come(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let come = stream.peek(&mut [0]).is_ok();
    stream.set_nonblocking(false).unwrap();
    come
}

#[test]
fn more_pushes_than_places_are_asked_to_come_again() {
    let directory = tempfile::tempdir().unwrap();
    let service = service(directory.path());
    // Each of the longest takes a sixteenth of the room for bodies.
    let mut body = event("");
    body.push_str(&" ".repeat((8 << 20) - body.len()));
    let begin = || {
        let mut stream = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
        let head = head(service.port, "POST", PATH, body.len());
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        stream
    };
    // One more than there are places; whichever comes last is refused, and no other.
    let mut under_way: Vec<TcpStream> = (0..17).map(|_| begin()).collect();
    let mut refused = None;
    wait_until(|| {
        refused = under_way.iter().position(has_come);
        refused.is_some()
    });
    let refused = under_way.swap_remove(refused.unwrap());
    let refused = read_answer(refused).unwrap();
    let detail = "too many pushes are under way";
    check_refused(&refused, 429, "too-many-requests", detail);
    assert_eq!(header(&refused.head, "retry-after"), "1");
    for mut stream in under_way.drain(..) {
        stream.write_all(body.as_bytes()).unwrap();
        let answer = read_answer(stream).unwrap();
        assert_eq!((answer.status, &answer.json()["new"]), (200, &1.into()));
    }
    assert_eq!(push(&service, "", body.as_bytes()).status, 200);
}

#[test]
fn a_store_that_cannot_write_is_a_503_and_what_was_answered_stays() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    write_configuration(directory.path(), port);
    // A file may grow to 2 MiB, and what goes beyond fails, as on a full disk.
    let mut limited = Command::new("sh");
    limited.current_dir(directory.path()).args([
        "-c",
        "trap '' XFSZ; ulimit -f 4096; exec \"$0\" run -c c.yaml",
        env!("CARGO_BIN_EXE_cresset"),
    ]);
    let service = Process::start(limited, port, "/readyz");
    let body: Vec<String> = (0..400)
        .map(|at| {
            event(&format!(
                r#","n":{at},"description":"{}""#,
                "x".repeat(1_000)
            ))
        })
        .collect();
    let body = body.join("\n");
    let mut taken = 0;
    let mut refused = None;
    wait_until(|| {
        let answer = push(&service, "", body.as_bytes());
        taken += usize::from(answer.status == 200);
        let is = answer.status != 200;
        refused = Some(answer);
        is
    });
    let refused = refused.unwrap();
    let seconds: u64 = header(&refused.head, "retry-after").parse().unwrap();
    let detail = format!(
        "The push cannot be confirmed now; some of it may be stored, and a repeat counts that as same. Send it again in {seconds} s"
    );
    check_refused(&refused, 503, "unavailable", &detail);
    let page = service.get("/api/v1/alerts?limit=1&include=total").json();
    let stored = page["total"]["value"].as_u64().unwrap();
    assert!(stored >= taken as u64 * 400, "{taken} pushes, {page}");
}
