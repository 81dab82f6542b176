//! Against real sockets on the loopback interface.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cresset_model::ports::{Notifier, PortError};
use cresset_model::secret::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::fixture::{FixedClock, notification};
use super::*;

/// Answers every request with the same bytes and keeps the connection; without an answer it only listens.
struct Receiver {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    async fn start(answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (answer.to_owned(), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut socket, _)) = listener.accept().await {
                let request = read_request(&mut socket).await;
                seen.lock().unwrap().push(request);
                socket.write_all(answer.as_bytes()).await.unwrap();
                held.push(socket);
            }
        });
        Self {
            address,
            requests,
            task,
        }
    }

    fn config(&self) -> WebhookConfig {
        WebhookConfig {
            url: Secret::new(format!("http://{}/hooks/s3cret", self.address)),
            allow_private: Some(self.address.to_string()),
            ..WebhookConfig::default()
        }
    }

    fn request(&self) -> String {
        self.requests.lock().unwrap().last().unwrap().clone()
    }
}

async fn read_request(socket: &mut TcpStream) -> String {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() == length {
                return text;
            }
        }
        let read = socket.read(&mut buffer).await.unwrap();
        assert!(
            read > 0,
            "the client closed before its request was whole: {text}"
        );
        received.extend_from_slice(&buffer[..read]);
    }
}

fn status(line: &str, headers: &str) -> String {
    format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nconnection: close\r\n{headers}\r\n")
}

fn webhook(config: WebhookConfig) -> Webhook {
    Webhook::new(config, Arc::new(FixedClock)).unwrap()
}

async fn deliver(answer: &str) -> (String, Result<(), PortError>) {
    let receiver = Receiver::start(answer).await;
    let outcome = webhook(receiver.config()).deliver(&notification()).await;
    (receiver.address.to_string(), outcome)
}

async fn transient(answer: &str, after: Option<u64>) {
    let (_, outcome) = deliver(answer).await;
    let Err(PortError::Transient { after: found, .. }) = outcome else {
        panic!("{answer}: {outcome:?}");
    };
    assert_eq!(found, after.map(Duration::from_secs), "{answer}");
}

async fn permanent(line: &str, headers: &str, message: &str) {
    let (address, outcome) = deliver(&status(line, headers)).await;
    let message = format!("{address} answered {message}");
    assert_eq!(outcome, Err(PortError::permanent(message)));
}

#[tokio::test]
async fn the_frozen_body_is_posted_with_id_time_and_signature() {
    let receiver = Receiver::start(&status("204 No Content", "")).await;
    let mut config = receiver.config();
    config.secrets = vec![
        Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()),
        Secret::new("the one before".to_owned()),
    ];
    config.headers = vec![
        (
            "Authorization".to_owned(),
            Secret::new("Bearer x".to_owned()),
        ),
        (
            "Content-Type".to_owned(),
            Secret::new("application/vnd.x+json".to_owned()),
        ),
    ];
    let signer = sign::Signer::new(&config.secrets).unwrap();
    let webhook = webhook(config);
    webhook.deliver(&notification()).await.unwrap();
    let request = receiver.request();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.as_bytes(), notification().body);
    let id = "00000000000000000000000007";
    let signature = signer
        .sign(id, 1_795_424_400, &notification().body)
        .unwrap();
    assert_eq!(signature.split(' ').count(), 2);
    for expected in [
        "POST /hooks/s3cret HTTP/1.1",
        "authorization: Bearer x",
        "content-type: application/vnd.x+json",
        &format!("webhook-id: {id}"),
        "webhook-timestamp: 1795424400",
        &format!("webhook-signature: {signature}"),
        &format!("idempotency-key: {id}"),
        "user-agent: cresset/",
    ] {
        assert!(
            head.lines().any(|line| line.starts_with(expected)),
            "{expected}\n{head}"
        );
    }
    assert!(!head.contains("application/json"), "{head}");
    let info = webhook.info();
    assert_eq!(info.kind, "webhook");
    assert_eq!(
        info.endpoint,
        format!("http://{}", receiver.address),
        "the path is a secret"
    );
}

