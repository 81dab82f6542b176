//! One entry of a list, read from its text.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use super::url;
use crate::ip::{self, Network};

#[cfg(test)]
mod tests;

/// Bytes of an entry's text; a longer one is refused.
pub const ENTRY_BYTES_MAX: usize = 2_048;
/// Bytes of a domain name (RFC 1035, 2.3.4, without the trailing dot).
pub(super) const DOMAIN_BYTES_MAX: usize = 253;
/// Bytes of one label of a domain name.
const LABEL_BYTES_MAX: usize = 63;
/// Characters of an entry that a message shows.
const SHOWN_CHARS_MAX: usize = 60;

/// An entry in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Indicator {
    /// One address; an IPv4-mapped one is the IPv4 address.
    Address(IpAddr),
    /// A network of more than one address.
    Network(Network),
    /// A domain with all that is below it, in lower case and without a dot at either end.
    Domain(String),
    /// A URL: scheme and host in lower case, without default port, fragment and user.
    Url(String),
    /// The MD5, SHA-1 or SHA-256 of a file, in lower-case hexadecimal digits.
    FileHash(String),
}

impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => ip::write(f, *address),
            Self::Network(network) => network.fmt(f),
            Self::Domain(text) | Self::Url(text) | Self::FileHash(text) => f.write_str(text),
        }
    }
}

/// Why a text is no entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIndicator {
    /// There is nothing but blanks.
    #[error("the entry is empty")]
    Empty,
    /// It is too long, perhaps only with its escapes.
    #[error("the entry has {bytes} bytes, the limit is {ENTRY_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A port follows the address.
    #[error("`{shown}` is an address with a port: give the address alone")]
    Port {
        /// Its beginning.
        shown: String,
    },
    /// The network would hold every address.
    #[error("`{shown}` holds every address: a longer prefix is expected")]
    EveryAddress {
        /// Its beginning.
        shown: String,
    },
    /// The domain would hold a whole top-level domain.
    #[error("`{shown}` is a single label: a domain of at least two labels is expected")]
    SingleLabel {
        /// Its beginning.
        shown: String,
    },
    /// It is not ASCII.
    #[error("`{shown}` has letters beyond ASCII: write the domain in its ASCII form, `xn--...`")]
    NotAscii {
        /// Its beginning.
        shown: String,
    },
    /// It looks like a URL and is none.
    #[error("`{shown}` is not a URL: a scheme, `://` and a host are expected")]
    Url {
        /// Its beginning.
        shown: String,
    },
    /// It looks like a URL without its scheme.
    #[error("`{shown}` has a path and no scheme: write the URL with `http://` or `https://`")]
    NoScheme {
        /// Its beginning.
        shown: String,
    },
    /// It is nothing that a list can hold.
    #[error(
        "`{shown}` is no address, network, domain, URL or file hash (MD5, SHA-1, SHA-256 in hexadecimal)"
    )]
    Unknown {
        /// Its beginning.
        shown: String,
    },
}

/// Reads one entry. Blanks around it are ignored, defanged forms such as `hxxp://`, `1[.]2`, `[dot]` and
/// `(.)` are understood, upper case in domains and hashes is folded. `*.` or a dot before a domain is
/// ignored: a domain stands for all that is below it too.
pub fn parse_entry(text: &str) -> Result<Indicator, InvalidIndicator> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidIndicator::Empty);
    }
    if text.len() > ENTRY_BYTES_MAX {
        return Err(InvalidIndicator::TooLong { bytes: text.len() });
    }
    let text = refang(text);
    let text = text.as_ref();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Indicator::Address(unmapped(address)));
    }
    if text.contains("://") {
        return match url::canonical(text) {
            // Escapes make it longer, and what is written must be readable again.
            Some(url) if url.len() > ENTRY_BYTES_MAX => {
                Err(InvalidIndicator::TooLong { bytes: url.len() })
            }
            Some(url) => Ok(Indicator::Url(url)),
            None => Err(InvalidIndicator::Url { shown: shown(text) }),
        };
    }
    if text.contains('/') {
        return network(text);
    }
    if is_file_hash(text) {
        return Ok(Indicator::FileHash(text.to_ascii_lowercase()));
    }
    domain(text)
}

