//! Against a tiny SMTP server on the loopback interface; `tests/real_servers` has those against a real one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cresset_model::ports::{Notifier, PortError};
use cresset_model::secret::Secret;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::super::fixture::notification;
use super::*;

/// What the server says to each command: its usual answer, unless `command` begins with `to`.
#[derive(Clone, Copy)]
struct Says {
    to: &'static str,
    answer: &'static str,
}

/// Speaks just enough SMTP, and can be told to fail at any command.
struct Server {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(says: Option<Says>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // A client may leave at any time.
                drop(speak(socket, &seen, says).await);
            }
        });
        Self {
            address,
            heard,
            task,
        }
    }

    fn config(&self) -> SmtpConfig {
        SmtpConfig {
            host: self.address.ip().to_string(),
            port: Some(self.address.port()),
            security: SmtpSecurity::None,
            from: "Cresset <alerts@example.org>".to_owned(),
            to: vec!["soc@example.org".to_owned(), "b@example.org".to_owned()],
            ..SmtpConfig::default()
        }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn speak(
    socket: TcpStream,
    heard: &Mutex<Vec<String>>,
    says: Option<Says>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(socket);
    let usual = |command: &str| match command.split(' ').next().unwrap_or_default() {
        "" => "220 ready\r\n",
        "EHLO" => "250-here\r\n250 AUTH PLAIN LOGIN\r\n",
        "DATA" => "354 go on\r\n",
        "AUTH" => "235 yes\r\n",
        "QUIT" => "221 bye\r\n",
        _ => "250 ok\r\n",
    };
    let answer = |command: &str| match says {
        Some(says)
            if command.starts_with(says.to) && (says.to.is_empty() == command.is_empty()) =>
        {
            says.answer
        }
        _ => usual(command),
    };
    lines.get_mut().write_all(answer("").as_bytes()).await?;
    let mut in_data = false;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        heard.lock().unwrap().push(line.clone());
        let reply = if in_data && line == "." {
            in_data = false;
            answer(".")
        } else if in_data {
            continue;
        } else {
            in_data = line == "DATA" && answer("DATA").starts_with('3');
            answer(&line)
        };
        lines.get_mut().write_all(reply.as_bytes()).await?;
    }
}

async fn deliver(says: Says) -> Result<(), PortError> {
    let server = Server::start(Some(says)).await;
    let mut config = server.config();
    config.timeout = Duration::from_millis(200);
    let outcome = Smtp::new(config).unwrap().deliver(&notification()).await;
    let place = server.address.to_string();
    outcome.map_err(|error| match error {
        PortError::Transient { message, after } => PortError::Transient {
            message: message.replace(&place, "HOST"),
            after,
        },
        PortError::Permanent { message } => PortError::permanent(message.replace(&place, "HOST")),
    })
}

#[tokio::test]
async fn a_mail_is_delivered_to_all_recipients() {
    let server = Server::start(None).await;
    let mut config = server.config();
    config.login = Some(SmtpLogin {
        user: "cresset".to_owned(),
        password: Secret::new("pass".to_owned()),
    });
    let smtp = Smtp::new(config).unwrap();
    smtp.deliver(&notification()).await.unwrap();
    let heard = server.heard();
    for expected in [
        "AUTH PLAIN AGNyZXNzZXQAcGFzcw==",
        "MAIL FROM:<alerts@example.org>",
        "RCPT TO:<soc@example.org>",
        "RCPT TO:<b@example.org>",
        "Message-ID: <00000000000000000000000007@example.org>",
        "X-Cresset-Notification: 00000000000000000000000007",
        "Subject: 2 alerts \"now\"",
    ] {
        assert!(
            heard.iter().any(|line| line == expected),
            "{expected}\n{heard:#?}"
        );
    }
    let info = smtp.info();
    assert_eq!(
        (info.kind, info.endpoint),
        ("smtp", format!("smtp://{}", server.address))
    );
}

#[tokio::test]
async fn what_the_server_cannot_do_now_is_tried_again() {
    for (to, answer, code) in [
        ("", "421 4.3.2 busy\r\n", "421): 4.3.2 busy"),
        ("MAIL", "451 4.3.0 later\r\n", "451): 4.3.0 later"),
        ("RCPT", "450 4.2.1 full\r\n", "450): 4.2.1 full"),
        ("DATA", "452 space\r\n", "452): space"),
        (".", "451-one\r\n451 two\r\n", "451): one two"),
    ] {
        let message = format!("the mail server HOST cannot now: transient error ({code}");
        let outcome = deliver(Says { to, answer }).await;
        assert_eq!(outcome, Err(PortError::transient(message)), "{to}");
    }
}

