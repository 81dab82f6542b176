//! How the page of sources looks.

use cresset_model::source::{Attempt, Counters};
use maud::{Markup, html};

use super::{card, chaos, log};
use crate::ui::components::Tone;
use crate::ui::components::{Bar, Empty, bars, empty, post_button};
use crate::ui::frame::Frame;
use crate::ui::icon::{Icon, icon_small};
use crate::ui::words;

/// What the page shows besides the frame.
pub(super) struct Model {
    /// Minutes between syncs.
    pub(super) interval_minutes: u32,
    /// The turns of each source, the newest first, in the order of the frame's sources.
    pub(super) attempts: Vec<Vec<Attempt>>,
}

/// The page.
pub(super) fn sources(frame: &Frame, model: &Model) -> Markup {
    let pairs = || frame.sources.iter().zip(&model.attempts);
    html! {
        main.page id="page" data-live {
            div class="c8 stack" {
                section.card {
                    header {
                        h2 { "Sources" }
                        span.muted { (frame.sources.len()) " configured" }
                    }
                    @if frame.sources.is_empty() { (none()) }
                    @for (source, attempts) in pairs() { (card::card(frame, source, attempts)) }
                }
                @for (source, attempts) in pairs().filter(|(_, attempts)| !attempts.is_empty()) {
                    (log::log(source, attempts))
                }
            }
            div class="c4 stack" {
                @if frame.polls() { (schedule(frame, model)) }
                @for (source, state) in &frame.chaos { (chaos::card(source, state.as_ref(), frame.now)) }
                (books(frame))
            }
        }
    }
}

fn none() -> Markup {
    empty(&Empty {
        icon: Icon::Plug,
        title: "No source is configured",
        text: html! {
            "Name one under " code { "pipelines" } " in the configuration, check it with "
            code { "cresset validate" } ", and start again."
        },
        actions: html! {},
    })
}

fn schedule(frame: &Frame, model: &Model) -> Markup {
    let (tone, _) = frame.status();
    let busy = matches!(tone, Tone::Run | Tone::Warn);
    html! {
        section.card {
            header { h2 { "Sync schedule" } }
            div.body.stack {
                form.stack action="/ui/interval" method="post" hx-post="/ui/interval" hx-target="#main"
                    hx-swap="outerMorph" {
                    label.field {
                        span { "Sync interval (minutes)" }
                        span.input {
                            input name="minutes" type="number" min="1" max="10080" required
                                value=(model.interval_minutes);
                            span { "1 – 10,080" }
                        }
                    }
                    button class="btn" type="submit" { "Apply Configuration" }
                }
                (post_button("/ui/sync", "primary wide", &html! {
                    (icon_small(Icon::RefreshCw))
                    @if busy { "Syncing…" } @else { "Trigger sync now" }
                }))
                p.hint-text { "Effective at once and kept over a restart." }
            }
        }
    }
}

/// What became of every record since the store was made.
fn books(frame: &Frame) -> Markup {
    let mut sum = Counters::default();
    for source in &frame.sources {
        sum.add(&source.counters);
    }
    let (came, became) = sum.sides();
    let bar = |name: &'static str, color, count, href: &str, title: &str| Bar {
        label: html! { (name) },
        parts: vec![(color, count)],
        href: href.to_owned(),
        title: title.to_owned(),
    };
    let rows = [
        bar(
            "new alerts",
            "f-low",
            sum.new,
            "/ui/alerts",
            "Alerts that were not there before",
        ),
        bar(
            "changed",
            "f-medium",
            sum.changed,
            "/ui/alerts",
            "Alerts whose content changed",
        ),
        bar(
            "known already",
            "f-info",
            sum.same,
            "/ui/alerts",
            "Alerts that were known with the same content",
        ),
        bar(
            "no alerts",
            "f-info",
            sum.passed + sum.filtered,
            "/ui/sources",
            "Events that claim nothing, or that a filter dropped",
        ),
        bar(
            "rejected",
            "f-high",
            sum.dead,
            "/ui/dead-letters",
            "Records that could not be used",
        ),
    ];
    html! {
        section.card {
            header {
                h2 { "Books" }
                span.muted { (words::count(came)) " records read" }
            }
            div.body {
                (bars("books", &rows))
                p.hint-text {
                    @if came == became { "Every record is accounted for." }
                    @else { (words::counted(came.abs_diff(became), "record")) " under way." }
                    @if sum.dead > 0 { " " a.link href="/ui/dead-letters" { "Open dead letters" } }
                }
            }
        }
    }
}
