//! The request.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::notification::Notification;
use cresset_model::ports::{BoxFuture, Clock, Notifier, NotifierInfo, PortError};
use cresset_model::secret::Secret;
use reqwest::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING, USER_AGENT,
};
use reqwest::{StatusCode, Url};
use tokio::time::timeout;

use super::config::{WebhookConfig, WebhookError};
use super::sign::Signer;
use super::template::Template;
use crate::egress::{Egress, is_host_and_port};
use crate::http::{Transport, client};
use crate::send_failure::{SendFailure, retry_after_of, span};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Posts notifications to one address.
pub struct Webhook {
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    url: Url,
    egress: Arc<Egress>,
    signer: Signer,
    headers: HeaderMap,
    template: Option<Template>,
    connect_timeout: Duration,
    timeout: Duration,
}

impl Webhook {
    /// Checks the settings and prepares the client. The clock dates each try.
    pub fn new(config: WebhookConfig, clock: Arc<dyn Clock>) -> Result<Self, WebhookError> {
        let url = Url::parse(config.url.reveal().trim())
            .map_err(|error| WebhookError::UrlInvalid(error.to_string()))?;
        let transport = match url.scheme() {
            "http" => Transport::Plain,
            "https" => Transport::Tls,
            other => return Err(WebhookError::UrlScheme(other.to_owned())),
        };
        if let Some(allowed) = &config.allow_private
            && !is_host_and_port(allowed)
        {
            return Err(WebhookError::AllowPrivate(allowed.clone()));
        }
        let egress = Egress::of(&url, config.allow_private.as_deref())
            .ok_or_else(|| WebhookError::UrlInvalid("it has no host".to_owned()))?;
        let egress = Arc::new(egress);
        let template = config.template.as_deref().map(Template::parse);
        Ok(Self {
            client: client(&egress, transport, config.connect_timeout)
                .map_err(WebhookError::Client)?,
            clock,
            url,
            egress,
            signer: Signer::new(&config.secrets)?,
            headers: headers(config.headers)?,
            template: template.transpose()?,
            connect_timeout: config.connect_timeout,
            timeout: config.timeout,
        })
    }

    async fn post(&self, notification: &Notification) -> Result<(), PortError> {
        self.egress
            .check_literal()
            .map_err(|refused| PortError::permanent(refused.to_string()))?;
        let body = match &self.template {
            None => notification.body.clone(),
            Some(template) => template.fill(notification),
        };
        let id = notification.id.to_string();
        let seconds = self.clock.now().seconds();
        let mut request = self
            .client
            .post(self.url.clone())
            .headers(self.headers.clone())
            .header(ID, &id)
            .header(TIMESTAMP, seconds)
            .header(IDEMPOTENCY_KEY, &id);
        if let Some(signature) = self.signer.sign(&id, seconds, &body) {
            request = request.header(SIGNATURE, signature);
        }
        let target = self.egress.target();
        match timeout(self.timeout, request.body(body).send()).await {
            Ok(Ok(response)) => self.judge(response.status(), response.headers()),
            Ok(Err(error)) => {
                let failure = SendFailure::of(&error, &target, self.connect_timeout);
                Err(if failure.is_transient {
                    PortError::transient(failure.message)
                } else {
                    PortError::permanent(failure.message)
                })
            }
            Err(_) => Err(PortError::transient(format!(
                "no answer within {} from {target}",
                span(self.timeout)
            ))),
        }
    }

    /// What an answer means. Its body is not read: nothing in it changes what happens next.
    fn judge(&self, status: StatusCode, headers: &HeaderMap) -> Result<(), PortError> {
        if status.is_success() {
            return Ok(());
        }
        let hint = if status.is_redirection() {
            ": redirects are not followed"
        } else {
            ""
        };
        let message = format!("{} answered {status}{hint}", self.egress.target());
        let may_pass = matches!(status.as_u16(), 408 | 409 | 425 | 429 | 500..);
        Err(if may_pass {
            PortError::Transient {
                message,
                after: retry_after_of(headers, self.clock.now()),
            }
        } else {
            PortError::permanent(message)
        })
    }
}

impl Notifier for Webhook {
    fn deliver<'a>(
        &'a self,
        notification: &'a Notification,
    ) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(self.post(notification))
    }

    fn info(&self) -> NotifierInfo {
        NotifierInfo {
            kind: "webhook",
            // The path of a webhook is often what keeps others from posting to it.
            endpoint: format!("{}://{}", self.url.scheme(), self.egress.target()),
        }
    }
}

fn headers(configured: Vec<(String, Secret)>) -> Result<HeaderMap, WebhookError> {
    let ours = [
        ID,
        TIMESTAMP,
        SIGNATURE,
        IDEMPOTENCY_KEY,
        CONNECTION.as_str(),
        CONTENT_LENGTH.as_str(),
        HOST.as_str(),
        TRANSFER_ENCODING.as_str(),
        USER_AGENT.as_str(),
    ];
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in configured {
        let parsed = HeaderName::try_from(name.as_str())
            .ok()
            .filter(|parsed| !ours.contains(&parsed.as_str()))
            .ok_or_else(|| WebhookError::Header(name.clone()))?;
        let mut value =
            HeaderValue::from_str(value.reveal()).map_err(|_| WebhookError::HeaderValue(name))?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    Ok(headers)
}
