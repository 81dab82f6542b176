//! A number with its change and its course.

use maud::{Markup, html};

use crate::ui::charts::spark;

/// A tile.
pub(crate) struct Kpi {
    /// What is counted.
    pub(crate) label: Markup,
    /// How many, as text; a dash when it is not known.
    pub(crate) value: String,
    /// The change against the stretch before, and its class: `up` is bad, `down` is good.
    pub(crate) change: Option<(&'static str, String)>,
    /// What else is to be said.
    pub(crate) note: String,
    /// The course over the window.
    pub(crate) course: Vec<u64>,
    /// The class of the course's color.
    pub(crate) color: &'static str,
    /// Where a click leads.
    pub(crate) href: Option<String>,
}

/// The tile.
pub(crate) fn kpi(tile: &Kpi) -> Markup {
    let inner = html! {
        div.lbl { (tile.label) }
        div.row {
            b.num { (tile.value) }
            @if let Some((class, change)) = &tile.change { em class=(class) { (change) } }
            @if !tile.note.is_empty() { em { (tile.note) } }
        }
        (spark(&tile.course, tile.color))
    };
    html! {
        @if let Some(href) = &tile.href { a class="card kpi" href=(href) { (inner) } }
        @else { div class="card kpi" { (inner) } }
    }
}
