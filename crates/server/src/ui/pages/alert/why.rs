//! Why it fired, in plain words made of what the engine noted: nothing is guessed.

use cresset_model::alert::{AlertDetail, StoredMatch};
use cresset_model::provenance::FormatInfo;
use maud::{Markup, html};

use crate::ui::components::{members, severity_word};
use crate::ui::icon::{Icon, icon_small};
use crate::ui::text::visible;

/// The block.
pub(super) fn why(detail: &AlertDetail) -> Markup {
    html! {
        section.blk id="alert-why" {
            h3 { "Why this fired" }
            ul.why {
                @for found in &detail.matches {
                    li { (icon_small(Icon::Check)) span { (said(found)) } }
                }
                @if detail.matches.is_empty() {
                    li {
                        (icon_small(Icon::Check))
                        span {
                            (mark("source", &detail.row.source)) " reported it as an alert, and pipeline "
                            b { (visible(detail.row.source_id.as_str())) } " keeps every alert: no detection had to fire."
                        }
                    }
                }
                @if let Some((key, value)) = severity_key(detail) {
                    li {
                        (icon_small(Icon::Check))
                        span {
                            (mark(&key, &value)) " of the record is severity "
                            b { (severity_word(detail.row.severity)) }
                        }
                    }
                }
                @for (code, text) in detail.row.marks.described().filter(|(code, _)| is_own(code)) {
                    li.note { (icon_small(Icon::Info)) span title=(code) { (capital(text)) } }
                }
            }
        }
    }
}

fn said(found: &StoredMatch) -> Markup {
    let what = mark(&found.field, &found.value);
    html! {
        @match (&found.list, &found.entry) {
            (Some(list), entry) => {
                (what) " is in the list " b { (visible(list)) }
                @if let Some(entry) = entry.as_ref().filter(|entry| **entry != found.value) {
                    ", which has " code { (visible(entry)) }
                }
                @if let Some(origin) = &found.origin { span.muted { " · " (visible(origin)) } }
            }
            (None, _) if found.rule == "threat.severity" => {
                (what) " is a threat by itself, says the configuration"
            }
            (None, _) => { (what) " matched" }
        }
        span.muted.rule { " " (visible(&found.rule)) }
    }
}

fn mark(field: &str, value: &str) -> Markup {
    html! { mark { (visible(field)) " " (visible(value)) } }
}

/// What is said of the places and users stands beside them.
fn is_own(code: &str) -> bool {
    !code.starts_with("geo_") && !code.starts_with("user_")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The key and value that the severity was read from.
fn severity_key(detail: &AlertDetail) -> Option<(String, String)> {
    let key = mapped(detail)?
        .iter()
        .find_map(|(field, key)| (field == "severity").then_some(key))?;
    let member = members(&detail.raw)?
        .into_iter()
        .find(|member| member.key == *key)?;
    let value = member.text.trim_matches('"');
    // What says the same in the same words explains nothing.
    let same = key == "severity" && value.eq_ignore_ascii_case(detail.row.severity.as_str());
    (!same).then(|| (key.clone(), value.to_owned()))
}

/// Our fields and the received keys that they were read from.
pub(super) fn mapped(detail: &AlertDetail) -> Option<&[(String, String)]> {
    let is_of = |format: &&FormatInfo| format.sources.contains(&detail.row.source);
    let format = detail.context.formats.iter().find(is_of)?;
    Some(&format.fields)
}
