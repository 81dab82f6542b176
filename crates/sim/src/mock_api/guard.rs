//! Who may ask: programs and pages of this machine. A page of another site can neither reach the mock
//! through a name that points here, nor change its settings.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Whether the host that the request names is this machine, or one of `hosts`.
pub(super) fn host_allowed(headers: &HeaderMap, hosts: &[String]) -> bool {
    match headers.get(HOST) {
        None => true,
        Some(value) => value.to_str().is_ok_and(|host| is_local(host, hosts)),
    }
}

/// Whether the page that sent the request, if a page did, is of this machine or of one of `hosts`.
pub(super) fn origin_allowed(headers: &HeaderMap, hosts: &[String]) -> bool {
    let Some(value) = headers.get(ORIGIN) else {
        return true;
    };
    let authority = value
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"));
    authority.is_some_and(|(_, authority)| is_local(authority, hosts))
}

fn is_local(authority: &str, hosts: &[String]) -> bool {
    let host = match authority.rsplit_once(':') {
        // A colon inside brackets belongs to the address.
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    };
    let bare = host.trim_matches(['[', ']']);
    let address: Option<std::net::IpAddr> = bare.parse().ok();
    address.is_some_and(|address| address.is_loopback())
        || bare.eq_ignore_ascii_case("localhost")
        || hosts
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_and_named_hosts_are_local() {
        let hosts = ["mock-api".to_owned()];
        for local in [
            "127.0.0.1",
            "127.0.0.1:8001",
            "127.8.8.8",
            "localhost:8001",
            "LOCALHOST",
            "[::1]",
            "[::1]:8001",
            "mock-api:8000",
        ] {
            assert!(is_local(local, &hosts), "{local}");
        }
        for foreign in [
            "",
            "example.com",
            "127.0.0.1.example.com:8001",
            "localhost.example.com",
            "10.0.0.1",
            "0.0.0.0:8001",
            "[::2]:8001",
            "mock-api.example",
        ] {
            assert!(!is_local(foreign, &hosts), "{foreign}");
        }
    }
}
