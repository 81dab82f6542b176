//! The latest runs of a source, one tick each.

use maud::{Markup, html};

use crate::ui::components::Tone;

/// A run.
pub(crate) struct Tick {
    /// How it went.
    pub(crate) tone: Tone,
    /// When, how, and with what outcome.
    pub(crate) title: String,
}

/// Draws the runs from the oldest to the newest; places that are not filled yet stay pale.
pub(crate) fn ticks(runs: &[Tick], places: usize) -> Markup {
    let blank = places.saturating_sub(runs.len());
    html! {
        svg.ticks viewBox={ "0 0 " (places) " 1" } preserveAspectRatio="none" role="img"
            aria-label={ "The latest " (runs.len()) " runs" } {
            @for place in 0..blank { rect.n x={ (place) ".12" } width=".72" height="1" {} }
            @for (index, run) in runs.iter().enumerate() {
                rect class=(run.tone.class()) x={ (blank + index) ".12" } width=".72" height="1" {
                    title { (run.title) }
                }
            }
        }
    }
}