fn network(text: &str) -> Result<Indicator, InvalidIndicator> {
    let shown = || shown(text);
    let Some(network) = Network::parse(text).map(unmapped_network) else {
        let host = text.split('/').next().unwrap_or_default();
        return Err(if canonical_domain(host).is_some() {
            InvalidIndicator::NoScheme { shown: shown() }
        } else {
            InvalidIndicator::Unknown { shown: shown() }
        });
    };
    let width = if network.base.is_ipv4() { 32 } else { 128 };
    match network.prefix {
        0 => Err(InvalidIndicator::EveryAddress { shown: shown() }),
        prefix if prefix == width => Ok(Indicator::Address(network.base)),
        _ => Ok(Indicator::Network(network)),
    }
}

fn domain(text: &str) -> Result<Indicator, InvalidIndicator> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let name = name.strip_prefix('.').unwrap_or(name);
    if let Some(domain) = canonical_domain(name) {
        return Ok(Indicator::Domain(domain));
    }
    let shown = shown(text);
    let bare = name.strip_suffix('.').unwrap_or(name);
    Err(if is_address_with_port(text) {
        InvalidIndicator::Port { shown }
    } else if !name.is_ascii() {
        InvalidIndicator::NotAscii { shown }
    } else if is_label(bare) && !is_number(bare) {
        InvalidIndicator::SingleLabel { shown }
    } else {
        InvalidIndicator::Unknown { shown }
    })
}

fn is_address_with_port(text: &str) -> bool {
    text.parse::<std::net::SocketAddr>().is_ok()
}

/// A domain name of at least two labels in lower case, without the trailing dot. One that ends in a
/// number is none: it would be an address.
pub(super) fn canonical_domain(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next()?;
    let valid = name.len() <= DOMAIN_BYTES_MAX
        && name.contains('.')
        && name.split('.').all(is_label)
        && !is_number(last);
    valid.then(|| name.to_ascii_lowercase())
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LABEL_BYTES_MAX).contains(&label.len()) && label.bytes().all(allowed)
}

fn is_number(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text is as long as an MD5, SHA-1 or SHA-256 and hexadecimal.
pub(super) fn is_file_hash(text: &str) -> bool {
    matches!(text.len(), 32 | 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An IPv4-mapped address as the address it carries.
pub(super) fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn unmapped_network(network: Network) -> Network {
    match (unmapped(network.base), network.prefix.checked_sub(96)) {
        (base @ IpAddr::V4(_), Some(prefix)) if network.base.is_ipv6() => Network { base, prefix },
        _ => network,
    }
}

/// The beginning of an entry for a message, on one line.
fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(SHOWN_CHARS_MAX)
        .map(|letter| {
            if letter.is_control() {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push_str("...");
    }
    shown
}

/// Writings that keep an entry from being clicked, and what they stand for.
const DEFANGED: [(&str, &str); 13] = [
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("[dot]", "."),
    ("(dot)", "."),
    ("{dot}", "."),
    ("[://]", "://"),
    ("[:]", ":"),
    ("(:)", ":"),
    ("[/]", "/"),
    ("(/)", "/"),
    ("[at]", "@"),
    ("[@]", "@"),
];
/// Schemes that keep a URL from being clicked, and what they stand for.
const DEFANGED_SCHEMES: [(&str, &str); 5] = [
    ("hxxps", "https"),
    ("hxxp", "http"),
    ("h**ps", "https"),
    ("h**p", "http"),
    ("fxp", "ftp"),
];

fn refang(text: &str) -> Cow<'_, str> {
    let scheme = DEFANGED_SCHEMES
        .into_iter()
        .find(|(defanged, _)| starts_with(text, defanged) && is_scheme_end(text, defanged.len()));
    if scheme.is_none() && !text.contains(['[', '(', '{']) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    if let Some((defanged, meant)) = scheme {
        plain.push_str(meant);
        rest = rest.get(defanged.len()..).unwrap_or_default();
    }
    while let Some(found) = rest.find(['[', '(', '{']) {
        let (before, after) = rest.split_at(found);
        plain.push_str(before);
        let (meant, taken) = DEFANGED
            .into_iter()
            .find(|(defanged, _)| starts_with(after, defanged))
            .map_or(
                (after.get(..1).unwrap_or_default(), 1),
                |(defanged, meant)| (meant, defanged.len()),
            );
        plain.push_str(meant);
        rest = after.get(taken..).unwrap_or_default();
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn is_scheme_end(text: &str, at: usize) -> bool {
    let after = text.get(at..).unwrap_or_default();
    [":", "[:]", "(:)", "[://]"]
        .into_iter()
        .any(|end| after.starts_with(end))
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
