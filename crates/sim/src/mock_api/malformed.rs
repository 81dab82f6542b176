//! Records that no client can take. Each is valid JSON, so that only the record is lost, not its page.

use super::alert::{Alert, Format};
use crate::rng::Rng;

/// The ways to spoil a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NoTime,
    NullId,
    UnknownSource,
    BadAddress,
    BadTime,
    BadSeverity,
    TextIsObject,
    NotAnObject,
}

const FAULTS: [Fault; 8] = [
    Fault::NoTime,
    Fault::NullId,
    Fault::UnknownSource,
    Fault::BadAddress,
    Fault::BadTime,
    Fault::BadSeverity,
    Fault::TextIsObject,
    Fault::NotAnObject,
];

/// Spoils an alert in one of the ways.
pub(super) fn spoil(alert: &Alert, rng: &mut Rng) -> String {
    spoiled(alert, *rng.pick(&FAULTS))
}

fn spoiled(alert: &Alert, fault: Fault) -> String {
    let quoted = |text: &str| format!("\"{text}\"");
    let whole = alert.json();
    match fault {
        Fault::NoTime => {
            let end = whole.rfind(",\"").expect("an alert has several keys");
            let (kept, _) = whole.split_at(end);
            format!("{kept}}}")
        }
        Fault::NullId => whole.replace(&quoted(&alert.id), "null"),
        Fault::UnknownSource => whole.replace(&quoted(alert.source), "\"toaster\""),
        Fault::BadAddress => whole.replace(&alert.src.to_string(), "192.168.1.999"),
        Fault::BadTime => whole.replace(&alert.created_at.to_offset(), "yesterday"),
        Fault::BadSeverity => match alert.format {
            Format::Standard => whole.replace(&quoted(alert.severity()), "null"),
            Format::Legacy => {
                let level = format!("\"criticality\":{}", alert.level);
                whole.replace(&level, "\"criticality\":\"severe\"")
            }
        },
        Fault::TextIsObject => whole.replace(&quoted(&alert.text()), "{}"),
        Fault::NotAnObject => format!("\"garbled {}\"", alert.id),
    }
}

#[cfg(test)]
mod tests {
    use cresset_model::Timestamp;

    use super::*;

    #[test]
    fn every_spoiled_record_is_valid_json_and_differs_from_the_alert() {
        let at = Timestamp::parse("2026-11-23T09:26:09.618262Z").unwrap();
        for format in [Format::Standard, Format::Legacy] {
            let mut rng = Rng::of(3, 3);
            let alert = Alert::of_format(format, "alert-1-0".to_owned(), at, &mut rng);
            let whole: serde_json::Value = serde_json::from_str(&alert.json()).unwrap();
            for fault in FAULTS {
                let raw = spoiled(&alert, fault);
                let value: serde_json::Value = serde_json::from_str(&raw).unwrap();
                assert_ne!(value, whole, "{fault:?}");
            }
        }
    }
}
