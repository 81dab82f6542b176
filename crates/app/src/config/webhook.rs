//! `receivers[].webhook`, a notification as an HTTP request.

use std::time::Duration;

use cresset_model::config::{Fault, FromScalar, Misfit, Node, Scalar, Section, Value, quote};
use cresset_model::secret::SecretRef;

use super::auth::HeaderName;
use super::url::{HostPort, HttpUrl, check_private};

/// How long one request may take by default and at most: a lease of the outbox lasts twice as long.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
const TIMEOUT_MIN: Duration = Duration::from_millis(100);
const TIMEOUT_MAX: Duration = TIMEOUT_DEFAULT;
/// Bytes of a template.
const TEMPLATE_BYTES_MAX: usize = 16 << 10;
/// Headers of one webhook.
const HEADERS_MAX: usize = 32;
/// Bytes of a header's value.
const HEADER_VALUE_BYTES_MAX: usize = 1_024;
/// Headers that each request carries anyway.
const HEADERS_OWN: [&str; 4] = [
    "idempotency-key",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];
/// Parts of header names whose values are secrets.
const SECRET_HEADER_WORDS: [&str; 7] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "api-key",
    "apikey",
    "passw",
];

/// `webhook:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebhookConfig {
    /// Where requests go.
    pub(crate) url: HttpUrl,
    /// The key that signs; `None`: nothing is signed.
    pub(crate) secret: Option<SecretRef>,
    /// The key that signs too while receivers change over; only beside `secret`.
    pub(crate) secret_previous: Option<SecretRef>,
    /// The body, as a template that is not checked here; `None`: the notification itself.
    pub(crate) template: Option<String>,
    /// Further headers, lower case, in the order of the file; none twice.
    pub(crate) headers: Vec<(String, HeaderValue)>,
    /// The host and port that may have a private address; always those of `url`.
    pub(crate) allow_private: Option<HostPort>,
    /// How long one request may take, answer included.
    pub(crate) timeout: Duration,
}

/// The value of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HeaderValue {
    /// As it stands.
    Plain(String),
    /// A secret.
    Secret(SecretRef),
}

/// Reads a `webhook:`; `None` without a usable address.
pub(super) fn read(section: Section<'_>) -> Option<WebhookConfig> {
    // The address itself often is the key of its receiver.
    let mut section = section.concealed();
    let url = section.required("url", "where to send, such as https://example.com/hook");
    let url = url.map(|HookUrl(url)| url);
    let secret: Option<SecretRef> = section.optional("secret");
    let secret_previous: Option<SecretRef> = section.optional("secret_previous");
    let template = section.optional::<Template>("template");
    let headers = section.section("headers").map(read_headers);
    let allow_private: Option<HostPort> = section.optional("allow_private");
    let timeout = section.in_range("timeout", TIMEOUT_DEFAULT, TIMEOUT_MIN..=TIMEOUT_MAX);
    check_secrets(&section, secret.as_ref(), secret_previous.as_ref());
    let headers = headers.unwrap_or_default();
    if let Some(url) = &url {
        check_private(&section, url, allow_private.as_ref());
        let trusted = url.host_port().is_loopback() || allow_private.is_some();
        let secret_header = headers
            .iter()
            .any(|(_, value)| matches!(value, HeaderValue::Secret(_)));
        if secret_header && !url.is_secure() && !trusted {
            let message = "\"headers\" would send a secret in plain text";
            let fault = Fault::at(section.place_of("headers"), message);
            section.report(fault.hint("use an https address"));
        }
    }
    section.finish();
    Some(WebhookConfig {
        url: url?,
        secret,
        secret_previous,
        template: template.map(|Template(text)| text),
        headers,
        allow_private,
        timeout,
    })
}

fn check_secrets(section: &Section<'_>, secret: Option<&SecretRef>, previous: Option<&SecretRef>) {
    let report = |message: &str, hint: &str| {
        let fault = Fault::at(section.place_of("secret_previous"), message);
        section.report(fault.hint(hint));
    };
    if section.has("secret_previous") && !section.has("secret") {
        report(
            "\"secret_previous\" without \"secret\"",
            "write the new secret as secret, and remove secret_previous once receivers know it",
        );
    }
    if previous.is_some() && previous == secret {
        report(
            "\"secret_previous\" is the same as \"secret\"",
            "name the former secret, or remove the key",
        );
    }
}

/// Faults of headers show no values: people put keys there.
fn read_headers(section: Section<'_>) -> Vec<(String, HeaderValue)> {
    let section = section.concealed();
    let mut headers: Vec<(String, HeaderValue)> = Vec::new();
    if section.entries().len() > HEADERS_MAX {
        let message = format!("\"headers\" has {} items", section.entries().len());
        let fault = Fault::at(section.place(), message);
        section.report(fault.hint(format!("at most {HEADERS_MAX} are taken")));
    }
    for entry in section.entries() {
        let key = Node {
            place: entry.place,
            value: Value::Scalar(Scalar {
                text: entry.key.clone(),
                quoted: true,
            }),
        };
        let name = section.item::<HeaderName>("headers", &key);
        let value = section.item::<HeaderValue>(&entry.key, &entry.value);
        let Some((HeaderName(name), value)) = name.zip(value) else {
            continue;
        };
        let report = |message: String, hint: &str| {
            section.report(Fault::at(entry.place, message).hint(hint));
        };
        if headers.iter().any(|(other, _)| *other == name) {
            report(
                format!("header {} is given twice", quote(&name)),
                "upper and lower case are the same: remove one of them",
            );
        }
        if HEADERS_OWN.contains(&name.as_str()) {
            report(
                format!("header {} is written by the webhook itself", quote(&name)),
                "remove it",
            );
        }
        let secret = SECRET_HEADER_WORDS.iter().any(|word| name.contains(word));
        if secret && matches!(value, HeaderValue::Plain(_)) {
            report(
                format!("header {} is not a reference to a secret", quote(&name)),
                SecretRef::HINT,
            );
        }
        headers.push((name, value));
    }
    headers
}

/// An address that no message repeats.
struct HookUrl(HttpUrl);

impl FromScalar for HookUrl {
    const KIND: &'static str = HttpUrl::KIND;
    const HINT: &'static str = HttpUrl::HINT;

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        HttpUrl::parse(text).map(Self).map_err(|fault| {
            let (message, hint) = fault.explain();
            Misfit::because(message, hint).secret()
        })
    }
}

impl FromScalar for HeaderValue {
    const KIND: &'static str = "a value of a header";
    const HINT: &'static str =
        "write visible ASCII characters and blanks, or env:NAME or file:PATH for a secret";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        if text.starts_with("env:") || text.starts_with("file:") {
            return SecretRef::from_scalar(text).map(Self::Secret);
        }
        let fits = (1..=HEADER_VALUE_BYTES_MAX).contains(&text.len())
            && text.trim() == text
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if fits {
            Ok(Self::Plain(text.to_owned()))
        } else {
            Err(Misfit::kind())
        }
    }
}

/// The body of a request.
struct Template(String);

impl FromScalar for Template {
    const KIND: &'static str = "a template";
    const HINT: &'static str = "write a text, such as a block that begins with |";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        if text.trim().is_empty() {
            return Err(Misfit::because("is empty", Self::HINT));
        }
        if text.len() > TEMPLATE_BYTES_MAX {
            let message = format!("is {} bytes long", text.len());
            let hint = format!("at most {TEMPLATE_BYTES_MAX} are taken");
            return Err(Misfit::because(message, hint));
        }
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        if text.chars().any(control) {
            return Err(Misfit::kind());
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
