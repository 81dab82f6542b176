//! Who and where: the values of an alert, where they come from, and what else has them.

use cresset_model::alert::AlertDetail;
use cresset_model::country::english_name;
use cresset_model::ip;
use cresset_model::ports::Related;
use cresset_model::provenance::TableInfo;
use cresset_model::query::FacetField;
use maud::{Markup, html};

use super::Facts;
use super::head::Form;
use crate::ui::components::{brief, country, mono, severity_mark, tag};
use crate::ui::icon::{Icon, icon_small};
use crate::ui::pages::alerts::Place;
use crate::ui::text::{plain, visible};
use crate::ui::words;

/// The values, each a filter.
pub(super) fn context(place: &Place, facts: &Facts) -> Markup {
    let row = &facts.detail.row;
    let src = ip::to_string(row.src_ip);
    let dst = row.dst_ip.map(ip::to_string);
    // The country is that of the address that was looked up.
    let looked_up = facts
        .detail
        .context
        .geo
        .as_ref()
        .map_or("dst_ip", |table| &table.of);
    let place_of = |field: &str| {
        html! {
            @if let Some(code) = row.country.as_deref().filter(|_| looked_up == field) { (country_link(place, code)) }
        }
    };
    let line = |name: &str, field, value: &str, more: Markup| {
        html! {
            dt { (name) }
            dd { (filter_link(place, field, value)) (more) }
        }
    };
    html! {
        section.blk id="alert-context" {
            h3 { "Context" span.muted.right { "a click filters, Alt and a click excludes" } }
            dl.kv {
                (line("Source host", FacetField::SrcIp, &src, html! { (private(row.src_ip)) (place_of("src_ip")) }))
                @if let Some(user) = row.user.as_deref() { (line("User", FacetField::User, user, html! {})) }
                @if let Some(dst) = &dst {
                    (line("Destination", FacetField::DstIp, dst, place_of("dst_ip")))
                }
                (line("Source", FacetField::Source, &row.source, html! {}))
                (line("Pipeline", FacetField::Pipeline, row.source_id.as_str(), html! {}))
                dt { "Happened" } dd { span.mono { (words::exact_instant(row.created_at)) } }
                @if !row.upstream_id.is_empty() { dt { "Vendor's id" } dd { (mono(&row.upstream_id)) } }
            }
        }
    }
}

fn private(address: std::net::IpAddr) -> Markup {
    html! { @if !ip::is_public(address) { (tag("not public")) } }
}

fn country_link(place: &Place, code: &str) -> Markup {
    let name = <[u8; 2]>::try_from(code.as_bytes())
        .ok()
        .and_then(english_name);
    let label = html! { (country(code)) @if let Some(name) = name { " " (name) } };
    filter_link_of(place, FacetField::Country, code, &label)
}

fn filter_link(place: &Place, field: FacetField, value: &str) -> Markup {
    filter_link_of(place, field, value, &mono(value))
}

fn filter_link_of(place: &Place, field: FacetField, value: &str, label: &Markup) -> Markup {
    let selection = &place.selection;
    let only = place.choosing(selection.adding(field, Some(value), place.now));
    let out = place.choosing(selection.excluding(field, Some(value), place.now));
    html! {
        a.val href=(only.href()) data-exclude=(out.href())
            title={ "Show alerts with " (field.as_str()) " " (plain(value)) } { (label) }
    }
}

/// Where country and user come from.
pub(super) fn enrichment(detail: &AlertDetail) -> Markup {
    let row = &detail.row;
    html! {
        section.blk id="alert-enrichment" {
            h3 { "Enrichment" }
            @if detail.context.geo.is_none() && detail.context.user.is_none() {
                p.muted { "This pipeline adds nothing." }
            }
            dl.kv {
                @if let Some(table) = &detail.context.geo {
                    (source_of("Country", row.country.as_deref(), table, explanation(detail, "geo_")))
                }
                @if let Some(table) = &detail.context.user {
                    (source_of("User", row.user.as_deref(), table, explanation(detail, "user_")))
                }
            }
        }
    }
}

fn explanation(detail: &AlertDetail, prefix: &str) -> Option<&'static str> {
    let mut said = detail.row.marks.described();
    said.find(|(code, _)| code.starts_with(prefix))
        .map(|(_, text)| text)
}

fn source_of(name: &str, answer: Option<&str>, table: &TableInfo, said: Option<&str>) -> Markup {
    html! {
        dt { (name) }
        dd.prov {
            div {
                @match answer { Some(answer) => b { (mono(answer)) }, None => span.muted { "none" } }
                span.muted { " of " span.mono { (visible(&table.of)) } }
                @if let Some(said) = said { ": " (said) }
            }
            div.muted {
                span.mono { (visible(&table.name)) } ", " (visible(&table.description))
                @if !table.built.is_empty() { " · built " (visible(&table.built)) }
            }
        }
    }
}

/// Others that share a value.
pub(super) fn related(place: &Place, facts: &Facts, form: Form) -> Markup {
    html! {
        section.blk id="alert-related" {
            h3 { "Related" }
            @if facts.related.iter().all(|related| related.total.value == 0) {
                p.muted { "No other stored alert shares its destination, its source address or its user." }
            }
            @for related in facts.related.iter().filter(|related| related.total.value > 0) {
                (shared(place, related, form))
            }
        }
    }
}

fn shared(place: &Place, related: &Related, form: Form) -> Markup {
    let name = match related.field {
        FacetField::DstIp => "Same destination",
        FacetField::SrcIp => "Same source address",
        _ => "Same user",
    };
    // Of all times, as the count is.
    let all = place
        .selection
        .cleared()
        .with("from", "-30d")
        .with("to", "")
        .choosing(related.field, Some(&related.value));
    let all = place.opening(None).choosing(all);
    html! {
        div.rel {
            h4 {
                a.val href=(all.href()) { (name) " " (mono(&related.value)) }
                span.n {
                    (words::count(related.total.value)) @if !related.total.exact { "+" }
                }
            }
            ul {
                @for row in &related.newest {
                    @let href = match form {
                        Form::Panel => place.opening(Some(row.id)).href(),
                        Form::Page => format!("/ui/alerts/{}", row.id),
                    };
                    li {
                        (severity_mark(row.severity))
                        a.clip href=(href) data-open=[(form == Form::Panel).then_some(row.id)] {
                            (visible(row.title.as_deref().unwrap_or(&row.description)))
                        }
                        (brief(row.ingested_at, place.now))
                    }
                }
            }
            @if related.total.value > related.newest.len() as u64 {
                a class="link more" href=(all.href()) { "All " (words::count(related.total.value)) (icon_small(Icon::ArrowRight)) }
            }
        }
    }
}
