//! The bounds of connections and requests, keys of `server:`.

use std::time::Duration;

use cresset_model::config::{ByteSize, Fault, Section, quote};
use cresset_server::Bounds;

const CONNECTIONS_MAX_MAX: usize = 1_000_000;
const HEAD_BYTES_MAX_MAX: u64 = 1 << 20;
const HEADERS_MAX_MAX: usize = 1_024;
const VIEWERS_MAX_MAX: usize = 100_000;
const BODY_RATE_MIN_MAX: u64 = 1 << 30;
const TIMEOUT_MIN: Duration = Duration::from_millis(100);
const TIMEOUT_MAX: Duration = Duration::from_hours(1);

/// Reads them.
pub(super) fn read(section: &mut Section<'_>) -> Bounds {
    let default = Bounds::default();
    let connections_max = count(
        section,
        "connections",
        default.connections_max,
        CONNECTIONS_MAX_MAX,
    );
    // Where there are fewer connections, the default of one address shrinks with them.
    let address_connections_max = count(
        section,
        "connections_per_address",
        default.address_connections_max.min(connections_max),
        CONNECTIONS_MAX_MAX,
    );
    if address_connections_max > connections_max {
        let message = "\"connections_per_address\" is larger than \"connections\"";
        let place = section.place_of("connections_per_address");
        section.report(Fault::at(place, message).hint("one address has a part of all"));
    }
    let viewers_max = count(section, "viewers", default.viewers_max, VIEWERS_MAX_MAX);
    let least = Bounds::HEAD_BYTES_MIN as u64;
    let head = default.head_bytes_max as u64;
    let ByteSize(head_bytes_max) = section.in_range(
        "head",
        ByteSize(head),
        ByteSize(least)..=ByteSize(HEAD_BYTES_MAX_MAX),
    );
    let headers_max = count(section, "headers", default.headers_max, HEADERS_MAX_MAX);
    let ByteSize(body_rate_min) = section.in_range(
        "body_rate",
        ByteSize(default.body_rate_min),
        ByteSize(1)..=ByteSize(BODY_RATE_MIN_MAX),
    );
    let bounds = Bounds {
        connections_max,
        address_connections_max,
        head_bytes_max: usize::try_from(head_bytes_max).unwrap_or(usize::MAX),
        headers_max,
        viewers_max,
        body_rate_min,
        ..default
    };
    match section.section("timeouts") {
        Some(section) => read_timeouts(section, &bounds),
        None => bounds,
    }
}

