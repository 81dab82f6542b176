//! The delivery.

use std::io::Read as _;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use cresset_model::notification::Notification;
use cresset_model::ports::{BoxFuture, Notifier, NotifierInfo, PortError};
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::config::{ROOTS_BYTES_MAX, SMTP_RECIPIENTS_MAX, SmtpConfig, SmtpError, SmtpSecurity};
use super::letter::letter;
use crate::egress::{Egress, Unreachable};
use crate::send_failure::span;
use crate::tls;

/// Mails notifications through one server.
pub struct Smtp {
    egress: Egress,
    protection: Tls,
    credentials: Option<Credentials>,
    from: Mailbox,
    to: Vec<Mailbox>,
    timeout: Duration,
}

impl Smtp {
    /// Checks the settings and prepares the connection; nothing is sent yet. It reads the file of root
    /// certificates, if one is named.
    pub fn new(config: SmtpConfig) -> Result<Self, SmtpError> {
        tls::install();
        check_host(&config)?;
        let from: Mailbox = config
            .from
            .parse()
            .map_err(|_| SmtpError::From(config.from.clone()))?;
        if config.to.is_empty() || config.to.len() > SMTP_RECIPIENTS_MAX {
            return Err(SmtpError::Recipients(config.to.len()));
        }
        let to: Result<Vec<Mailbox>, _> = config
            .to
            .iter()
            .map(|text| text.parse().map_err(|_| SmtpError::To(text.clone())))
            .collect();
        let port = config.port.unwrap_or_else(|| config.security.port());
        let allowed = config.allow_private.as_deref();
        Ok(Self {
            egress: Egress::to(&config.host, port, allowed),
            protection: protection(&config)?,
            credentials: config
                .login
                .map(|login| Credentials::new(login.user, login.password.reveal().to_owned())),
            from,
            to: to?,
            timeout: config.timeout,
        })
    }

    /// A connection to an address that was checked; the name that its certificate must show stays the
    /// configured one.
    fn transport(&self, address: SocketAddr) -> AsyncSmtpTransport<Tokio1Executor> {
        let server = address.ip().to_string();
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server)
            .port(self.egress.port())
            .tls(self.protection.clone())
            // The name of this machine says nothing to a server, and more than it needs to know.
            .hello_name(ClientId::Domain("localhost".to_owned()))
            .timeout(Some(self.timeout));
        match &self.credentials {
            Some(credentials) => builder.credentials(credentials.clone()),
            None => builder,
        }
        .build()
    }

    /// One of the server's addresses, each of them checked.
    async fn address(&self) -> Result<SocketAddr, PortError> {
        let found = self.egress.addresses().await.map_err(|error| match error {
            Unreachable::Refused(refused) => PortError::permanent(refused.to_string()),
            Unreachable::Unresolved(_) => {
                PortError::transient(format!("cannot mail through {}: {error}", self.server()))
            }
        })?;
        if let [only] = found.as_slice() {
            return Ok(*only);
        }
        // Of several, the first that answers. The mail goes by a connection of its own.
        for address in &found {
            let address = SocketAddr::new(address.ip(), self.egress.port());
            if TcpStream::connect(address).await.is_ok() {
                return Ok(address);
            }
        }
        let message = format!("cannot mail through {}: no address answers", self.server());
        Err(PortError::transient(message))
    }

    fn server(&self) -> String {
        self.egress.target()
    }

    async fn mail(&self, notification: &Notification) -> Result<(), PortError> {
        let letter = letter(notification, &self.from, &self.to)
            .map_err(|error| PortError::permanent(format!("cannot write the mail: {error}")))?;
        let delivery = async {
            let transport = self.transport(self.address().await?);
            let answer = transport.send(letter).await;
            answer.map_err(|error| self.failure(&error))
        };
        match timeout(self.timeout, delivery).await {
            Ok(outcome) => outcome.map(drop),
            Err(_) => Err(PortError::transient(format!(
                "the mail server {} did not take the mail within {}",
                self.server(),
                span(self.timeout)
            ))),
        }
    }

    /// What the server refuses for good, and what this client cannot do with it, stays; all else passes.
    fn failure(&self, error: &Error) -> PortError {
        let why = one_line(&error.to_string());
        let server = self.server();
        if error.is_permanent() {
            return PortError::permanent(format!("the mail server {server} refused: {why}"));
        }
        if error.is_transient() {
            return PortError::transient(format!("the mail server {server} cannot now: {why}"));
        }
        let message = format!("cannot mail through {server}: {why}");
        if error.is_client() {
            PortError::permanent(message)
        } else {
            PortError::transient(message)
        }
    }
}

impl Notifier for Smtp {
    fn deliver<'a>(
        &'a self,
        notification: &'a Notification,
    ) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(self.mail(notification))
    }

    fn info(&self) -> NotifierInfo {
        NotifierInfo {
            kind: "smtp",
            endpoint: format!("smtp://{}", self.server()),
        }
    }
}

fn check_host(config: &SmtpConfig) -> Result<(), SmtpError> {
    let host = &config.host;
    let address: Option<IpAddr> = host.parse().ok();
    let is_name = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if address.is_none() && !is_name {
        return Err(SmtpError::Host(host.clone()));
    }
    let is_local = address.map_or_else(
        || host.eq_ignore_ascii_case("localhost"),
        |address| address.is_loopback(),
    );
    if config.security == SmtpSecurity::None && !is_local {
        return Err(SmtpError::Plain(host.clone()));
    }
    Ok(())
}

fn protection(config: &SmtpConfig) -> Result<Tls, SmtpError> {
    if config.security == SmtpSecurity::None {
        return Ok(Tls::None);
    }
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(path) = &config.root_certificates {
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(roots(path)?);
    }
    let parameters = builder.build_rustls().map_err(SmtpError::Tls)?;
    Ok(if config.security == SmtpSecurity::Tls {
        Tls::Wrapper(parameters)
    } else {
        Tls::Required(parameters)
    })
}

fn roots(path: &Path) -> Result<Certificate, SmtpError> {
    let failed = |why: String| SmtpError::Roots {
        path: path.to_owned(),
        why,
    };
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut pem = Vec::new();
    file.take(ROOTS_BYTES_MAX + 1)
        .read_to_end(&mut pem)
        .map_err(|error| failed(error.to_string()))?;
    if pem.len() as u64 > ROOTS_BYTES_MAX {
        return Err(failed(format!("it is larger than {ROOTS_BYTES_MAX} bytes")));
    }
    if !pem.windows(11).any(|window| window == b"-----BEGIN ") {
        return Err(failed("it holds no certificate in PEM form".to_owned()));
    }
    Certificate::from_pem(&pem).map_err(|error| failed(error.to_string()))
}

/// What a server says may have several lines and no bound.
fn one_line(text: &str) -> String {
    const SHOWN_MAX: usize = 300;
    text.chars()
        .take(SHOWN_MAX)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}
