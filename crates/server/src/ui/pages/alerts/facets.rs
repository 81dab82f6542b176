//! The fields beside the list, each value with what a click brings.

use cresset_model::Severity;
use cresset_model::country::english_name;
use cresset_model::query::{Choice, Facet, FacetField, FacetValue};
use maud::{Markup, html};

use super::place::Place;
use crate::ui::components::{self, country, mono, severity};
use crate::ui::text::visible;

/// All of them.
pub(super) fn facets(place: &Place, facets: &[Facet]) -> Markup {
    html! {
        @for facet in facets.iter().filter(|facet| !facet.values.is_empty()) { (one(place, facet)) }
        @if facets.iter().any(|facet| !facet.exact) {
            p.muted { "Counted over the newest alerts only: at least so many." }
        }
    }
}

fn one(place: &Place, facet: &Facet) -> Markup {
    let is_shown = |value: &&FacetValue| {
        let rare = facet.field == FacetField::Severity && value.value.as_deref() == Some("unknown");
        value.count > 0
            || value.choice != Choice::Open
            || (facet.field == FacetField::Severity && !rare)
    };
    let shown: Vec<_> = facet.values.iter().filter(is_shown).collect();
    let more = match facet.field {
        FacetField::Severity => 0,
        _ => facet.distinct.saturating_sub(shown.len() as u64),
    };
    // That no alert has a value is no choice.
    let nothing = |value: &&FacetValue| value.value.is_none() && value.choice == Choice::Open;
    if shown.iter().all(nothing) {
        return html! {};
    }
    components::facet(&components::Facet {
        title: title(facet.field),
        values: shown
            .into_iter()
            .map(|found| value(place, facet.field, found))
            .collect(),
        more,
    })
}

fn value(place: &Place, field: FacetField, found: &FacetValue) -> components::FacetValue {
    let selection = &place.selection;
    let text = found.value.as_deref();
    let href = |selection| place.choosing(selection).href();
    components::FacetValue {
        label: label(field, text),
        count: found.count,
        chosen: found.choice == Choice::Included,
        excluded: found.choice == Choice::Excluded,
        toggle: href(selection.toggling(field, text, place.now)),
        only: href(selection.choosing(field, text)),
        exclude: href(selection.excluding(field, text, place.now)),
    }
}

fn title(field: FacetField) -> &'static str {
    match field {
        FacetField::Severity => "Severity",
        FacetField::Source => "Source",
        FacetField::Country => "Country",
        FacetField::User => "User",
        FacetField::Threat => "Threat",
        FacetField::Pipeline => "Pipeline",
        FacetField::SrcIp => "Source IP",
        FacetField::DstIp => "Destination",
    }
}

fn label(field: FacetField, value: Option<&str>) -> Markup {
    let Some(value) = value else {
        return html! { span.muted { "none" } };
    };
    match field {
        FacetField::Severity => severity(Severity::from_word(value).unwrap_or_default()),
        FacetField::Country => {
            let name = <[u8; 2]>::try_from(value.as_bytes())
                .ok()
                .and_then(english_name);
            html! { (country(value)) " " @if let Some(name) = name { (name) } }
        }
        FacetField::Threat => visible(value),
        _ => mono(value),
    }
}
