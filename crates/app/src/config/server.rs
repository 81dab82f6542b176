//! `server:`, where the API and the page listen and who may reach them.

mod bounds;

use std::net::{Ipv4Addr, SocketAddr};

use cresset_model::config::{Fault, FromScalar, Misfit, Place, Section, quote};
use cresset_runtime::LIVE_EVENTS_MAX;
use cresset_server::Bounds;

use super::url::is_name;

pub(super) use bounds::differences;

/// The port of the API and the page by default.
pub(crate) const PORT_DEFAULT: u16 = 8000;

/// Addresses beside the first.
const ALSO_LISTEN_MAX: usize = 8;
/// Events that wait for a listener, at most.
const LIVE_EVENTS_MAX_MAX: u64 = 1 << 16;
/// Accepted names.
const HOSTS_MAX: usize = 64;

/// `server:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerConfig {
    /// The address of the API and the page.
    pub(crate) listen: SocketAddr,
    /// Further addresses that answer the same.
    pub(crate) also_listen: Vec<SocketAddr>,
    /// Whether anyone who reaches a non-loopback address may read and command without a login.
    pub(crate) open: bool,
    /// Names accepted in the `Host` header beside the loopback names, lower case, without a port.
    pub(crate) hosts: Vec<String>,
    /// Events that wait for a listener before it is told to read anew and dropped.
    pub(crate) live_events: usize,
    /// What a client may take.
    pub(crate) bounds: Bounds,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: loopback(PORT_DEFAULT),
            also_listen: Vec::new(),
            open: false,
            hosts: Vec::new(),
            live_events: LIVE_EVENTS_MAX,
            bounds: Bounds::default(),
        }
    }
}

/// The IPv4 loopback address with a port.
pub(super) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

pub(super) fn read(mut section: Section<'_>) -> ServerConfig {
    let default = ServerConfig::default();
    let listen = section.optional("listen");
    let also_listen = section.sequence("also_listen");
    let open = section.optional("open").unwrap_or(default.open);
    let hosts = section.sequence("hosts");
    let bounds = bounds::read(&mut section);
    let live_events = read_live_events(&mut section);
    at_most(&section, "also_listen", also_listen.len(), ALSO_LISTEN_MAX);
    at_most(&section, "hosts", hosts.len(), HOSTS_MAX);

    let listen = listen.unwrap_or(default.listen);
    let mut taken = vec![(section.place_of("listen"), listen)];
    for node in also_listen {
        if let Some(address) = section.item("also_listen", node) {
            distinct(&section, node.place, address, &taken);
            taken.push((node.place, address));
        }
    }
    for (place, address) in &taken {
        if !open && !address.ip().is_loopback() {
            let message = format!("{address} is not a loopback address and the server is not open");
            section.report(Fault::at(*place, message).hint(
                "there is no login: write server.open: true only where everyone may read and command",
            ));
        }
    }
    let hosts = hosts
        .iter()
        .filter_map(|node| section.item::<HostName>("hosts", node))
        .map(|HostName(name)| name)
        .collect();
    section.finish();
    ServerConfig {
        listen,
        also_listen: taken
            .into_iter()
            .skip(1)
            .map(|(_, address)| address)
            .collect(),
        open,
        hosts,
        live_events,
        bounds,
    }
}

/// Rounded up to a power of two, as the room for them is.
fn read_live_events(section: &mut Section<'_>) -> usize {
    let default = LIVE_EVENTS_MAX as u64;
    let events = section.in_range("live_events", default, 1..=LIVE_EVENTS_MAX_MAX);
    usize::try_from(events)
        .unwrap_or(usize::MAX)
        .next_power_of_two()
}

/// Reports a list that is too long.
fn at_most(section: &Section<'_>, key: &str, items: usize, items_max: usize) {
    if items > items_max {
        let message = format!("{} has {items} items", quote(key));
        let hint = format!("at most {items_max} are taken");
        section.report(Fault::at(section.place_of(key), message).hint(hint));
    }
}

/// Reports an address that is listened on already; port 0 is a new port each time.
fn distinct(
    section: &Section<'_>,
    place: Place,
    address: SocketAddr,
    taken: &[(Place, SocketAddr)],
) {
    if let Some((first, _)) = taken.iter().find(|(_, other)| *other == address)
        && address.port() != 0
    {
        let message = format!("{address} is listened on twice");
        section.report(Fault::at(place, message).hint(format!("first at line {}", first.line)));
    }
}

/// A name in the `Host` header.
struct HostName(String);

impl FromScalar for HostName {
    const KIND: &'static str = "a host name";
    const HINT: &'static str =
        "write a name or an address without a port, such as cresset.internal";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        if is_name(text) || text.parse::<std::net::IpAddr>().is_ok() {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Misfit::kind())
        }
    }
}