#[tokio::test]
async fn what_the_server_refuses_is_not_tried_again() {
    for (to, answer, code) in [
        ("", "554 no\r\n", "554): no"),
        ("RCPT", "550 5.1.1 nobody\r\n", "550): 5.1.1 nobody"),
        (".", "554 5.7.1 spam\r\n", "554): 5.7.1 spam"),
    ] {
        let message = format!("the mail server HOST refused: permanent error ({code}");
        let outcome = deliver(Says { to, answer }).await;
        assert_eq!(outcome, Err(PortError::permanent(message)), "{to}");
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_or_speaks_nonsense_is_tried_again() {
    for to in ["", "EHLO", "RCPT", "."] {
        let outcome = deliver(Says { to, answer: "" }).await;
        let Err(PortError::Transient { .. }) = outcome else {
            panic!("{to}: {outcome:?}");
        };
    }
    let outcome = deliver(Says {
        to: "",
        answer: "HTTP/1.1 400 Bad Request\r\n",
    })
    .await;
    assert!(
        matches!(outcome, Err(PortError::Transient { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_mail() {
    let server = Server::start(None).await;
    let mut config = server.config();
    config.security = SmtpSecurity::StartTls;
    let outcome = Smtp::new(config).unwrap().deliver(&notification()).await;
    let Err(PortError::Permanent { message }) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(message.contains("STARTTLS"), "{message}");
    assert!(!server.heard().iter().any(|line| line.starts_with("MAIL")));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let config = SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port: Some(address.port()),
        security: SmtpSecurity::None,
        from: "a@example.org".to_owned(),
        to: vec!["b@example.org".to_owned()],
        ..SmtpConfig::default()
    };
    let outcome = Smtp::new(config).unwrap().deliver(&notification()).await;
    let Err(PortError::Transient { message, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    let expected = format!("cannot mail through {address}: ");
    assert!(message.starts_with(&expected), "{message}");
}

#[tokio::test]
async fn a_private_mail_server_must_be_allowed() {
    let config = SmtpConfig {
        host: "10.0.0.1".to_owned(),
        from: "a@example.org".to_owned(),
        to: vec!["b@example.org".to_owned()],
        ..SmtpConfig::default()
    };
    let outcome = Smtp::new(config).unwrap().deliver(&notification()).await;
    let Err(PortError::Permanent { message }) = outcome else {
        panic!("{outcome:?}");
    };
    let expected = "refused to connect to 10.0.0.1:587: 10.0.0.1 is not a public address; set \
         `allow_private: 10.0.0.1:587` to allow it";
    assert_eq!(message, expected);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let refused = |change: &dyn Fn(&mut SmtpConfig), expected: &str| {
        let mut config = SmtpConfig {
            host: "mail.example.org".to_owned(),
            from: "alerts@example.org".to_owned(),
            to: vec!["soc@example.org".to_owned()],
            ..SmtpConfig::default()
        };
        change(&mut config);
        let error = Smtp::new(config).err().unwrap();
        assert_eq!(error.to_string(), expected);
    };
    refused(
        &|config| config.host = "mail.example.org:25".to_owned(),
        "`host` must be a name or an address without a port, not `mail.example.org:25`",
    );
    refused(
        &|config| config.security = SmtpSecurity::None,
        "`security: none` is for a mail server on this machine only, not for `mail.example.org`: use \
         starttls or tls",
    );
    refused(
        &|config| config.from = "alerts\r\nBcc: x@example.org".to_owned(),
        "`from` is no mail address: `alerts\r\nBcc: x@example.org`",
    );
    refused(
        &|config| config.to.push("nobody".to_owned()),
        "`to` has an entry that is no mail address: `nobody`",
    );
    refused(
        &|config| config.to.clear(),
        "`to` must have 1 to 100 entries, not 0",
    );
    let entry = "soc@example.org".to_owned();
    refused(
        &|config| config.to = vec![entry.clone(); SMTP_RECIPIENTS_MAX + 1],
        "`to` must have 1 to 100 entries, not 101",
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roots.pem");
    std::fs::write(&path, "nothing").unwrap();
    refused(
        &|config| config.root_certificates = Some(path.clone()),
        &format!(
            "cannot read the root certificates of {}: it holds no certificate in PEM form",
            path.display()
        ),
    );
}
