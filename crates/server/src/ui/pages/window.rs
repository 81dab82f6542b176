//! The choice of the window: one click for the usual ones, a slider and two instants for others.

use maud::{Markup, html};

use crate::ui::icon::{Icon, icon_small};
use crate::ui::selection::{HOURS_MAX, Selection};

/// Hours that are one click away.
const HOURS: [u64; 4] = [1, 6, 12, 24];

/// The control, for the top bar of a page with this path.
pub(crate) fn window_choice(path: &str, selection: &Selection) -> Markup {
    let current = selection.hours();
    let usual = current.is_some_and(|hours| HOURS.contains(&hours));
    html! {
        div.seg role="group" aria-label="Time window" {
            @for hours in HOURS {
                (choice(path, selection, hours, current == Some(hours)))
            }
            details.custom data-details {
                summary aria-current=[(!usual).then_some("true")] {
                    (icon_small(Icon::Calendar)) (custom_word(selection, usual))
                }
                (custom(path, selection))
            }
        }
    }
}

fn choice(path: &str, selection: &Selection, hours: u64, chosen: bool) -> Markup {
    let wider = selection.with("from", &format!("-{hours}h")).with("to", "");
    let href = format!("{path}?{}", wider.query());
    html! {
        a href=(href) aria-current=[chosen.then_some("true")] hx-get=(href) hx-target="#main"
            hx-swap="outerMorph" hx-push-url="true" { (hours) "h" }
    }
}

fn custom_word(selection: &Selection, usual: bool) -> String {
    match selection.hours() {
        Some(hours) if !usual => format!("{hours}h"),
        _ => "Custom".to_owned(),
    }
}

fn custom(path: &str, selection: &Selection) -> Markup {
    let hours = selection.hours().unwrap_or(HOURS_MAX).clamp(1, HOURS_MAX);
    let absolute = |text: &str| {
        let text = text.trim_end_matches('Z');
        text.get(..16)
            .filter(|_| text.contains('T'))
            .unwrap_or_default()
            .to_owned()
    };
    html! {
        div.pop {
            form action=(path) method="get" hx-get=(path) hx-target="#main" hx-swap="outerMorph" hx-push-url="true" {
                (kept(selection))
                label.field {
                    span { "Hours" output data-output { (hours) } }
                    input type="range" name="hours" min="1" max=(HOURS_MAX) step="1" value=(hours) data-range;
                }
                button class="btn sm" type="submit" { "Show" }
            }
            form action=(path) method="get" hx-get=(path) hx-target="#main" hx-swap="outerMorph" hx-push-url="true" {
                (kept(selection))
                label.field {
                    span { "From, UTC" }
                    input.input type="datetime-local" name="from" value=(absolute(&selection.from)) required;
                }
                label.field {
                    span { "To, UTC" }
                    input.input type="datetime-local" name="to" value=(absolute(&selection.to));
                }
                button class="btn sm" type="submit" { "Show" }
            }
        }
    }
}

/// The other parameters, so that a form keeps them.
pub(crate) fn kept(selection: &Selection) -> Markup {
    html! {
        @for (name, value) in selection.pairs() { input type="hidden" name=(name) value=(value); }
    }
}
