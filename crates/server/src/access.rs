//! Who may speak to the server: names of this machine, and pages that it served itself.

use std::net::IpAddr;

use axum::http::{HeaderMap, Method, Uri, header};

/// Which requests are let in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Whether other machines reach the listener without a login; every page then says so.
    pub open: bool,
    /// Further names, with or without a port, that a `Host` header may carry when open.
    pub hosts: Vec<String>,
}

/// Why a request is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denied {
    /// The `Host` header names another place, as in a DNS rebinding.
    Misdirected(String),
    /// A page of another place wants to change something here.
    Foreign(String),
}

impl Denied {
    /// A sentence for the client: what came and what to do.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Misdirected(host) if host.is_empty() => {
                "The request has no Host header; send one that names this server".to_owned()
            }
            Self::Misdirected(host) => format!(
                "This server does not answer for the host `{host}`; use localhost or 127.0.0.1, or \
                 list the name under server.hosts"
            ),
            Self::Foreign(from) => {
                format!(
                    "A page of {from} must not change anything here; use this server's own page"
                )
            }
        }
    }
}

impl Access {
    /// Checks host and origin of a request.
    pub(crate) fn check(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), Denied> {
        let host = host_of(uri, headers);
        if !self.knows(&host) {
            return Err(Denied::Misdirected(host));
        }
        if method.is_safe() {
            return Ok(());
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let site = text("sec-fetch-site").map(str::to_ascii_lowercase);
        if site.as_deref() == Some("cross-site") {
            return Err(Denied::Foreign("another site".to_owned()));
        }
        if !headers.contains_key(header::ORIGIN) {
            return Ok(());
        }
        let origin = text("origin").unwrap_or("?");
        // A page without referrers hides its origin when it sends a form; the browser vouches for it.
        let vouched = origin == "null" && site.as_deref() == Some("same-origin");
        if vouched || is_own(origin, &host) {
            Ok(())
        } else {
            Err(Denied::Foreign(format!("`{origin}`")))
        }
    }

    fn knows(&self, host: &str) -> bool {
        let Some(name) = name_of(host) else {
            return false;
        };
        is_loopback(name)
            || (self.open
                && self.hosts.iter().any(|known| {
                    known.eq_ignore_ascii_case(name) || known.eq_ignore_ascii_case(host)
                }))
    }
}

/// The host with its port, of an absolute request target or of the header.
pub(crate) fn host_of(uri: &Uri, headers: &HeaderMap) -> String {
    match uri.authority() {
        Some(authority) => authority.as_str().to_owned(),
        None => headers
            .get(header::HOST)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned(),
    }
}

/// The host without its port; `None` if it is no host.
fn name_of(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, after) = rest.split_once(']')?;
            (name, after)
        }
        None => host.find(':').map_or((host, ""), |at| host.split_at(at)),
    };
    let port_is_fine = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.parse::<u16>().is_ok());
    (!name.is_empty() && port_is_fine).then_some(name)
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn is_own(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let plain = |text: &str| {
        text.strip_suffix(default_port)
            .unwrap_or(text)
            .to_ascii_lowercase()
    };
    plain(authority) == plain(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(access: &Access, headers: &[(&'static str, &str)]) -> Result<(), Denied> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        access.check(&Method::POST, &Uri::from_static("/sync"), &map)
    }

    #[test]
    fn only_names_of_this_machine_and_listed_names_are_hosts() {
        let closed = Access {
            open: false,
            hosts: vec!["ingestor".to_owned()],
        };
        let open = Access {
            open: true,
            ..closed.clone()
        };
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:8000",
        ] {
            assert_eq!(check(&closed, &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "[::2]",
            "[::1",
            "localhost:x",
            "localhost:99999",
            "10.0.0.1:8000",
            "evil.example:80@localhost",
        ] {
            assert!(check(&open, &[("host", host)]).is_err(), "{host}");
        }
        assert!(check(&closed, &[("host", "ingestor:8000")]).is_err());
        assert_eq!(check(&open, &[("host", "Ingestor:8000")]), Ok(()));
        assert!(check(&open, &[]).is_err());
    }

    #[test]
    fn a_foreign_page_changes_nothing() {
        let access = Access::default();
        let host = ("host", "localhost:8000");
        for own in ["http://localhost:8000", "http://LOCALHOST:8000"] {
            assert_eq!(check(&access, &[host, ("origin", own)]), Ok(()), "{own}");
        }
        for foreign in [
            "null",
            "http://localhost:3000",
            "http://127.0.0.1:8000",
            "http://evil.example",
            "ftp://localhost:8000",
            "http://localhost:8000.evil.example",
        ] {
            assert!(
                check(&access, &[host, ("origin", foreign)]).is_err(),
                "{foreign}"
            );
        }
        assert!(check(&access, &[host, ("sec-fetch-site", "cross-site")]).is_err());
        assert_eq!(
            check(&access, &[host, ("sec-fetch-site", "same-origin")]),
            Ok(())
        );
        let hidden = [host, ("origin", "null"), ("sec-fetch-site", "same-origin")];
        assert_eq!(check(&access, &hidden), Ok(()));
        let default_port = [("host", "localhost"), ("origin", "http://localhost:80")];
        assert_eq!(check(&access, &default_port), Ok(()));
    }
}
