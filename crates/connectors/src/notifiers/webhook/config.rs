//! What can be set.

use std::time::Duration;

use cresset_model::secret::Secret;

/// How long a connection may take to open, name resolution and TLS included.
pub const WEBHOOK_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the receiver may take until it has answered.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(30);
/// Secrets of one webhook: the current one and the one before or after it.
pub(super) const SECRETS_MAX: usize = 2;

/// The settings of one webhook.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// The address to post to. It often is a secret itself.
    pub url: Secret,
    /// What the body is signed with: none, one, or two while they are exchanged. `whsec_` and base64, or
    /// any other text as it is.
    pub secrets: Vec<Secret>,
    /// Headers to add.
    pub headers: Vec<(String, Secret)>,
    /// Another body: JSON with placeholders such as `{{subject}}`.
    pub template: Option<String>,
    /// The one `host:port` that may be asked although its address is not public.
    pub allow_private: Option<String>,
    /// See [`WEBHOOK_CONNECT_TIMEOUT`].
    pub connect_timeout: Duration,
    /// See [`WEBHOOK_TIMEOUT`].
    pub timeout: Duration,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            url: Secret::new(String::new()),
            secrets: Vec::new(),
            headers: Vec::new(),
            template: None,
            allow_private: None,
            connect_timeout: WEBHOOK_CONNECT_TIMEOUT,
            timeout: WEBHOOK_TIMEOUT,
        }
    }
}

/// Settings that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// `url` cannot be read.
    #[error("`url` is not valid: {0}")]
    UrlInvalid(String),
    /// `url` has another scheme.
    #[error("`url` must begin with http:// or https://, not {0}://")]
    UrlScheme(String),
    /// `allow_private` is not a host and a port.
    #[error("`allow_private` must be host:port, such as 127.0.0.1:9000, not `{0}`")]
    AllowPrivate(String),
    /// More secrets than make sense.
    #[error(
        "`secrets` must be at most {SECRETS_MAX}: the current one and the one before or after it"
    )]
    SecretsTooMany,
    /// A secret signs nothing.
    #[error("a secret of `secrets` is empty")]
    SecretEmpty,
    /// A secret's base64 cannot be read.
    #[error("a secret of `secrets` begins with `whsec_` but is not base64 after it")]
    SecretEncoding,
    /// The header cannot be set.
    #[error("`headers` cannot set `{0}`")]
    Header(String),
    /// The value cannot be sent.
    #[error(
        "the value of the header `{0}` holds characters that no header can carry, such as a line end"
    )]
    HeaderValue(String),
    /// A placeholder is unknown.
    #[error("`template` has no placeholder `{{{{{0}}}}}`: use {known}", known = super::template::KNOWN)]
    Placeholder(String),
    /// A placeholder is not closed.
    #[error("`template` has a `{{{{` without `}}}}`")]
    PlaceholderOpen,
    /// The template makes no JSON.
    #[error("`template` is not valid JSON once its placeholders are filled: {0}")]
    TemplateInvalid(String),
    /// The HTTP client cannot be built.
    #[error("cannot prepare the HTTP client")]
    Client(#[source] reqwest::Error),
}
