//! The head of an alert: how bad, what, when, and what can be done with it.

use maud::{Markup, html};

use super::Facts;
use crate::ui::components::{Tab, ago, severity_solid, tabs as tab_links, tag};
use crate::ui::icon::{Icon, icon, icon_small};
use crate::ui::pages::alerts::Place;
use crate::ui::text::visible;
use crate::ui::words;

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Beside the list.
    Panel,
    /// Alone.
    Page,
}

/// The head.
pub(super) fn head(place: &Place, facts: &Facts, form: Form) -> Markup {
    let row = &facts.detail.row;
    html! {
        header.hd {
            div.row {
                (severity_solid(row.severity))
                @if row.revision > 1 { (tag(&format!("revision {}", row.revision))) }
                @if row.title.is_some() { span class="tag intel" { (icon_small(Icon::Fingerprint)) "threat" } }
                span.grow {}
                (tools(place, facts, form))
            }
            h2 tabindex="-1" data-focus { (visible(row.title.as_deref().unwrap_or(&row.description))) }
            @if row.title.is_some() { p.soft.said { (visible(&row.description)) } }
            p.muted {
                (ago(row.ingested_at, place.now)) " · " (words::exact_instant(row.ingested_at)) " · "
                span.mono { (row.id) }
            }
        }
    }
}

fn tools(place: &Place, facts: &Facts, form: Form) -> Markup {
    let id = facts.detail.row.id;
    let api = format!("/api/v1/alerts/{id}");
    let alone = format!("/ui/alerts/{id}");
    html! {
        @if form == Form::Panel {
            button class="btn ghost sm icon" type="button" data-step="-1" hidden aria-label="Previous alert" title="Previous alert ([)" { (icon(Icon::ArrowUp)) }
            button class="btn ghost sm icon flip" type="button" data-step="1" hidden aria-label="Next alert" title="Next alert (])" { (icon(Icon::ArrowUp)) }
        }
        button class="btn ghost sm icon" type="button" data-copy-link=(alone) hidden aria-label="Copy link" title="Copy link (Y)" { (icon(Icon::Link)) }
        a class="btn ghost sm icon" href=(api) data-copy-json aria-label="Copy JSON" title="Copy JSON" { (icon(Icon::Braces)) }
        button class="btn ghost sm icon" type="button" data-copy-curl=(api) hidden aria-label="Copy as curl" title="Copy as curl" { (icon(Icon::Terminal)) }
        @match form {
            Form::Panel => {
                a class="btn ghost sm icon" href={ (alone) "?" (place.selection.query()) } aria-label="Open as a page" title="Open as a page" { (icon(Icon::Expand)) }
                (close(place))
            }
            Form::Page => {
                a class="btn sm" href=(place.opening(Some(id)).href()) data-back { "Show in the list" }
            }
        }
    }
}

fn close(place: &Place) -> Markup {
    html! {
        a class="btn ghost sm icon" href=(place.opening(None).href()) data-close aria-label="Close" title="Close (Esc)" { (icon(Icon::X)) }
    }
}

/// The head of a panel without an alert.
pub(super) fn bare(place: &Place) -> Markup {
    html! { header.hd { div.row { span.grow {} (close(place)) } } }
}

/// The parts of the panel.
pub(super) fn tabs(facts: &Facts) -> Markup {
    let tab = |label, count: Option<u64>, href: &str| Tab {
        label,
        count,
        href: href.to_owned(),
        current: false,
    };
    let related = facts
        .related
        .iter()
        .map(|related| related.total.value)
        .sum();
    tab_links(
        "Parts of the alert",
        &[
            tab("Evidence", None, "#alert-why"),
            tab("Raw", None, "#alert-record"),
            tab(
                "Deliveries",
                Some(facts.deliveries.len() as u64),
                "#alert-told",
            ),
            tab("Timeline", None, "#alert-timeline"),
            tab("Related", Some(related), "#alert-related"),
        ],
    )
}