fn count(section: &mut Section<'_>, key: &'static str, default: usize, most: usize) -> usize {
    let number = section.in_range(key, default as u64, 1..=most as u64);
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn read_timeouts(mut section: Section<'_>, bounds: &Bounds) -> Bounds {
    let mut timeout = |key, default| section.in_range(key, default, TIMEOUT_MIN..=TIMEOUT_MAX);
    let bounds = Bounds {
        first_byte_timeout: timeout("first_byte", bounds.first_byte_timeout),
        head_timeout: timeout("head", bounds.head_timeout),
        body_timeout: timeout("body", bounds.body_timeout),
        body_grace: timeout("body_grace", bounds.body_grace),
        idle_timeout: timeout("idle", bounds.idle_timeout),
        stall_timeout: timeout("stall", bounds.stall_timeout),
        ..bounds.clone()
    };
    if section.has("body_grace") && bounds.body_grace > bounds.body_timeout {
        let message = format!("{} is longer than {}", quote("body_grace"), quote("body"));
        let hint = "shorten \"body_grace\" or lengthen \"body\"";
        section.report(Fault::at(section.place_of("body_grace"), message).hint(hint));
    }
    section.finish();
    bounds
}

/// The keys of what differs, each with whether it does.
pub(in super::super) fn differences(old: &Bounds, new: &Bounds) -> [(&'static str, bool); 7] {
    let timeouts = |bounds: &Bounds| {
        [
            bounds.first_byte_timeout,
            bounds.head_timeout,
            bounds.body_timeout,
            bounds.body_grace,
            bounds.idle_timeout,
            bounds.stall_timeout,
        ]
    };
    [
        (
            "server.connections",
            old.connections_max != new.connections_max,
        ),
        (
            "server.connections_per_address",
            old.address_connections_max != new.address_connections_max,
        ),
        ("server.viewers", old.viewers_max != new.viewers_max),
        ("server.head", old.head_bytes_max != new.head_bytes_max),
        ("server.headers", old.headers_max != new.headers_max),
        ("server.body_rate", old.body_rate_min != new.body_rate_min),
        ("server.timeouts", timeouts(old) != timeouts(new)),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{check_end, loaded, minimal_with};
    use super::*;

    fn bounds_of(keys: &str) -> Bounds {
        let text = minimal_with(&format!("server: {keys}\n"));
        loaded(&text, &[]).server.bounds
    }

    #[test]
    fn every_bound_of_a_connection_is_a_key() {
        assert_eq!(bounds_of("{}"), Bounds::default());
        let expected = Bounds {
            connections_max: 20,
            address_connections_max: 10,
            head_bytes_max: 8 << 10,
            headers_max: 16,
            viewers_max: 5,
            first_byte_timeout: Duration::from_millis(100),
            head_timeout: Duration::from_millis(200),
            body_timeout: Duration::from_secs(3),
            body_grace: Duration::from_millis(400),
            body_rate_min: 64,
            idle_timeout: Duration::from_hours(1),
            stall_timeout: Duration::from_mins(1),
        };
        let keys = "{ connections: 20, connections_per_address: 10, head: 8KiB, headers: 16, \
             viewers: 5, body_rate: 64B, timeouts: { first_byte: 100ms, head: 200ms, body: 3s, \
             body_grace: 400ms, idle: 1h, stall: 1m } }";
        assert_eq!(bounds_of(keys), expected);
        let few = bounds_of("{ connections: 20 }");
        assert_eq!(few.address_connections_max, 20);
    }

    #[test]
    fn events_that_wait_for_a_listener_are_a_power_of_two() {
        let events_of = |keys: &str| {
            let text = minimal_with(&format!("server: {keys}\n"));
            loaded(&text, &[]).server.live_events
        };
        for (keys, expected) in [
            ("{}", 1_024),
            ("{ live_events: 1 }", 1),
            ("{ live_events: 1000 }", 1_024),
            ("{ live_events: 65536 }", 65_536),
        ] {
            assert_eq!(events_of(keys), expected, "{keys}");
        }
        check_end(
            "server: { live_events: 65537 }\n",
            &["8:24: \"live_events\" is out of range: 65537: from 1 to 65536 are allowed"],
        );
    }

    #[test]
    fn bounds_of_connections_hold_at_their_ends() {
        check_end(
            "server: { connections: 1000000, head: 1MiB, headers: 1024, viewers: 100000, body_rate: 1GiB }\n",
            &[],
        );
        check_end(
            "server: { connections: 1000001, connections_per_address: 0, viewers: 0, head: 8191B, headers: 1025, body_rate: 0B }\n",
            &[
                "8:24: \"connections\" is out of range: 1000001: from 1 to 1000000 are allowed",
                "8:58: \"connections_per_address\" is out of range: 0: from 1 to 1000000 are allowed",
                "8:70: \"viewers\" is out of range: 0: from 1 to 100000 are allowed",
                "8:79: \"head\" is out of range: 8191B: from 8KiB to 1MiB are allowed",
                "8:95: \"headers\" is out of range: 1025: from 1 to 1024 are allowed",
                "8:112: \"body_rate\" is out of range: 0B: from 1B to 1GiB are allowed",
            ],
        );
        check_end(
            "server: { connections: 10, connections_per_address: 11, timeouts: { idle: 99ms, body: 5s, body_grace: 6s } }\n",
            &[
                "8:53: \"connections_per_address\" is larger than \"connections\": one address has a part of all",
                "8:75: \"idle\" is out of range: 99ms: from 100ms to 1h are allowed",
                "8:103: \"body_grace\" is longer than \"body\": shorten \"body_grace\" or lengthen \"body\"",
            ],
        );
    }
}