#[tokio::test]
async fn without_secrets_nothing_is_signed_and_a_template_replaces_the_body() {
    let receiver = Receiver::start(&status("200 OK", "")).await;
    let mut config = receiver.config();
    config.template = Some(r#"{"text": "{{subject}}"}"#.to_owned());
    webhook(config).deliver(&notification()).await.unwrap();
    let request = receiver.request();
    assert!(!request.contains("webhook-signature"), "{request}");
    assert!(request.contains("content-type: application/json"));
    assert!(
        request.ends_with(r#"{"text": "2 alerts \"now\""}"#),
        "{request}"
    );
}

#[tokio::test]
async fn answers_that_may_pass_are_tried_again() {
    for line in [
        "408 Request Timeout",
        "409 Conflict",
        "425 Too Early",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "503 Service Unavailable",
    ] {
        transient(&status(line, ""), None).await;
    }
    let (address, outcome) = deliver(&status("503 Service Unavailable", "")).await;
    let message = format!("{address} answered 503 Service Unavailable");
    assert_eq!(outcome, Err(PortError::transient(message)));
}

#[tokio::test]
async fn the_receiver_says_when_to_try_again_within_an_hour() {
    let line = "429 Too Many Requests";
    let check = async |value: &str, after| {
        transient(&status(line, &format!("retry-after: {value}\r\n")), after).await;
    };
    check("7", Some(7)).await;
    check("Mon, 23 Nov 2026 09:02:00 GMT", Some(120)).await;
    check("Mon, 23 Nov 2026 08:00:00 GMT", Some(0)).await;
    check("86400", Some(3_600)).await;
    check("soon", None).await;
}

#[tokio::test]
async fn answers_that_stay_are_not_tried_again() {
    permanent("400 Bad Request", "", "400 Bad Request").await;
    permanent("404 Not Found", "retry-after: 5\r\n", "404 Not Found").await;
    permanent("410 Gone", "", "410 Gone").await;
    permanent(
        "302 Found",
        "location: http://127.0.0.1:1/\r\n",
        "302 Found: redirects are not followed",
    )
    .await;
}

#[tokio::test]
async fn a_receiver_that_takes_the_message_and_never_answers_is_given_up() {
    let receiver = Receiver::start("").await;
    let mut config = receiver.config();
    config.timeout = Duration::from_millis(100);
    let outcome = webhook(config).deliver(&notification()).await;
    let message = format!("no answer within 100 ms from {}", receiver.address);
    assert_eq!(outcome, Err(PortError::transient(message)));
    assert_eq!(receiver.requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let config = WebhookConfig {
        url: Secret::new(format!("http://{address}/")),
        allow_private: Some(address.to_string()),
        ..WebhookConfig::default()
    };
    let outcome = webhook(config).deliver(&notification()).await;
    let message = format!("cannot connect to {address}: connection refused");
    assert_eq!(outcome, Err(PortError::transient(message)));
}

#[tokio::test]
async fn a_private_address_must_be_allowed() {
    let receiver = Receiver::start(&status("200 OK", "")).await;
    let mut config = receiver.config();
    config.allow_private = None;
    let outcome = webhook(config).deliver(&notification()).await;
    let Err(PortError::Permanent { message }) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(message.contains("is not a public address"), "{message}");
    assert!(receiver.requests.lock().unwrap().is_empty());
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let refused = |change: fn(&mut WebhookConfig), expected: &str| {
        let mut config = WebhookConfig {
            url: Secret::new("https://hooks.example/x".to_owned()),
            ..WebhookConfig::default()
        };
        change(&mut config);
        let error = Webhook::new(config, Arc::new(FixedClock)).err().unwrap();
        assert_eq!(error.to_string(), expected);
    };
    let secret = |text: &str| Secret::new(text.to_owned());
    assert!(
        Webhook::new(
            WebhookConfig {
                url: secret("https://hooks.example/x"),
                ..WebhookConfig::default()
            },
            Arc::new(FixedClock)
        )
        .is_ok()
    );
    refused(
        |config| config.url = Secret::new("hooks.example".to_owned()),
        "`url` is not valid: relative URL without a base",
    );
    refused(
        |config| config.url = Secret::new("ftp://hooks.example".to_owned()),
        "`url` must begin with http:// or https://, not ftp://",
    );
    refused(
        |config| config.allow_private = Some("hooks".to_owned()),
        "`allow_private` must be host:port, such as 127.0.0.1:9000, not `hooks`",
    );
    refused(
        |config| config.headers = vec![("Webhook-Id".to_owned(), Secret::new(String::new()))],
        "`headers` cannot set `Webhook-Id`",
    );
    refused(
        |config| config.headers = vec![("a b".to_owned(), Secret::new(String::new()))],
        "`headers` cannot set `a b`",
    );
    refused(
        |config| config.headers = vec![("x".to_owned(), Secret::new("a\nb".to_owned()))],
        "the value of the header `x` holds characters that no header can carry, such as a line end",
    );
}
