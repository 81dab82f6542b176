//! What can be set.

use std::path::PathBuf;
use std::time::Duration;

use cresset_model::secret::Secret;

/// How long one mail may take, connecting included.
pub const SMTP_TIMEOUT: Duration = Duration::from_secs(30);
/// Recipients of one mail.
pub const SMTP_RECIPIENTS_MAX: usize = 100;
/// Bytes of a file of root certificates.
pub(super) const ROOTS_BYTES_MAX: u64 = 1 << 20;

/// The settings of one mail notifier.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// The mail server: a name or an address.
    pub host: String,
    /// Its port; the usual one of `security` if there is none.
    pub port: Option<u16>,
    /// Host and port, written out, when the server is another machine whose address is not public.
    pub allow_private: Option<String>,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Who sends, if the server asks.
    pub login: Option<SmtpLogin>,
    /// The sender's address, such as `Cresset <alerts@example.org>`.
    pub from: String,
    /// The recipients' addresses.
    pub to: Vec<String>,
    /// A PEM file with the certificates that are trusted instead of those of the system.
    pub root_certificates: Option<PathBuf>,
    /// See [`SMTP_TIMEOUT`].
    pub timeout: Duration,
}

impl Default for SmtpConfig {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: None,
            allow_private: None,
            security: SmtpSecurity::default(),
            login: None,
            from: String::new(),
            to: Vec::new(),
            root_certificates: None,
            timeout: SMTP_TIMEOUT,
        }
    }
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SmtpSecurity {
    /// It begins in the open and must change to TLS before anything is said; port 587.
    #[default]
    StartTls,
    /// TLS from the first byte; port 465.
    Tls,
    /// Not at all; only to this machine; port 25.
    None,
}

impl SmtpSecurity {
    pub(super) fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// Who sends.
#[derive(Debug, Clone)]
pub struct SmtpLogin {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// Settings that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// `host` is no name and no address.
    #[error("`host` must be a name or an address without a port, not `{0}`")]
    Host(String),
    /// Mails would cross a network in the open.
    #[error(
        "`security: none` is for a mail server on this machine only, not for `{0}`: use starttls or tls"
    )]
    Plain(String),
    /// `from` is no address.
    #[error("`from` is no mail address: `{0}`")]
    From(String),
    /// An entry of `to` is no address.
    #[error("`to` has an entry that is no mail address: `{0}`")]
    To(String),
    /// There is nobody to tell, or too many.
    #[error("`to` must have 1 to {SMTP_RECIPIENTS_MAX} entries, not {0}")]
    Recipients(usize),
    /// The certificates cannot be read.
    #[error("cannot read the root certificates of {path}: {why}", path = path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// TLS cannot be prepared.
    #[error("cannot prepare TLS")]
    Tls(#[source] lettre::transport::smtp::Error),
}
