//! Where a client may connect to: public addresses, and one private host and port that the
//! configuration names. Names are resolved here, checked, and the checked addresses are the ones that
//! are connected to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use cresset_model::ip;
use cresset_model::ports::BoxFuture;
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

/// Why there is nothing to connect to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreachable {
    /// The host has no address, for now.
    #[error(transparent)]
    Unresolved(#[from] ResolveFailed),
    /// It has one that nobody allowed.
    #[error(transparent)]
    Refused(#[from] EgressRefused),
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

    /// A host and a port that no URL names. This machine, under its own name or address, needs no allowance:
    /// neither leads elsewhere.
    pub(crate) fn to(host: &str, port: u16, allow_private: Option<&str>) -> Self {
        let literal: Option<IpAddr> = host.parse().ok();
        let shown = match literal {
            Some(IpAddr::V6(_)) => format!("[{host}]"),
            _ => host.to_owned(),
        };
        let is_this_machine = literal.map_or_else(
            || host.eq_ignore_ascii_case("localhost"),
            |address| address.is_loopback(),
        );
        let target = format!("{shown}:{port}");
        let allowed = allow_private.is_some_and(|name| name.eq_ignore_ascii_case(&target));
        Self {
            private_allowed: allowed || is_this_machine,
            host: shown,
            port,
            literal,
        }
    }

    /// Where to connect to now: every address of the host, each checked.
    pub(crate) async fn addresses(&self) -> Result<Vec<SocketAddr>, Unreachable> {
        let found = match self.literal {
            Some(address) => vec![SocketAddr::new(address, self.port)],
            None => resolved(&self.host, system_lookup(self.host.clone())).await?,
        };
        self.check_all(&found)?;
        Ok(found)
    }

    /// `host:port`, for messages.
    pub(crate) fn target(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
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

/// Finds the addresses of a name; their ports say nothing.
type Lookup = fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

/// Resolves names for the client, once for each connection, and hands out checked addresses only: those
/// that were checked are those that are connected to.
pub(crate) struct CheckedResolver {
    egress: Arc<Egress>,
    lookup: Lookup,
}

impl CheckedResolver {
    /// Asks the system for names.
    pub(crate) fn new(egress: Arc<Egress>) -> Self {
        let lookup: Lookup = |host| Box::pin(system_lookup(host));
        Self { egress, lookup }
    }
}

async fn resolved(
    host: &str,
    found: impl Future<Output = io::Result<Vec<SocketAddr>>>,
) -> Result<Vec<SocketAddr>, ResolveFailed> {
    let failed = |cause: String| ResolveFailed {
        host: host.to_owned(),
        cause,
    };
    let found = found.await.map_err(|error| failed(error.to_string()))?;
    if found.is_empty() {
        return Err(failed("the name has no address".to_owned()));
    }
    Ok(found)
}

async fn system_lookup(host: String) -> io::Result<Vec<SocketAddr>> {
    // Port 0 stands for the port of the URL.
    let found = tokio::net::lookup_host((host, 0)).await?;
    Ok(found.collect())
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = Arc::clone(&self.egress);
        let found = (self.lookup)(name.as_str().to_owned());
        // The client's connect timeout covers this future too.
        Box::pin(async move {
            let found = resolved(name.as_str(), found).await?;
            egress.check_all(&found)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

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
            // Octal, hexadecimal and short parts, and parts of parts.
            "http://0177.0.0.1/",
            "http://0x7f000001/",
            "http://127.1/",
            "http://0x0/",
            "http://0xa9fea9fe/",
            // A dot behind it, capitals, and digits of other scripts and forms.
            "http://127.0.0.1./",
            "http://0X7F.0.0.1/",
            "http://\u{2460}\u{2461}\u{2466}.\u{24ea}.\u{24ea}.\u{2460}/",
            "http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
            "http://127\u{3002}0\u{3002}0\u{3002}1/",
            // IPv4 within IPv6: mapped, compatible, translated, relayed, tunneled.
            "http://[::ffff:a9fe:a9fe]/",
            "http://[::127.0.0.1]/",
            "http://[::ffff:0:127.0.0.1]/",
            "http://[64:ff9b:1::a00:1]/",
            "http://[2002:c0a8:1::1]/",
            "http://[2001::7f00:1]/",
            "http://[::]/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[fec0::1]/",
            "http://[ff02::1]/",
            "http://[100::1]/",
            "http://0.0.0.0/",
            "http://255.255.255.255/",
            "http://192.0.0.1/",
            "http://198.18.0.1/",
        ] {
            assert!(egress(url, None).check_literal().is_err(), "{url}");
        }
        // What has a zone, or too large parts, is no address at all.
        for url in [
            "http://[fe80::1%25eth0]/",
            "http://[fe80::1%eth0]/",
            "http://256.0.0.1/",
            "http://127.0.0.0.1/",
            "http://0x100000000/",
        ] {
            assert!(Url::parse(url).is_err(), "{url}");
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
            let resolver = CheckedResolver::new(Arc::new(egress("http://localhost:8001/", allow)));
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

    #[tokio::test]
    async fn a_host_without_a_url_is_checked_too() {
        let addresses = async |host: &str, allow: Option<&str>| {
            let egress = Egress::to(host, 25, allow);
            egress.addresses().await.map_err(|error| error.to_string())
        };
        let refused = "refused to connect to 10.0.0.1:25: 10.0.0.1 is not a public address; set \
             `allow_private: 10.0.0.1:25` to allow it";
        assert_eq!(addresses("10.0.0.1", None).await.unwrap_err(), refused);
        assert!(addresses("10.0.0.1", Some("10.0.0.1:26")).await.is_err());
        assert!(addresses("::ffff:10.0.0.1", None).await.is_err());
        // Another name of this machine is not its own.
        assert!(addresses("localhost.", None).await.is_err());
        for (host, allow) in [
            ("10.0.0.1", Some("10.0.0.1:25")),
            ("fd00::1", Some("[fd00::1]:25")),
            ("127.0.0.1", None),
            ("::1", None),
            ("localhost", None),
            ("9.9.9.9", None),
        ] {
            assert!(addresses(host, allow).await.is_ok(), "{host}");
        }
    }

    /// Says a public address when asked first, and a private one from then on, as in a DNS rebinding.
    fn flipping(_: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let first = ASKED.fetch_add(1, Ordering::Relaxed) == 0;
        let address = if first { "9.9.9.9:0" } else { "127.0.0.1:0" };
        Box::pin(async move { Ok(vec![address.parse().expect("it is an address")]) })
    }

    #[tokio::test]
    async fn an_address_that_flips_is_checked_for_each_connection_and_never_asked_for_twice() {
        let resolver = CheckedResolver {
            egress: Arc::new(egress("http://upstream.example/", None)),
            lookup: flipping,
        };
        let resolve = || resolver.resolve("upstream.example".parse().unwrap());
        // What was checked is what is handed out: the second answer cannot take its place.
        let found: Vec<SocketAddr> = resolve().await.unwrap().collect();
        assert_eq!(found, ["9.9.9.9:0".parse().unwrap()]);
        for _ in 0..3 {
            let refused = resolve().await.err().unwrap();
            assert!(
                refused.downcast_ref::<EgressRefused>().is_some(),
                "{refused}"
            );
        }
    }

    #[tokio::test]
    async fn a_name_of_a_private_address_is_never_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // `localhost` with a dot behind it is the same machine under another text.
        for host in ["localhost", "localhost."] {
            let url = format!("http://{host}:{port}/");
            let egress = Arc::new(egress(&url, None));
            assert_eq!(egress.check_literal(), Ok(()));
            let client = crate::http::client(
                &egress,
                crate::http::Transport::Plain,
                std::time::Duration::from_secs(5),
            );
            let error = client.unwrap().get(&url).send().await.unwrap_err();
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                text.push_str(&error.to_string());
                cause = error.source();
            }
            assert!(
                text.contains("is not a public address") || text.contains("cannot resolve"),
                "{text}"
            );
        }
        let accepted = tokio::time::timeout(std::time::Duration::ZERO, listener.accept()).await;
        assert!(accepted.is_err(), "a connection was made");
    }
}
