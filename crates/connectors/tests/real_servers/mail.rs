//! Mail through a real SMTP server, and servers whose certificate nobody trusts.

use cresset_connectors::notifiers::{Smtp, SmtpConfig, SmtpLogin, SmtpSecurity};
use cresset_model::ports::{Notifier as _, PortError};
use cresset_model::secret::Secret;

use super::servers::{Servers, notification};

const BOTH: [SmtpSecurity; 2] = [SmtpSecurity::Tls, SmtpSecurity::StartTls];

/// The account and the recipients that the server knows.
fn config(servers: &Servers, security: SmtpSecurity) -> SmtpConfig {
    let tls = security == SmtpSecurity::Tls;
    SmtpConfig {
        host: servers.host.clone(),
        port: Some(if tls { servers.tls } else { servers.starttls }),
        security,
        login: Some(SmtpLogin {
            user: "cresset".to_owned(),
            password: Secret::new("correct horse".to_owned()),
        }),
        from: "Cresset <alerts@example.org>".to_owned(),
        to: vec!["soc@example.org".to_owned(), "b@example.org".to_owned()],
        root_certificates: Some(servers.certificate.clone()),
        ..SmtpConfig::default()
    }
}

async fn deliver(config: SmtpConfig, id: u128) -> Result<(), PortError> {
    let smtp = Smtp::new(config).unwrap();
    smtp.deliver(&notification(id, "a", "b")).await
}

/// The mails of a notification, as the server took them.
fn mails(servers: &Servers, id: u128) -> Vec<String> {
    let header = format!(
        "X-Cresset-Notification: {}\r\n",
        notification(id, "", "").id
    );
    let files = std::fs::read_dir(&servers.mails).unwrap();
    let mails = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    mails.filter(|mail| mail.contains(&header)).collect()
}

#[tokio::test]
async fn mail_is_taken_over_both_kinds_of_tls() {
    let servers = Servers::find();
    for (security, id) in BOTH.into_iter().zip([11, 12]) {
        deliver(config(&servers, security), id).await.unwrap();
        assert_eq!(mails(&servers, id).len(), 1);
        // A repeat is the same mail, under the same Message-ID.
        deliver(config(&servers, security), id).await.unwrap();
        let mails = mails(&servers, id);
        assert!(mails.len() == 2 && mails[0] == mails[1], "{mails:?}");
    }
}

#[tokio::test]
async fn what_fails_for_now_is_tried_again_and_what_is_refused_is_not() {
    let servers = Servers::find();
    for security in BOTH {
        let mut later = config(&servers, security);
        later.to = vec!["later@example.org".to_owned()];
        let outcome = deliver(later, 21).await;
        assert!(
            matches!(outcome, Err(PortError::Transient { .. })),
            "{outcome:?}"
        );

        let mut nobody = config(&servers, security);
        nobody.to = vec!["nobody@example.org".to_owned()];
        let mut stranger = config(&servers, security);
        stranger.login.as_mut().unwrap().password = Secret::new("wrong".to_owned());
        for refused in [nobody, stranger] {
            let outcome = deliver(refused, 21).await;
            assert!(
                matches!(outcome, Err(PortError::Permanent { .. })),
                "{outcome:?}"
            );
        }
    }
    assert!(mails(&servers, 21).is_empty());
}

#[tokio::test]
async fn a_server_with_an_unknown_certificate_gets_nothing() {
    let servers = Servers::find();
    let mut outcomes = Vec::new();
    for security in BOTH {
        let mut config = config(&servers, security);
        config.root_certificates = None;
        outcomes.push(deliver(config, 31).await);
    }
    let webhook = servers.webhook("localhost");
    outcomes.push(webhook.deliver(&notification(31, "a", "b")).await);
    for outcome in outcomes {
        let Err(PortError::Transient { message, .. }) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(message.contains("certificate"), "{message}");
    }
    assert!(mails(&servers, 31).is_empty());
}

/// The text of a subject becomes a header, that of an alert a body; neither may end and become more.
#[tokio::test]
async fn hostile_texts_become_no_header_and_end_no_mail() {
    let servers = Servers::find();
    let hostile = [
        "a\r\nBcc: x@example.org\r\n\r\n<b>",
        "a\nX-Evil: 1",
        "a\rX-Evil: 1",
        "\u{0}\u{1b}[2J\u{7f}\u{85}\u{2028}X-Evil: 1",
        "\u{202e}gro.elpmaxe@x",
        "=?utf-8?q?=0D=0AX-Evil:_1?=",
        "a\r\n.\r\nMAIL FROM:<x@example.org>\r\n",
    ];
    for (at, text) in hostile.into_iter().enumerate() {
        let id = 41 + at as u128;
        let smtp = Smtp::new(config(&servers, SmtpSecurity::Tls)).unwrap();
        smtp.deliver(&notification(id, text, text)).await.unwrap();
        let mails = mails(&servers, id);
        assert_eq!(mails.len(), 1, "{text:?}");
        let (head, body) = mails[0].split_once("\r\n\r\n").unwrap();
        let mut names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        names.sort_unstable();
        let expected = [
            "Auto-Submitted",
            "Content-Type",
            "Date",
            "From",
            "MIME-Version",
            "Message-ID",
            "Subject",
            "To",
            "X-Cresset-Notification",
        ];
        assert_eq!(names, expected, "{text:?}");
        assert!(head.is_ascii() && !head.contains('\u{1b}'), "{head:?}");
        let parts = body.matches("Content-Type: text/").count();
        assert_eq!(parts, 2, "{body}");
        let (_, html) = body.split_once("Content-Type: text/html").unwrap();
        assert!(!html.contains("<b>") && html.contains("</html>"), "{body}");
    }
}
