//! The dials of a mock: the original dashboard's failure probability, and two more.

use cresset_model::ports::{CHAOS_DELAY_MAX, CHAOS_SHARE_STEP, ChaosState};
use cresset_model::{SourceId, Timestamp};
use maud::{Markup, html};

use crate::ui::components::{Tone, pill, until};
use crate::ui::icon::{Icon, icon};
use crate::ui::text::visible;

/// The card; without a state the mock does not answer.
pub(super) fn card(source: &SourceId, state: Option<&ChaosState>, now: Timestamp) -> Markup {
    html! {
        section.card.chaos id="chaos" {
            header {
                (icon(Icon::FlaskConical))
                h2 { "Chaos" }
                span.muted { "mock of " (visible(source.as_str())) }
                span.right {
                    @match state.and_then(|state| state.until) {
                        Some(_) => (pill(Tone::Warn, "on")),
                        None => (pill(Tone::Idle, "off")),
                    }
                }
            }
            div.body.stack {
                @match state {
                    Some(state) => (dials(source, state, now)),
                    None => p.hint-text { "The mock does not answer. The page asks it again by itself." },
                }
            }
        }
    }
}

fn dials(source: &SourceId, state: &ChaosState, now: Timestamp) -> Markup {
    let path = format!("/ui/sources/{source}/chaos");
    let percent = |share: f64| format!("{:.0}", share * 100.0);
    html! {
        form.stack action=(path) method="post" hx-post=(path) hx-target="#main" hx-swap="outerMorph" {
            @if let Some(rate) = state.dials.failure_rate {
                label.field {
                    span { "Failure Probability" output data-output { (format!("{rate:.2}")) } }
                    input type="range" name="failure_rate" min="0" max="1" step=(CHAOS_SHARE_STEP)
                        value=(format!("{rate:.2}")) data-range data-digits="2";
                }
            }
            @if let Some(delay) = state.dials.delay {
                @let seconds = format!("{:.1}", delay.as_secs_f64());
                label.field {
                    span { "Added delay" output data-output { (seconds) " s" } }
                    input type="range" name="delay" min="0" max=(CHAOS_DELAY_MAX.as_secs()) step="0.1"
                        value=(seconds) data-range data-digits="1" data-unit=" s";
                }
            }
            @if let Some(malformed) = state.dials.malformed {
                label.field {
                    span { "Malformed records" output data-output { (percent(malformed)) " %" } }
                    input type="range" name="malformed" min="0" max="100" step="5" value=(percent(malformed))
                        data-range data-unit=" %";
                }
            }
            div.row {
                button class="btn" type="submit" name="reset" value="1" { "Reset" }
                button class="btn grow" type="submit" { "Apply to mock" }
            }
        }
        p.hint-text {
            @match state.until {
                Some(at) => { "The mock goes back to what it was in " (until(at, now)) "." }
                None => "Turned dials go back by themselves after 15 minutes.",
            }
        }
    }
}
