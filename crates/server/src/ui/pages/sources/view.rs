//! How the sources look.

use cresset_model::source::{Attempt, SourceState};
use maud::{Markup, html};

use crate::ui::charts::{Tick, ticks};
use crate::ui::components::{Empty, Tone, ago, clock, dot, empty, pill, post_button, until};
use crate::ui::frame::Frame;
use crate::ui::icon::{Icon, icon, icon_small, icon_tiny};
use crate::ui::text::{visible, visible_lines};
use crate::ui::words;

/// Runs shown as ticks.
const RUNS: usize = 60;
/// Turns listed.
const LISTED: usize = 12;

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
        main.page id="page" {
            div class="c8 stack" {
                section.card {
                    header {
                        h2 { "Sources" }
                        span.muted { (frame.sources.len()) " configured" }
                    }
                    @if frame.sources.is_empty() {
                        (empty(&Empty {
                            icon: Icon::Plug,
                            title: "No source is configured",
                            text: html! { "Name one under " code { "pipelines" } " in the configuration and start again." },
                            actions: html! {},
                        }))
                    }
                    @for (source, attempts) in pairs() { (card(frame, source, attempts)) }
                }
                @for (source, attempts) in pairs().filter(|(_, attempts)| !attempts.is_empty()) {
                    (log(source, attempts))
                }
            }
            div class="c4 stack" { (schedule(frame, model)) }
        }
    }
}

fn card(frame: &Frame, source: &SourceState, attempts: &[Attempt]) -> Markup {
    let (tone, word) = words::status(source.status);
    let runs: Vec<Tick> = attempts.iter().take(RUNS).rev().map(tick).collect();
    let polled = source.kind == "http_poll";
    html! {
        article.src id={ "source-" (source.id) } {
            div.nm {
                span { (icon(kind_icon(source.kind))) }
                div.clip {
                    h3.clip { (visible(source.id.as_str())) }
                    p.muted.clip title=(source.address) { (visible(&source.address)) }
                }
            }
            div {
                (pill(tone, word))
                p.muted {
                    @match source.last_sync {
                        Some(at) => (ago(at, frame.now)),
                        None => "no sync yet",
                    }
                    @if let Some(bookmark) = source.bookmark { " · bookmark " (clock(bookmark)) }
                }
            }
            div {
                (ticks(&runs, RUNS))
                p.muted.ends {
                    span { "60 runs ago" }
                    span {
                        @if let Some(retry) = source.retry { "next try in " (until(retry.next_at, frame.now)) }
                        @else if let Some(next) = source.next_sync { "next in " (until(next, frame.now)) }
                        @else { "now" }
                    }
                }
            }
            div.row {
                @if polled {
                    (post_button(
                        &format!("/ui/sources/{}/sync", source.id), "sm",
                        &html! { (icon_tiny(Icon::Play)) "Sync" },
                    ))
                }
            }
        }
    }
}

fn kind_icon(kind: &str) -> Icon {
    match kind {
        "http_poll" => Icon::CloudDownload,
        "push" => Icon::ArrowDownToLine,
        "stdin" => Icon::Terminal,
        "file" => Icon::FileText,
        _ => Icon::Server,
    }
}

fn tick(attempt: &Attempt) -> Tick {
    let tone = tone(attempt);
    let outcome = attempt.error.as_deref().map_or_else(
        || {
            format!(
                "{}, {} new, {} dead",
                words::counted(attempt.read, "record"),
                attempt.new,
                attempt.dead
            )
        },
        |error| crate::ui::text::plain(error.lines().next().unwrap_or_default()),
    );
    Tick {
        tone,
        title: format!(
            "{} UTC, {}: {outcome}",
            words::clock(attempt.begun),
            attempt.trigger.as_str()
        ),
    }
}

fn tone(attempt: &Attempt) -> Tone {
    match &attempt.error {
        Some(_) => Tone::Err,
        None if attempt.requests > attempt.pages.max(1) => Tone::Warn,
        None => Tone::Ok,
    }
}

fn log(source: &SourceState, attempts: &[Attempt]) -> Markup {
    html! {
        section.card {
            header { h2 { "Runs" } span.mono.muted { (visible(source.id.as_str())) } }
            div.body {
                ol.att {
                    @for attempt in attempts.iter().take(LISTED) {
                        li {
                            (clock(attempt.begun))
                            (dot(tone(attempt), if attempt.error.is_some() { "failed" } else { "fine" }))
                            span.clip {
                                @match &attempt.error {
                                    Some(error) => (visible_lines(error)),
                                    None => {
                                        (words::count(attempt.new)) " new, " (words::count(attempt.changed)) " changed"
                                        @if attempt.dead > 0 { " · " (words::count(attempt.dead)) " rejected" }
                                    }
                                }
                            }
                            span.muted {
                                (words::counted(u64::from(attempt.requests), "request")) " · "
                                (seconds(attempt))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn seconds(attempt: &Attempt) -> String {
    let millis = attempt.ended.since(attempt.begun).as_millis();
    format!("{}.{:02} s", millis / 1_000, millis % 1_000 / 10)
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
                        span { "Sync interval" }
                        span.input {
                            input name="minutes" type="number" min="1" max="10080" required
                                value=(model.interval_minutes);
                            span { "minutes" }
                        }
                    }
                    button class="btn" type="submit" { "Apply" }
                }
                (post_button("/ui/sync", "primary wide", &html! {
                    (icon_small(Icon::RefreshCw))
                    @if busy { "Syncing…" } @else { "Trigger sync now" }
                }))
            }
        }
    }
}
