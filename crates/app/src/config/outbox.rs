//! `outbox:`, how much is delivered at once.

use cresset_model::config::{Fault, Section};
use cresset_runtime::routing::{DeliveryLimits, ENDPOINT_DELIVERIES_MAX};

const DELIVERIES_MAX_MAX: u64 = 256;

/// Reads it.
pub(super) fn read(mut section: Section<'_>) -> DeliveryLimits {
    let default = DeliveryLimits::default();
    let deliveries_max = count(&mut section, "deliveries", default.deliveries_max);
    let endpoint_deliveries_max = count(
        &mut section,
        "deliveries_per_endpoint",
        ENDPOINT_DELIVERIES_MAX.min(deliveries_max),
    );
    if endpoint_deliveries_max > deliveries_max {
        let message = "\"deliveries_per_endpoint\" is larger than \"deliveries\"";
        let place = section.place_of("deliveries_per_endpoint");
        section.report(Fault::at(place, message).hint("one endpoint has a part of all"));
    }
    section.finish();
    DeliveryLimits {
        deliveries_max,
        endpoint_deliveries_max,
    }
}

fn count(section: &mut Section<'_>, key: &'static str, default: usize) -> usize {
    let number = section.in_range(key, default as u64, 1..=DELIVERIES_MAX_MAX);
    usize::try_from(number).unwrap_or(usize::MAX)
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
}
