//! `receivers[].smtp`, a notification as a mail.

use std::path::PathBuf;

use cresset_model::config::{Fault, FromScalar, Misfit, Section};
use cresset_model::secret::SecretRef;

use super::url::{HostPort, is_name};

/// Ports by default: submission, submission over TLS, relay.
const PORT_STARTTLS_DEFAULT: u16 = 587;
const PORT_TLS_DEFAULT: u16 = 465;
const PORT_NONE_DEFAULT: u16 = 25;
/// Addresses that one mail goes to.
const TO_MAX: usize = 50;
/// Bytes of a mail address and of the part before its sign. Source: RFC 5321, section 4.5.3.1.
const ADDRESS_BYTES_MAX: usize = 254;
const LOCAL_PART_BYTES_MAX: usize = 64;

/// `smtp:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SmtpConfig {
    /// The mail server.
    pub(crate) server: HostPort,
    /// The server again, when it is another machine whose address is not public.
    pub(crate) allow_private: Option<HostPort>,
    /// How the connection is protected; [`SmtpSecurity::None`] only for a loopback host.
    pub(crate) security: SmtpSecurity,
    /// How to log in; `None`: not at all.
    pub(crate) login: Option<SmtpLogin>,
    /// The sender, `local@domain`.
    pub(crate) from: String,
    /// The addressees, `local@domain`; at least one.
    pub(crate) to: Vec<String>,
    /// Certificates that are trusted instead of the system's, relative to the working directory.
    pub(crate) ca_file: Option<PathBuf>,
}

/// `smtp.security`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SmtpSecurity {
    /// TLS from the command STARTTLS on, without which nothing is sent.
    #[default]
    StartTls,
    /// TLS from the first byte on.
    Tls,
    /// Plain text.
    None,
}

/// `smtp.user` and `smtp.password`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SmtpLogin {
    /// The user.
    pub(crate) user: String,
    /// The password.
    pub(crate) password: SecretRef,
}

impl SmtpSecurity {
    fn port_default(self) -> u16 {
        match self {
            Self::StartTls => PORT_STARTTLS_DEFAULT,
            Self::Tls => PORT_TLS_DEFAULT,
            Self::None => PORT_NONE_DEFAULT,
        }
    }
}

/// Reads a `smtp:`; `None` without server, sender and addressees.
pub(super) fn read(mut section: Section<'_>) -> Option<SmtpConfig> {
    let host = section.required::<MailHost>("host", "the mail server, such as smtp.example.com");
    section.entry("port");
    let words = [
        ("starttls", SmtpSecurity::StartTls),
        ("tls", SmtpSecurity::Tls),
        ("none", SmtpSecurity::None),
    ];
    let security = section.word("security", &words).unwrap_or_default();
    let port = section.in_range("port", u32::from(security.port_default()), 1..=65_535);
    let allow_private = section.optional::<HostPort>("allow_private");
    let user: Option<String> = section.optional("user");
    let password: Option<SecretRef> = section.optional("password");
    let from = section.required::<MailAddress>("from", "the sender, such as cresset@example.com");
    let to = read_to(&mut section);
    let ca_file: Option<PathBuf> = section.optional("ca_file");
    for (given, missing, about) in [
        ("user", "password", "env:NAME or file:PATH"),
        ("password", "user", "the name to log in with"),
    ] {
        if section.has(given) && !section.has(missing) {
            section.missing(missing, about);
        }
    }
    let server = host.map(|MailHost(host)| HostPort {
        host,
        port: u16::try_from(port).unwrap_or(security.port_default()),
    });
    if let Some(server) = &server {
        check_security(&section, security, server);
        check_private(&section, server, allow_private.as_ref());
    }
    section.finish();
    Some(SmtpConfig {
        server: server?,
        allow_private,
        security,
        login: user
            .zip(password)
            .map(|(user, password)| SmtpLogin { user, password }),
        from: from?.0,
        to,
        ca_file,
    })
}

fn check_security(section: &Section<'_>, security: SmtpSecurity, server: &HostPort) {
    if security != SmtpSecurity::None {
        return;
    }
    let place = section.place_of("security");
    if !server.is_loopback() {
        let message = format!("\"security\" is none and {server} is not a loopback address");
        let hint = "write starttls or tls: mails and passwords would go in plain text";
        section.report(Fault::at(place, message).hint(hint));
    }
    if section.has("ca_file") {
        let fault = Fault::at(
            section.place_of("ca_file"),
            "\"ca_file\" is of no use where \"security\" is none",
        );
        section.report(fault.hint("remove one of the two"));
    }
}

/// What a name resolves to is checked at each connection, by the connector.
fn check_private(section: &Section<'_>, server: &HostPort, allowed: Option<&HostPort>) {
    match allowed {
        Some(allowed) if allowed != server => {
            let message = format!("\"allow_private\" names {allowed}, the server is {server}");
            let fault = Fault::at(section.place_of("allow_private"), message);
            section.report(fault.hint("name the host and port of the server, or remove the key"));
        }
        None if server.is_private() && !server.is_loopback() => {
            let message = format!("\"host\" leads to the private address {server}");
            let fault = Fault::at(section.place_of("host"), message);
            section.report(fault.hint(format!("if that is meant, add allow_private: '{server}'")));
        }
        _ => {}
    }
}

fn read_to(section: &mut Section<'_>) -> Vec<String> {
    let nodes = section.sequence("to");
    let about = "the addressees, such as [ soc@example.com ]";
    if !section.has("to") {
        section.missing("to", about);
    } else if section.is_empty_list("to") {
        let fault = Fault::at(section.place_of("to"), "\"to\" names nobody");
        section.report(fault.hint(format!("write {about}")));
    }
    if nodes.len() > TO_MAX {
        let message = format!("\"to\" has {} items", nodes.len());
        let fault = Fault::at(section.place_of("to"), message);
        section.report(fault.hint(format!("at most {TO_MAX} are taken")));
    }
    nodes
        .iter()
        .filter_map(|node| section.item::<MailAddress>("to", node))
        .map(|MailAddress(address)| address)
        .collect()
}

/// The host of a mail server.
struct MailHost(String);

impl FromScalar for MailHost {
    const KIND: &'static str = "a host";
    const HINT: &'static str =
        "write a name or an address without a port, such as smtp.example.com";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        if let Ok(address) = text.parse::<std::net::IpAddr>() {
            return Ok(Self(address.to_string()));
        }
        if is_name(text) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Misfit::kind())
        }
    }
}

/// A mail address without a display name, a quoted part or anything beyond ASCII.
struct MailAddress(String);

impl FromScalar for MailAddress {
    const KIND: &'static str = "a mail address";
    const HINT: &'static str = "write the bare address, such as soc@example.com";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        let (local, domain) = text.rsplit_once('@').ok_or_else(Misfit::kind)?;
        let fits = text.len() <= ADDRESS_BYTES_MAX
            && (1..=LOCAL_PART_BYTES_MAX).contains(&local.len())
            && local.split('.').all(is_atom)
            && is_name(domain);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Misfit::kind())
        }
    }
}

/// Whether a text is an atom of RFC 5322, section 3.2.3.
fn is_atom(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
}

#[cfg(test)]
mod tests;
