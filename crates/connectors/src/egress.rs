//! Where a client may connect to: public addresses, and one private host and port that the
//! configuration names. Names are resolved here, checked, and the checked addresses are the ones that
//! are connected to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use cresset_model::ip;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The one host and port that a client talks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Egress {
    host: String,
    port: u16,
    literal: Option<IpAddr>,
    private_allowed: bool,
}

/// The host is at an address that nobody allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "refused to connect to {target}: {address} is not a public address; set `allow_private: {target}` \
     to allow it"
)]
pub(crate) struct EgressRefused {
    target: String,
    address: IpAddr,
}

/// The host has no address.
#[derive(Debug, thiserror::Error)]
#[error("cannot resolve {host}: {cause}")]
pub(crate) struct ResolveFailed {
    host: String,
    cause: String,
}

impl Egress {
    /// The host and port of `url`; `None` if it has no host. `allow_private` is compared as text,
    /// case-insensitively.
    pub(crate) fn of(url: &Url, allow_private: Option<&str>) -> Option<Self> {
        let host = url.host_str()?.to_owned();
        let port = url.port_or_known_default()?;
        // The parser of URLs has already turned octal, decimal and short spellings into plain addresses.
        let literal = host.trim_matches(['[', ']']).parse().ok();
        let target = format!("{host}:{port}");
        Some(Self {
            private_allowed: allow_private.is_some_and(|name| name.eq_ignore_ascii_case(&target)),
            host,
            port,
            literal,
        })
    }

    /// `host:port`, for messages.
    pub(crate) fn target(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Checks a host that is written as an address; a name is checked when it is resolved.
    pub(crate) fn check_literal(&self) -> Result<(), EgressRefused> {
        self.literal.map_or(Ok(()), |address| self.check(address))
    }

    fn check(&self, address: IpAddr) -> Result<(), EgressRefused> {
        if self.private_allowed || is_public(address) {
            return Ok(());
        }
        Err(EgressRefused {
            target: self.target(),
            address,
        })
    }

    fn check_all(&self, addresses: &[SocketAddr]) -> Result<(), EgressRefused> {
        addresses.iter().try_for_each(|at| self.check(at.ip()))
    }
}

/// Whether an address is public, also when it carries an IPv4 address through a 6to4 relay.
fn is_public(address: IpAddr) -> bool {
    if !ip::is_public(address) {
        return false;
    }
    match address {
        IpAddr::V6(v6) if v6.segments()[0] == 0x2002 => {
            let [_, _, a, b, c, d, ..] = v6.octets();
            ip::is_public(Ipv4Addr::new(a, b, c, d).into())
        }
        _ => true,
    }
}

/// Whether the text is a host and a port, such as `127.0.0.1:8001` or `[::1]:8001`.
pub(crate) fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let host_valid = match bare {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && !host.contains([':', '/', '@', ' ']),
        };
        host_valid && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

/// Resolves names for the client, and hands out checked addresses only.
pub(crate) struct CheckedResolver(pub(crate) Arc<Egress>);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = Arc::clone(&self.0);
        // The client's connect timeout covers this future too.
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let failed = |cause: String| ResolveFailed {
                host: name.as_str().to_owned(),
                cause,
            };
            // Port 0 stands for the port of the URL.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0))
                .await
                .map_err(|error| failed(error.to_string()))?
                .collect();
            if found.is_empty() {
                return Err(failed("the name has no address".to_owned()).into());
            }
            egress.check_all(&found)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn egress(url: &str, allow_private: Option<&str>) -> Egress {
        Egress::of(&Url::parse(url).unwrap(), allow_private).unwrap()
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        for url in [
            "http://127.0.0.1/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://2130706433/",
            "http://0/",
            "http://10.0.0.1:80/",
            "http://169.254.169.254/latest/",
            "http://100.64.0.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[2002:a00:1::1]/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
        ] {
            assert!(egress(url, None).check_literal().is_err(), "{url}");
        }
    }

    #[test]
    fn public_addresses_pass() {
        for url in [
            "http://9.9.9.9/",
            "http://[2620:fe::fe]/",
            "http://[2002:909:909::1]/",
        ] {
            assert_eq!(egress(url, None).check_literal(), Ok(()), "{url}");
        }
    }

    #[test]
    fn the_message_names_the_key_to_set() {
        let refused = egress("http://10.0.0.1:8001/alerts", None)
            .check_literal()
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            "refused to connect to 10.0.0.1:8001: 10.0.0.1 is not a public address; \
             set `allow_private: 10.0.0.1:8001` to allow it"
        );
    }

    #[test]
    fn host_and_port_must_both_be_the_allowed_ones() {
        let check = |url: &str, allow: &str| egress(url, Some(allow)).check_literal().is_ok();
        assert!(check("http://127.0.0.1:8001/", "127.0.0.1:8001"));
        assert!(check("http://[::1]:8001/", "[::1]:8001"));
        assert!(check("http://127.0.0.1/", "127.0.0.1:80"));
        assert!(!check("http://127.0.0.1:8002/", "127.0.0.1:8001"));
        assert!(!check("http://127.0.0.2:8001/", "127.0.0.1:8001"));
        assert!(!check("http://127.0.0.1:8001/", "127.0.0.1"));
        assert!(egress("http://MOCK:8000/", Some("mock:8000")).private_allowed);
    }

    #[test]
    fn one_private_address_among_public_ones_refuses_the_name() {
        let named = egress("http://upstream.example/", None);
        let public: SocketAddr = "9.9.9.9:0".parse().unwrap();
        let private: SocketAddr = "192.168.0.1:0".parse().unwrap();
        assert_eq!(named.check_literal(), Ok(()));
        assert_eq!(named.check_all(&[public]), Ok(()));
        assert!(named.check_all(&[public, private]).is_err());
    }

    #[tokio::test]
    async fn a_name_is_checked_when_it_is_resolved() {
        let resolve = |allow: Option<&str>| {
            let resolver = CheckedResolver(Arc::new(egress("http://localhost:8001/", allow)));
            resolver.resolve("localhost".parse().unwrap())
        };
        let refused = resolve(None).await.err().unwrap();
        assert!(
            refused.downcast_ref::<EgressRefused>().is_some(),
            "{refused}"
        );
        let mut found = resolve(Some("localhost:8001")).await.unwrap();
        assert!(found.all(|address| address.ip().is_loopback()));
    }
}
