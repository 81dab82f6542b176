//! `auth:`, how requests to an upstream prove who asks. Secrets stay references here.

use cresset_model::config::{FromScalar, Misfit, Section, quote};
use cresset_model::secret::SecretRef;

/// Bytes of a header's name.
const HEADER_NAME_BYTES_MAX: usize = 64;
/// Headers that belong to the connection.
const HEADERS_RESERVED: [&str; 6] = [
    "connection",
    "content-length",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// `auth:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AuthConfig {
    /// `Authorization: Bearer` and the token.
    Bearer(SecretRef),
    /// `Authorization: Basic` with user and password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretRef,
    },
    /// A header of its own.
    Header {
        /// The header's name, lower case.
        name: String,
        /// Its value.
        value: SecretRef,
    },
}

/// Reads `auth:` of a source.
pub(super) fn read(section: &mut Section<'_>) -> Option<AuthConfig> {
    let choice = section.one_of("auth", &["bearer", "basic", "header"])?;
    if choice.name == "bearer" {
        return section.item("bearer", choice.node).map(AuthConfig::Bearer);
    }
    let mut chosen = section.chosen(&choice)?.concealed();
    let auth = if choice.name == "basic" {
        let user = chosen.required("user", "the name to log in with");
        let password = chosen.required("password", "env:NAME or file:PATH");
        user.zip(password)
            .map(|(User(user), password)| AuthConfig::Basic { user, password })
    } else {
        let name = chosen.required("name", "the header, such as X-Api-Key");
        let value = chosen.required("value", "env:NAME or file:PATH");
        name.zip(value)
            .map(|(HeaderName(name), value)| AuthConfig::Header { name, value })
    };
    chosen.finish();
    auth
}

/// The user of basic authentication.
struct User(String);

impl FromScalar for User {
    const KIND: &'static str = "a user";
    const HINT: &'static str = "write a name without a colon";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        match String::from_scalar(text) {
            Ok(name) if !name.contains(':') => Ok(Self(name)),
            _ => Err(Misfit::kind()),
        }
    }
}

/// The name of a header, lower case.
pub(super) struct HeaderName(pub(super) String);

impl FromScalar for HeaderName {
    const KIND: &'static str = "a header name";
    const HINT: &'static str = "write letters, digits and dashes, such as X-Api-Key";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        let fits = (1..=HEADER_NAME_BYTES_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let name = text.to_ascii_lowercase();
        if !fits {
            return Err(Misfit::kind());
        }
        if HEADERS_RESERVED.contains(&name.as_str()) {
            return Err(Misfit::because(
                format!("cannot be {}", quote(&name)),
                "that header belongs to the connection",
            ));
        }
        Ok(Self(name))
    }
}
