//! The record as received beside what it became, one line for each key, the mapped ones marked.

use cresset_model::alert::{AlertDetail, AlertRow};
use cresset_model::{Timestamp, ip};
use maud::{Markup, html};

use super::why::mapped;
use crate::ui::components::{Member, json, members};
use crate::ui::text::visible;
use crate::ui::words;

/// The block.
pub(super) fn record(detail: &AlertDetail) -> Markup {
    let fields = mapped(detail).unwrap_or_default();
    html! {
        section.blk id="alert-record" {
            h3 {
                "Raw and normalized"
                span.muted.right { (words::count(detail.raw.len() as u64)) " bytes" }
            }
            @match members(&detail.raw) {
                Some(members) => (side_by_side(detail, &members, fields)),
                None => (json(&detail.raw)),
            }
            @if let Some(enriched) = &detail.enriched {
                details.more {
                    summary { "The record with its additions, as it went on" }
                    (json(enriched))
                }
            }
        }
    }
}

fn side_by_side(detail: &AlertDetail, members: &[Member], fields: &[(String, String)]) -> Markup {
    let row = &detail.row;
    // A field whose key the record does not have was made of something else, such as the time of receipt.
    let has = |key: &String| members.iter().any(|member| member.key == *key);
    let rest = NORMALIZED.into_iter().filter(|field| {
        let key = fields.iter().find(|(known, _)| known == field);
        !key.is_some_and(|(_, key)| has(key))
    });
    html! {
        div.pairs role="table" aria-label="Raw and normalized" {
            div.pair.hd role="row" {
                span role="columnheader" { "raw · " (visible(&detail.context.adapter)) }
                span role="columnheader" { "normalized" }
            }
            @for member in members {
                @let field = fields.iter().find(|(_, key)| *key == member.key).map(|(field, _)| field.as_str());
                div.pair.hl[field.is_some()].turned[field.is_some_and(|field| is_turned(row, field, member))] role="row" {
                    pre role="cell" { span.jk { (visible(&member.key)) } ": " (member.value) }
                    pre role="cell" {
                        @if let Some(field) = field {
                            span.jk { (field) } ": " span.js { (visible(&value(row, field))) }
                        }
                    }
                }
            }
            @for field in rest {
                @let text = value(row, field);
                @if !text.is_empty() {
                    div.pair role="row" {
                        pre role="cell" {}
                        pre role="cell" { span.jk { (field) } ": " span.js { (visible(&text)) } }
                    }
                }
            }
        }
    }
}

/// Whether the value, and not only its name, became another one.
fn is_turned(row: &AlertRow, field: &str, member: &Member) -> bool {
    let received = member.text.trim_matches('"');
    match field {
        "created_at" => Timestamp::parse(received) != Some(row.created_at),
        _ => received != value(row, field),
    }
}

/// The fields that an adapter fills.
const NORMALIZED: [&str; 7] = [
    "id",
    "source",
    "severity",
    "description",
    "src_ip",
    "dst_ip",
    "created_at",
];

fn value(row: &AlertRow, field: &str) -> String {
    match field {
        "id" => row.upstream_id.clone(),
        "source" => row.source.clone(),
        "severity" => row.severity.to_string(),
        "description" => row.description.clone(),
        "src_ip" => ip::to_string(row.src_ip),
        "dst_ip" => row.dst_ip.map(ip::to_string).unwrap_or_default(),
        "created_at" => row.created_at.to_z(),
        _ => String::new(),
    }
}
