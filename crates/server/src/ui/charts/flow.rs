//! The stages that an event goes through, with their rates.

use maud::{Markup, html};

/// A stage.
pub(crate) struct Stage {
    /// What happens there.
    pub(crate) name: &'static str,
    /// Its rate, as text.
    pub(crate) rate: String,
    /// What else is to be said.
    pub(crate) note: String,
    /// How full its queue is, in hundredths; `None` where it has none.
    pub(crate) fill: Option<u64>,
    /// Whether it needs attention.
    pub(crate) slow: bool,
}

/// Draws the stages from left to right.
pub(crate) fn flow(stages: &[Stage]) -> Markup {
    html! {
        ol.flow {
            @for stage in stages {
                li.slow[stage.slow] {
                    small { (stage.name) }
                    b.num { (stage.rate) }
                    small { (stage.note) }
                    @if let Some(fill) = stage.fill {
                        svg.q role="img" aria-label={ "queue " (fill) " % full" } {
                            rect.w[stage.slow] width={ (fill.min(100)) "%" } height="100%" rx="2" {}
                        }
                    }
                }
            }
        }
    }
}
