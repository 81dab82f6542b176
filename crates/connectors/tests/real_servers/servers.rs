//! Where the servers are, and what they are told.

use std::path::PathBuf;
use std::sync::Arc;

use cresset_connectors::notifiers::{Webhook, WebhookConfig};
use cresset_model::notification::Notification;
use cresset_model::ports::Clock;
use cresset_model::secret::Secret;
use cresset_model::{NotificationId, Timestamp};

/// The servers of `xtask/src/harness/servers.py`, which have one certificate.
pub(crate) struct Servers {
    pub(crate) host: String,
    /// SMTP over TLS from the first byte, SMTP with STARTTLS, and HTTPS.
    pub(crate) tls: u16,
    pub(crate) starttls: u16,
    pub(crate) https: u16,
    pub(crate) certificate: PathBuf,
    /// Where each mail becomes a file.
    pub(crate) mails: PathBuf,
}

impl Servers {
    /// Reads `host:port,starttls port,https port,certificate file,mail folder`.
    #[expect(
        clippy::disallowed_methods,
        reason = "the suite tells by the environment where its servers are"
    )]
    pub(crate) fn find() -> Self {
        let text = std::env::var("CRESSET_TEST_SERVERS")
            .expect("CRESSET_TEST_SERVERS is set by the suite `real servers` of `cargo x test`");
        let parts: Vec<&str> = text.split(',').collect();
        let (host, tls) = parts[0].rsplit_once(':').unwrap();
        Self {
            host: host.to_owned(),
            tls: tls.parse().unwrap(),
            starttls: parts[1].parse().unwrap(),
            https: parts[2].parse().unwrap(),
            certificate: PathBuf::from(parts[3]),
            mails: PathBuf::from(parts[4]),
        }
    }

    /// A webhook to the HTTPS server, under this name or address.
    pub(crate) fn webhook(&self, host: &str) -> Webhook {
        let place = format!("{host}:{}", self.https);
        let config = WebhookConfig {
            url: Secret::new(format!("https://{place}/hook")),
            allow_private: Some(place),
            ..WebhookConfig::default()
        };
        Webhook::new(config, Arc::new(FixedClock)).unwrap()
    }
}

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-11-23T09:00:00Z").unwrap()
    }
}

/// A notification of one alert.
pub(crate) fn notification(id: u128, subject: &str, description: &str) -> Notification {
    let body = serde_json::json!({
        "type": "alert.created", "subject": subject, "more": 0,
        "alerts": [{"id": "A1", "severity": "low", "description": description}],
    });
    Notification {
        id: NotificationId(id),
        receiver: "soc/0".to_owned(),
        group: "g".to_owned(),
        ordinal: 1,
        created_at: Timestamp::parse("2026-11-23T08:59:00Z").unwrap(),
        subject: subject.to_owned(),
        body: body.to_string().into_bytes(),
        attempt: 1,
    }
}
