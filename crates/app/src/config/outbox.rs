//! `outbox:`, how much is delivered at once, and what one notification tells.

use cresset_model::config::{ByteSize, Fault, Section};
use cresset_pipeline::router::{RECORDS_BYTES_MAX, RouterLimits};
use cresset_runtime::routing::{DeliveryLimits, ENDPOINT_DELIVERIES_MAX};

const DELIVERIES_MAX_MAX: u64 = 256;
/// The alerts of all groups that are told in one step are in memory together.
const ALERTS_MAX_MAX: u64 = 250;
const GROUPS_MAX_MAX: u64 = 1_000_000;

/// `outbox:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OutboxConfig {
    /// How much is delivered at once.
    pub(crate) deliveries: DeliveryLimits,
    /// What one notification tells, and how many groups there are.
    pub(crate) router: RouterLimits,
}

/// Reads it.
pub(super) fn read(mut section: Section<'_>) -> OutboxConfig {
    let default = OutboxConfig::default();
    let deliveries_max = count(
        &mut section,
        ("deliveries", DELIVERIES_MAX_MAX),
        default.deliveries.deliveries_max,
    );
    let endpoint_deliveries_max = count(
        &mut section,
        ("deliveries_per_endpoint", DELIVERIES_MAX_MAX),
        ENDPOINT_DELIVERIES_MAX.min(deliveries_max),
    );
    if endpoint_deliveries_max > deliveries_max {
        let message = "\"deliveries_per_endpoint\" is larger than \"deliveries\"";
        let place = section.place_of("deliveries_per_endpoint");
        section.report(Fault::at(place, message).hint("one endpoint has a part of all"));
    }
    let router = RouterLimits {
        alerts_max: count(
            &mut section,
            ("alerts", ALERTS_MAX_MAX),
            default.router.alerts_max,
        ),
        record_bytes_max: size(&mut section, "record", default.router.record_bytes_max),
        groups_max: count(
            &mut section,
            ("groups", GROUPS_MAX_MAX),
            default.router.groups_max,
        ),
    };
    section.finish();
    OutboxConfig {
        deliveries: DeliveryLimits {
            deliveries_max,
            endpoint_deliveries_max,
        },
        router,
    }
}

fn count(section: &mut Section<'_>, (key, most): (&'static str, u64), default: usize) -> usize {
    let number = section.in_range(key, default as u64, 1..=most);
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn size(section: &mut Section<'_>, key: &'static str, default: usize) -> usize {
    let sizes = ByteSize(0)..=ByteSize(RECORDS_BYTES_MAX as u64);
    let ByteSize(bytes) = section.in_range(key, ByteSize(default as u64), sizes);
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_end, loaded, minimal_with};

    #[test]
    fn what_is_delivered_at_once_is_two_keys() {
        for (keys, expected) in [
            ("{}", (16, 2)),
            ("{ deliveries: 1 }", (1, 1)),
            (
                "{ deliveries: 256, deliveries_per_endpoint: 256 }",
                (256, 256),
            ),
        ] {
            let limits = loaded(&minimal_with(&format!("outbox: {keys}\n")), &[]).outbox;
            let limits = limits.deliveries;
            let got = (limits.deliveries_max, limits.endpoint_deliveries_max);
            assert_eq!(got, expected, "{keys}");
        }
        check_end(
            "outbox: { deliveries: 257, deliveries_per_endpoint: 0 }\n",
            &[
                "8:23: \"deliveries\" is out of range: 257: from 1 to 256 are allowed",
                "8:53: \"deliveries_per_endpoint\" is out of range: 0: from 1 to 256 are allowed",
            ],
        );
        check_end(
            "outbox: { deliveries: 4, deliveries_per_endpoint: 5 }\n",
            &[
                "8:51: \"deliveries_per_endpoint\" is larger than \"deliveries\": one endpoint has a part of all",
            ],
        );
    }
    #[test]
    fn what_a_notification_tells_is_three_keys() {
        for (keys, expected) in [
            ("{}", (50, 65_536, 100_000)),
            ("{ alerts: 1, record: 0B, groups: 1 }", (1, 0, 1)),
            (
                "{ alerts: 250, record: 512KiB, groups: 1000000 }",
                (250, 524_288, 1_000_000),
            ),
        ] {
            let limits = loaded(&minimal_with(&format!("outbox: {keys}\n")), &[]).outbox;
            let limits = limits.router;
            let got = (
                limits.alerts_max,
                limits.record_bytes_max,
                limits.groups_max,
            );
            assert_eq!(got, expected, "{keys}");
        }
        check_end(
            "outbox: { alerts: 251, record: 513KiB, groups: 0 }\n",
            &[
                "8:19: \"alerts\" is out of range: 251: from 1 to 250 are allowed",
                "8:32: \"record\" is out of range: 513KiB: from 0B to 512KiB are allowed",
                "8:48: \"groups\" is out of range: 0: from 1 to 1000000 are allowed",
            ],
        );
    }
}
