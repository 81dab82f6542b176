//! A field with its values and how often each occurs; every value is a link that takes it in or out.

use maud::{Markup, html};

use super::bars::share;
use crate::ui::icon::{Icon, icon_tiny};
use crate::ui::words;

/// A field.
pub(crate) struct Facet {
    /// Its heading.
    pub(crate) title: &'static str,
    /// Its values, in the order in which they are shown.
    pub(crate) values: Vec<FacetValue>,
    /// How many more there are.
    pub(crate) more: u64,
}

/// A value of a field.
pub(crate) struct FacetValue {
    /// How it looks.
    pub(crate) label: Markup,
    /// How often it occurs, with every other filter applied.
    pub(crate) count: u64,
    /// Whether it is chosen.
    pub(crate) chosen: bool,
    /// Whether it is excluded.
    pub(crate) excluded: bool,
    /// Takes it in, or out where it is chosen.
    pub(crate) toggle: String,
    /// Chooses it alone.
    pub(crate) only: String,
    /// Excludes it.
    pub(crate) exclude: String,
}

/// The facet.
pub(crate) fn facet(facet: &Facet) -> Markup {
    let most = facet
        .values
        .iter()
        .map(|value| value.count)
        .max()
        .unwrap_or(0);
    html! {
        section {
            h2 { (icon_tiny(Icon::ChevronDown)) (facet.title) }
            ul { @for value in &facet.values { (line(value, most)) } }
            @if facet.more > 0 { p.more { (words::count(facet.more)) " more" } }
        }
    }
}

fn line(value: &FacetValue, most: u64) -> Markup {
    html! {
        li.out[value.excluded] {
            svg.fill aria-hidden="true" { rect width={ (share(value.count, most)) "%" } height="100%" rx="4" {} }
            a.pick href=(value.toggle) data-exclude=(value.exclude) aria-current=[value.chosen.then_some("true")]
                hx-get=(value.toggle) hx-target="#main" hx-swap="outerMorph" hx-push-url="true" {
                span.cb.on[value.chosen] {
                    @if value.chosen { (icon_tiny(Icon::Check)) } @else if value.excluded { (icon_tiny(Icon::X)) }
                }
                @if value.excluded { span.sr { "not " } }
                span.clip { (value.label) }
                span.n { (words::count(value.count)) }
            }
            a.only href=(value.exclude) hx-get=(value.exclude) hx-target="#main" hx-swap="outerMorph"
                hx-push-url="true" { @if value.excluded { "allow" } @else { "not" } }
            a.only href=(value.only) hx-get=(value.only) hx-target="#main" hx-swap="outerMorph"
                hx-push-url="true" { "only" }
        }
    }
}
