//! The two formats of the original service's upstream, chosen by the value of `source`: the standard one
//! of network devices and the legacy one of gateways.

use cresset_detect::{Event, Observable};
use cresset_model::Severity;
use cresset_model::batch::Reason;
use cresset_model::provenance::{FormatInfo, Marks};
use cresset_model::text::Text;

use super::Normalized;
use super::values::{AddressForm, Values, wrong_type};
use crate::decode::Fault;
use crate::decode::scan::{Field, Kind};
use crate::quote::{SHOWN_CHARS_MAX, quoted};

#[cfg(test)]
mod tests;

const STANDARD_SOURCES: [&str; 5] = ["firewall", "ngfw", "ips", "vpn_gateway", "router_acl"];
const LEGACY_SOURCES: [&str; 5] = ["waf", "swg", "nac", "api_gateway", "load_balancer"];
/// Characters of an unknown source that are compared with the known ones.
const COMPARED_CHARS_MAX: usize = 32;
/// From this likeness (0 to 1) on a known source is offered for an unknown one.
const LIKENESS_MIN: f64 = 0.8;

/// The received keys of one format; every one is mandatory.
struct Format {
    name: &'static str,
    sources: [&'static str; 5],
    id: &'static str,
    severity: &'static str,
    description: &'static str,
    src_ip: &'static str,
    dst_ip: &'static str,
    created_at: &'static str,
    addresses: AddressForm,
    read_severity: fn(&mut Values<'_>, Field) -> Result<Severity, Fault>,
}

static STANDARD: Format = Format {
    name: "standard",
    sources: STANDARD_SOURCES,
    id: "id",
    severity: "severity",
    description: "description",
    src_ip: "src_ip",
    dst_ip: "dst_ip",
    created_at: "created_at",
    addresses: AddressForm::TextOrNumber,
    read_severity: severity,
};

static LEGACY: Format = Format {
    name: "legacy",
    sources: LEGACY_SOURCES,
    id: "alertId",
    severity: "criticality",
    description: "summary",
    src_ip: "sourceAddress",
    dst_ip: "destinationAddress",
    created_at: "timestamp",
    addresses: AddressForm::Text,
    read_severity: criticality,
};

impl Format {
    /// Pairs of our field and the received key.
    fn fields(&self) -> [(&'static str, &'static str); 7] {
        [
            ("id", self.id),
            ("source", "source"),
            ("severity", self.severity),
            ("description", self.description),
            ("src_ip", self.src_ip),
            ("dst_ip", self.dst_ip),
            ("created_at", self.created_at),
        ]
    }
}

/// What provenance says about the formats.
pub(super) fn formats() -> Vec<FormatInfo> {
    [&STANDARD, &LEGACY]
        .map(|format| FormatInfo {
            name: format.name.to_owned(),
            sources: format.sources.map(str::to_owned).to_vec(),
            fields: format
                .fields()
                .map(|(ours, received)| (ours.to_owned(), received.to_owned()))
                .to_vec(),
        })
        .to_vec()
}

/// Reads a record: the source first, then every field in the order of its format.
pub(super) fn normalize(values: &mut Values<'_>) -> Result<Normalized, Fault> {
    let (format, source) = format_of(values)?;
    let field = |values: &Values<'_>, name| mandatory(values, name, format, source);
    let id = field(values, format.id)?;
    let upstream_id = values.text(format.id, id)?;
    let severity_field = field(values, format.severity)?;
    let severity = (format.read_severity)(values, severity_field)?;
    let description = field(values, format.description)?;
    let description = values.text(format.description, description)?;
    let src_field = field(values, format.src_ip)?;
    let src_ip = values.address(format.src_ip, src_field, format.addresses)?;
    let dst_field = field(values, format.dst_ip)?;
    let dst_ip = values.address(format.dst_ip, dst_field, format.addresses)?;
    let created_at = field(values, format.created_at)?;
    let created_at = values.time(format.created_at, created_at)?;
    Ok(Normalized {
        upstream_id: Some(upstream_id),
        source,
        description,
        event: Event {
            severity,
            severity_text: values.received(severity_field),
            src_ip: Observable {
                address: src_ip,
                text: values.received(src_field),
            },
            dst_ip: Some(Observable {
                address: dst_ip,
                text: values.received(dst_field),
            }),
        },
        created_at,
        marks: values.marks,
    })
}

/// The id of a record that was refused: the key of either format, the first that can be read.
pub(super) fn upstream_id(values: &mut Values<'_>) -> Option<Text> {
    [STANDARD.id, LEGACY.id].into_iter().find_map(|name| {
        let field = values.record.field(name)?;
        values.text(name, field).ok()
    })
}

fn format_of(values: &mut Values<'_>) -> Result<(&'static Format, &'static str), Fault> {
    let fault = |reason, what: &str| {
        let known = known_sources();
        Fault::new(
            reason,
            format!("field \"source\" is {what}, one of {known} is expected"),
        )
    };
    let Some(field) = values.record.field("source") else {
        return Err(fault(Reason::MissingField, "missing"));
    };
    match field.kind {
        Kind::String => {}
        Kind::Null => return Err(fault(Reason::NullField, "null")),
        kind => return Err(fault(Reason::WrongType, kind.named())),
    }
    let received = values.string(field);
    let name = received.trim();
    for format in [&STANDARD, &LEGACY] {
        let known = |source: &&&str| source.eq_ignore_ascii_case(name);
        if let Some(source) = format.sources.iter().find(known) {
            if *source != received {
                values.marks.add(Marks::SOURCE_RESPELT);
            }
            return Ok((format, source));
        }
    }
    Err(unknown_source(&received))
}

fn known_sources() -> String {
    [STANDARD_SOURCES, LEGACY_SOURCES].concat().join(", ")
}

fn unknown_source(received: &str) -> Fault {
    let shown = quoted(received, SHOWN_CHARS_MAX);
    let known = known_sources();
    let compared: String = received.trim().chars().take(COMPARED_CHARS_MAX).collect();
    let compared = compared.to_lowercase();
    let nearest = STANDARD_SOURCES
        .into_iter()
        .chain(LEGACY_SOURCES)
        .map(|source| (source, strsim::jaro_winkler(source, &compared)))
        .filter(|(_, likeness)| *likeness >= LIKENESS_MIN)
        .max_by(|(_, a), (_, b)| a.total_cmp(b));
    let hint = nearest.map_or_else(String::new, |(source, _)| {
        format!(", did you mean \"{source}\"?")
    });
    Fault::new(
        Reason::UnknownSource,
        format!("unknown source {shown}{hint} (known are {known})"),
    )
}

fn mandatory(
    values: &Values<'_>,
    name: &str,
    format: &Format,
    source: &str,
) -> Result<Field, Fault> {
    let fault = |reason, what: &str| {
        let needed = format.fields().map(|(_, received)| received).join(", ");
        let article = if source.starts_with(['a', 'e', 'i', 'o', 'u']) {
            "an"
        } else {
            "a"
        };
        Fault::new(
            reason,
            format!("field \"{name}\" is {what} ({article} {source} alert needs {needed})"),
        )
    };
    match values.record.field(name) {
        None => Err(fault(Reason::MissingField, "missing")),
        Some(field) if field.kind == Kind::Null => Err(fault(Reason::NullField, "null")),
        Some(field) => Ok(field),
    }
}

fn severity(values: &mut Values<'_>, field: Field) -> Result<Severity, Fault> {
    values.severity(STANDARD.severity, field)
}

/// A whole number: 1 low, 2 medium, 3 high, 4 critical, any other low, as the original service did.
fn criticality(values: &mut Values<'_>, field: Field) -> Result<Severity, Fault> {
    let name = LEGACY.severity;
    let text = values.string(field);
    let level = match field.kind {
        Kind::Number => whole_number(&text),
        Kind::String => {
            values.marks.add(Marks::TYPE_CONVERTED);
            whole_number(text.trim())
        }
        Kind::True | Kind::False => {
            values.marks.add(Marks::TYPE_CONVERTED);
            Some(Level::of(i64::from(field.kind == Kind::True)))
        }
        kind => return Err(wrong_type(name, kind, "a number")),
    };
    let Some(level) = level else {
        let hint = " (1 low, 2 medium, 3 high, 4 critical)";
        return Err(values.invalid(name, field, "is not a whole number", hint));
    };
    Ok(match level {
        Level::Known(severity) => severity,
        Level::Outside => {
            values.marks.add(Marks::CRITICALITY_OUTSIDE);
            Severity::Low
        }
    })
}

/// What a whole number means as a criticality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Known(Severity),
    Outside,
}

impl Level {
    fn of(number: i64) -> Self {
        match number {
            1 => Self::Known(Severity::Low),
            2 => Self::Known(Severity::Medium),
            3 => Self::Known(Severity::High),
            4 => Self::Known(Severity::Critical),
            _ => Self::Outside,
        }
    }
}

/// The level of a decimal number, if it is whole.
fn whole_number(text: &str) -> Option<Level> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // One that does not even fit 64 bits lies outside too.
        return Some(text.parse().map_or(Level::Outside, Level::of));
    }
    let in_decimal =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    if !digits.starts_with(|letter: char| letter.is_ascii_digit()) || !text.bytes().all(in_decimal)
    {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    if !value.is_finite() || value.fract() != 0.0 {
        return None;
    }
    let level = (1..=4_i32).find(|level| (f64::from(*level) - value).abs() < f64::EPSILON);
    Some(level.map_or(Level::Outside, |level| Level::of(i64::from(level))))
}
