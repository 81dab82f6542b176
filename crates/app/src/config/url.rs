//! Addresses of upstreams, checked as far as text allows. What a name resolves to is checked again at
//! each connection, by the connector.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cresset_model::config::{Fault, FromScalar, Misfit, Section, quote};
use cresset_model::ip;

/// An `http` or `https` address with a host, without user or password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HttpUrl {
    text: String,
    secure: bool,
    place: HostPort,
}

/// Scheme, host and port: a key may stand in path and query.
impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "HttpUrl({scheme}://{})", self.place)
    }
}

/// A host, lower case, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostPort {
    /// A name or an address; an IPv6 address without its brackets.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
}

/// Why a text is no address of an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlFault {
    /// It does not begin with `http://` or `https://`.
    Scheme,
    /// A user or a password stands in it.
    Credentials,
    /// No host, or one that cannot be.
    Host,
    /// The port is not 1 to 65535.
    Port,
    /// A fragment, which is never sent.
    Fragment,
    /// A blank, a control character or one beyond ASCII.
    Character,
}

impl UrlFault {
    /// What is wrong, put after the key, and what to do.
    pub(super) fn explain(self) -> (&'static str, &'static str) {
        match self {
            UrlFault::Scheme => ("does not begin with http:// or https://", HttpUrl::HINT),
            UrlFault::Credentials => (
                "holds a user or a password",
                "take them out and write auth: with a reference to the secret",
            ),
            UrlFault::Host => (
                "names no valid host",
                "write a name, an IPv4 address in four decimal parts, or an IPv6 address in brackets",
            ),
            UrlFault::Port => ("names no valid port", "write a port from 1 to 65535"),
            UrlFault::Fragment => (
                "holds a fragment",
                "take out the # and what follows, it is never sent",
            ),
            UrlFault::Character => (
                "holds a character that an address cannot hold",
                "write blanks and characters beyond ASCII as %20 and the like",
            ),
        }
    }
}

impl HttpUrl {
    /// Reads an address.
    pub(crate) fn parse(text: &str) -> Result<Self, UrlFault> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlFault::Scheme)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(UrlFault::Scheme),
        };
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(UrlFault::Credentials);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('\\') {
            return Err(UrlFault::Character);
        }
        if text.contains('#') {
            return Err(UrlFault::Fragment);
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            Some(port) => port,
            None if secure => 443,
            None => 80,
        };
        let place = HostPort {
            host: checked_host(host).ok_or(UrlFault::Host)?,
            port,
        };
        Ok(Self {
            text: text.to_owned(),
            secure,
            place,
        })
    }

    /// The address as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is `https`.
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// Where it leads, with the port that the scheme implies.
    pub(crate) fn host_port(&self) -> &HostPort {
        &self.place
    }

    /// Whether its query already has this parameter.
    pub(crate) fn has_parameter(&self, name: &str) -> bool {
        let query = self.text.split_once('?').map_or("", |(_, query)| query);
        query
            .split('&')
            .any(|pair| pair.split_once('=').map_or(pair, |(key, _)| key) == name)
    }
}

impl HostPort {
    /// Reads `host:port` or `[IPv6]:port`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = split_port(text).ok()?;
        Some(Self {
            host: checked_host(host)?,
            port: port?,
        })
    }

    /// Whether the text alone says that the address is not public: a special address or `localhost`.
    pub(crate) fn is_private(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => !ip::is_public(address),
            Err(_) => self.is_loopback_name(),
        }
    }

    /// Whether the text alone says that it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.is_loopback_name(),
        }
    }

    fn is_loopback_name(&self) -> bool {
        self.host == "localhost" || self.host.ends_with(".localhost")
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Splits `host:port`; the brackets of an IPv6 address stay.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), UrlFault> {
    if authority.starts_with('[') && !authority.contains(']') {
        return Err(UrlFault::Host);
    }
    let after_host = authority.rfind(']').map_or(0, |end| end + 1);
    let tail = authority.get(after_host..).unwrap_or_default();
    let Some(colon) = tail.find(':') else {
        return Ok((authority, None));
    };
    let (host, port) = authority
        .split_at_checked(after_host + colon)
        .ok_or(UrlFault::Host)?;
    let digits = port.get(1..).unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UrlFault::Port);
    }
    match digits.parse::<u16>() {
        Ok(0) | Err(_) => Err(UrlFault::Port),
        Ok(port) => Ok((host, Some(port))),
    }
}

/// The host in one spelling. Octal, hexadecimal and shortened IPv4 spellings are refused: what one
/// reader takes for a name another takes for an address.
fn checked_host(host: &str) -> Option<String> {
    if let Some(inner) = host.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(address.to_string());
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Some(address.to_string());
    }
    is_name(host).then(|| host.to_ascii_lowercase())
}

/// Whether a text is a host name that cannot be mistaken for an address.
pub(super) fn is_name(host: &str) -> bool {
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253
        && host.split('.').all(label_fits)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
        && !last.to_ascii_lowercase().starts_with("0x")
}

/// Checks what `url` and `allow_private` of a section say of each other.
pub(super) fn check_private(section: &Section<'_>, url: &HttpUrl, allowed: Option<&HostPort>) {
    let target = url.host_port();
    match allowed {
        Some(allowed) if allowed != target => {
            let message = format!("\"allow_private\" names {allowed}, \"url\" leads to {target}");
            section.report(
                Fault::at(section.place_of("allow_private"), message)
                    .hint("name the host and port of the address, or remove the key"),
            );
        }
        None if target.is_private() => {
            let message = format!("\"url\" leads to the private address {target}");
            let hint = format!(
                "if that is meant, add allow_private: {}",
                plain(&target.to_string())
            );
            section.report(Fault::at(section.place_of("url"), message).hint(hint));
        }
        _ => {}
    }
}

/// A YAML value: what begins with a bracket needs quotes.
fn plain(text: &str) -> String {
    if text.starts_with('[') {
        quote(text)
    } else {
        text.to_owned()
    }
}

impl FromScalar for HttpUrl {
    const KIND: &'static str = "an HTTP address";
    const HINT: &'static str = "write an address such as https://alerts.example.com/v1/alerts";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        Self::parse(text).map_err(|fault| {
            let (message, hint) = fault.explain();
            // A query or what stands before an @ may hold a key.
            if text.contains(['@', '?']) {
                return Misfit::because(message, hint).secret();
            }
            Misfit::because(format!("{message}: {}", quote(text)), hint)
        })
    }
}

impl FromScalar for HostPort {
    const KIND: &'static str = "a host and a port";
    const HINT: &'static str = "write one host and its port, such as 127.0.0.1:8001";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        Self::parse(text).ok_or_else(Misfit::kind)
    }
}

#[cfg(test)]
mod tests;
