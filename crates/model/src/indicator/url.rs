//! The canonical form of a URL, so that two writings of one address compare equal (RFC 3986, 6.2.2 and
//! 6.2.3).

use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr};

/// The canonical form: scheme and host in lower case, no user, no default port, no fragment, a path that
/// begins with `/` and has no dot segments, escapes only where they are needed and in upper case. `None`
/// if the text has no scheme, no host or no valid port.
pub(super) fn canonical(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    if !is_scheme(scheme) {
        return None;
    }
    let scheme = scheme.to_ascii_lowercase();
    let rest = rest.split('#').next()?;
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(authority_end);
    let host_and_port = authority.rsplit('@').next()?;
    let (host, port) = split_port(host_and_port)?;
    let mut out = String::with_capacity(text.len() + 1);
    out.push_str(&scheme);
    out.push_str("://");
    write_host(host, &mut out)?;
    if let Some(port) = port.filter(|port| default_port(&scheme) != Some(*port)) {
        write!(out, ":{port}").ok()?;
    }
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    write_path(path, &mut out);
    if let Some(query) = query {
        out.push('?');
        write_escaped(query, &mut out);
    }
    Some(out)
}

fn is_scheme(scheme: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(allowed)
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}

/// Host and port; an IPv6 host keeps its brackets.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let bracket = text.rfind(']').map_or(0, |at| at + 1);
    let colon = text.get(bracket..)?.rfind(':').map(|at| at + bracket);
    let Some(colon) = colon else {
        return Some((text, None));
    };
    let (host, port) = text.split_at(colon);
    match port.get(1..)? {
        "" => Some((host, None)),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((host, Some(digits.parse().ok()?)))
        }
        _ => None,
    }
}

fn write_host(host: &str, out: &mut String) -> Option<()> {
    if let Some(inner) = host.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return write!(out, "[{address}]").ok();
    }
    if let Ok(IpAddr::V4(address)) = host.parse() {
        return write!(out, "{address}").ok();
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    // A label without letters, as in `a..b`, is part of no name.
    if host.split('.').any(str::is_empty) || !host.bytes().all(allowed) {
        return None;
    }
    out.extend(host.chars().map(|letter| letter.to_ascii_lowercase()));
    Some(())
}

fn write_path(path: &str, out: &mut String) {
    let mut escaped = String::with_capacity(path.len());
    write_escaped(path, &mut escaped);
    let mut segments: Vec<&str> = Vec::new();
    let mut parts = escaped.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." {
                    segments.pop();
                }
                // A dot segment at the end leaves the slash before it.
                if last {
                    segments.push("");
                }
            }
            _ => segments.push(part),
        }
    }
    if segments.is_empty() {
        out.push('/');
    }
    for segment in segments {
        out.push('/');
        out.push_str(segment);
    }
}

/// Escapes of unreserved letters are undone, all others are written in upper case; what may not stand in
/// a URL is escaped.
fn write_escaped(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == b'%'
            && let Some(value) = bytes.get(at..at + 2).and_then(hex2)
        {
            at += 2;
            if is_unreserved(value) {
                out.push(char::from(value));
            } else {
                push_escape(value, out);
            }
        } else if byte == b'%' || !byte.is_ascii_graphic() || b"\"<>\\^`{|}".contains(&byte) {
            push_escape(byte, out);
        } else {
            out.push(char::from(byte));
        }
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn hex2(digits: &[u8]) -> Option<u8> {
    let mut value = 0;
    for digit in digits {
        value = value * 16 + char::from(*digit).to_digit(16)?;
    }
    u8::try_from(value).ok()
}

fn push_escape(byte: u8, out: &mut String) {
    write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::canonical;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(canonical(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn writings_of_one_url_become_one() {
        for text in [
            "http://evil.example/a%20b?q=%7e",
            "HTTP://Evil.EXAMPLE:80/a b?q=~#top",
            "http://user:secret@evil.example./x/../a%20b?q=~",
            "http://evil.example:/./a%20b?q=~",
        ] {
            check(text, Some("http://evil.example/a%20b?q=~"));
        }
        check("https://evil.example", Some("https://evil.example/"));
        check("https://evil.example?a", Some("https://evil.example/?a"));
        check(
            "https://e.example:8443/%2f%41",
            Some("https://e.example:8443/%2FA"),
        );
        check("http://[2001:DB8:0::1]:80/", Some("http://[2001:db8::1]/"));
        check("http://1.2.3.4/x/..", Some("http://1.2.3.4/"));
        check("http://e.example/a/b/.", Some("http://e.example/a/b/"));
        check("http://e.example/../../a", Some("http://e.example/a"));
        check("http://e.example/é%", Some("http://e.example/%C3%A9%25"));
    }

    #[test]
    fn what_has_no_host_or_a_bad_port_is_no_url() {
        for text in [
            "evil.example/a",
            "://evil.example",
            "1http://evil.example",
            "http://",
            "http:///path",
            "http://evil.example:port/",
            "http://evil.example:65536/",
            "http://[::1/",
            "http://[nothing]/",
            "http://ev il.example/",
            "http://évil.example/",
            "http://evil..example/",
            "http://evil.example../",
        ] {
            check(text, None);
        }
    }
}
