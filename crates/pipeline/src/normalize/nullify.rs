//! Events with `source_ip`, `event_type` and `severity`, such as a network sensor's. Address and severity
//! are mandatory; everything else may be missing or odd.

use cresset_detect::{Event, Observable};
use cresset_model::Timestamp;
use cresset_model::batch::Reason;
use cresset_model::provenance::{FormatInfo, Marks};
use cresset_model::text::Text;

use super::Normalized;
use super::values::{AddressForm, Values};
use crate::decode::Fault;
use crate::decode::scan::{Field, Kind};

#[cfg(test)]
mod tests;

const SOURCE_IP: &str = "source_ip";
const DESTINATION_IP: &str = "destination_ip";
const EVENT_TYPE: &str = "event_type";
const SEVERITY: &str = "severity";
const DESCRIPTION: &str = "description";
const TIMESTAMP: &str = "timestamp";

/// The values of `event_type`.
const EVENT_TYPES: [&str; 5] = [
    "login_attempt",
    "port_scan",
    "malware_detected",
    "access_granted",
    "access_denied",
];
/// The kind of an event whose type is none of them.
const OTHER: &str = "other";

/// What provenance says about the format.
pub(super) fn formats() -> Vec<FormatInfo> {
    let fields = [
        ("source", EVENT_TYPE),
        ("severity", SEVERITY),
        ("description", DESCRIPTION),
        ("src_ip", SOURCE_IP),
        ("dst_ip", DESTINATION_IP),
        ("created_at", TIMESTAMP),
    ];
    vec![FormatInfo {
        name: "event".to_owned(),
        sources: EVENT_TYPES
            .into_iter()
            .chain([OTHER])
            .map(str::to_owned)
            .collect(),
        fields: fields
            .map(|(ours, received)| (ours.to_owned(), received.to_owned()))
            .to_vec(),
    }]
}

/// Reads an event. What is not read by [`event`] has no faults.
pub(super) fn normalize(values: &mut Values<'_>) -> Result<Normalized, Fault> {
    let event = event(values)?;
    let event_type = values.record.field(EVENT_TYPE);
    let source = source(values, event_type);
    let description = description(values, event_type);
    let created_at = created_at(values);
    Ok(Normalized {
        upstream_id: None,
        source,
        description,
        event,
        created_at,
        marks: values.marks,
    })
}

/// Reads what detections see.
pub(super) fn event(values: &mut Values<'_>) -> Result<Event, Fault> {
    let src_field = mandatory(values, SOURCE_IP)?;
    let src_ip = values.address(SOURCE_IP, src_field, AddressForm::Text)?;
    let severity_field = mandatory(values, SEVERITY)?;
    let severity = values.severity(SEVERITY, severity_field)?;
    let dst_ip = values.record.field(DESTINATION_IP).and_then(|field| {
        let address = values.address_if_any(field)?;
        Some(Observable {
            address,
            text: values.received(field),
        })
    });
    Ok(Event {
        severity,
        severity_text: values.received(severity_field),
        src_ip: Observable {
            address: src_ip,
            text: values.received(src_field),
        },
        dst_ip,
    })
}

fn mandatory(values: &Values<'_>, name: &str) -> Result<Field, Fault> {
    let fault = |reason, what: &str| {
        let detail = format!("field \"{name}\" is {what} (an event needs {SOURCE_IP}, {SEVERITY})");
        Fault::new(reason, detail)
    };
    match values.record.field(name) {
        None => Err(fault(Reason::MissingField, "missing")),
        Some(field) if field.kind == Kind::Null => Err(fault(Reason::NullField, "null")),
        Some(field) => Ok(field),
    }
}

/// The kind of event, in any case; one of the known, never what a sender chooses.
fn source(values: &mut Values<'_>, event_type: Option<Field>) -> &'static str {
    let Some(field) = event_type.filter(|field| field.kind == Kind::String) else {
        return OTHER;
    };
    let received = values.string(field);
    let name = received.trim();
    let known = EVENT_TYPES
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name));
    if known.is_some_and(|known| known != received) {
        values.marks.add(Marks::SOURCE_RESPELT);
    }
    known.unwrap_or(OTHER)
}

/// The description, else the type of the event, else nothing.
fn description(values: &mut Values<'_>, event_type: Option<Field>) -> Text {
    let fields = [values.record.field(DESCRIPTION), event_type];
    for (name, field) in [DESCRIPTION, EVENT_TYPE].into_iter().zip(fields) {
        if let Some(text) = field.and_then(|field| values.text(name, field).ok()) {
            return text;
        }
    }
    Text::store(values.arena, "")
}

/// The time of the event, else that of its receipt.
fn created_at(values: &mut Values<'_>) -> Timestamp {
    let marks = values.marks;
    let field = values.record.field(TIMESTAMP);
    if let Some(time) = field.and_then(|field| values.time(TIMESTAMP, field).ok()) {
        return time;
    }
    values.marks = marks;
    values.marks.add(Marks::TIME_MISSING);
    values.received
}
