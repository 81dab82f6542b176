//! How bad: bars that count up and a word, so that the color says nothing alone.

use cresset_model::Severity;
use maud::{Markup, html};

/// The mark with its word.
pub(crate) fn severity(severity: Severity) -> Markup {
    html! { span class={ "sev " (class(severity)) } { (mark(severity)) (word(severity)) } }
}

/// The mark alone, its word for screen readers and on hover.
pub(crate) fn severity_mark(severity: Severity) -> Markup {
    html! {
        span class={ "sev " (class(severity)) } title=(word(severity)) {
            (mark(severity)) span.sr { (word(severity)) }
        }
    }
}

/// The solid form, for the head of one alert.
pub(crate) fn severity_solid(severity: Severity) -> Markup {
    html! { span class={ "sev solid " (class(severity)) } { (mark(severity)) (word(severity)) } }
}

/// The class that carries the color: what is unknown looks like information.
pub(crate) fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Unknown => "info",
        known => known.as_str(),
    }
}

/// The word with a capital.
pub(crate) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Info => "Info",
        Severity::Unknown => "Unknown",
    }
}

fn mark(severity: Severity) -> Markup {
    let filled = match severity {
        Severity::Critical => {
            return html! {
                svg viewBox="0 0 14 14" aria-hidden="true" {
                    rect.box width="14" height="14" rx="3.5" {}
                    path d="M7 3.2v4.6M7 10.2v.5" {}
                }
            };
        }
        Severity::High => 3,
        Severity::Medium => 2,
        Severity::Low => 1,
        Severity::Info | Severity::Unknown => 0,
    };
    let bars = [
        ("1", "8.5", "4.5"),
        ("5.4", "5.5", "7.5"),
        ("9.8", "2", "11"),
    ];
    html! {
        svg viewBox="0 0 14 14" aria-hidden="true" {
            @for (index, (x, y, height)) in bars.into_iter().enumerate() {
                rect.on[index < filled] x=(x) y=(y) width="3.2" height=(height) rx="1.1" {}
            }
        }
    }
}
