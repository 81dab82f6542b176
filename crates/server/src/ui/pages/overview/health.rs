//! The strip of health: one cell for each question of the original dashboard.

use cresset_model::Timestamp;
use cresset_model::health::Level;
use cresset_model::source::Trigger;
use maud::{Markup, html};

use crate::seed_a::overall;
use crate::ui::components::{Tone, ago, pill, post_button};
use crate::ui::frame::Frame;
use crate::ui::icon::{Icon, icon_tiny};
use crate::ui::text::visible;
use crate::ui::words;

/// Findings that are shown; the others are counted.
const FINDINGS_SHOWN_MAX: usize = 5;

/// The strip.
pub(super) fn strip(frame: &Frame, interval_minutes: u32, trigger: Option<Trigger>) -> Markup {
    let all = overall(&frame.sources);
    let (tone, word) = frame.status();
    let healthy = frame.sources.len() as u64 - frame.failing();
    let by = trigger.map_or(String::new(), |trigger| format!(" · {}", trigger.as_str()));
    html! {
        dl class="c12 card health" aria-label="Health" {
            div {
                dt { "System status" }
                dd {
                    (pill(tone, word))
                    small { (healthy) " of " (words::counted(frame.sources.len() as u64, "source")) " healthy" }
                }
            }
            div { dt { "Database" } dd { (database(frame)) } }
            div { dt { "Last sync" } dd { (instant(all.last_sync, frame.now, &by)) } }
            div { dt { "Last successful sync" } dd { (instant(all.last_success, frame.now, "")) } }
            div {
                dt { "Event bookmark " (icon_tiny(Icon::Bookmark)) }
                dd {
                    @if frame.polls() { (bookmark(all.bookmark, frame.now)) } @else { (without()) }
                }
            }
            div.act {
                dt { "Sync interval" }
                dd { @if frame.polls() { (controls(interval_minutes, tone)) } @else { (without()) } }
            }
            @if !frame.findings.is_empty() { (found(frame)) }
        }
    }
}

/// What the watchdogs find: what, since when, what to do.
fn found(frame: &Frame) -> Markup {
    let more = frame.findings.len().saturating_sub(FINDINGS_SHOWN_MAX);
    html! {
        div.found {
            dt { "Watchdogs" }
            @for finding in frame.findings.iter().take(FINDINGS_SHOWN_MAX) {
                @let tone = if finding.level == Level::Red { Tone::Err } else { Tone::Warn };
                dd {
                    (pill(tone, finding.level.as_str()))
                    span {
                        b { (visible(&finding.about)) } ": " (visible(&finding.what))
                        @if let Some(since) = finding.since { ", begun " (ago(since, frame.now)) }
                        ". "
                        span.soft { "What to do: " (finding.remedy.replace('`', "")) "." }
                    }
                }
            }
            @if more > 0 { dd { span.muted { (more) " more in " a.link href="/readyz" { "/readyz" } } } }
        }
    }
}

fn database(frame: &Frame) -> Markup {
    match &frame.store {
        Ok(store) => html! {
            (pill(Tone::Ok, "Connected"))
            small.clip title=(store.engine) { (store.engine) }
        },
        Err(cause) => {
            html! { (pill(Tone::Err, "Disconnected")) small.clip title=(cause) { (cause) } }
        }
    }
}

fn instant(at: Option<Timestamp>, now: Timestamp, by: &str) -> Markup {
    let Some(at) = at else {
        return html! { span.muted { "Never" } small { "no sync yet" } };
    };
    html! { (ago(at, now)) small { (words::clock(at)) " UTC" (by) } }
}

fn bookmark(at: Option<Timestamp>, now: Timestamp) -> Markup {
    let Some(at) = at else {
        return html! { span.muted { "Not set yet" } small { "the first sync sets it" } };
    };
    html! {
        time datetime=(at.to_z()) title=(words::exact_instant(at)) { (words::clock(at)) " UTC" }
        small { span data-lag=(at.to_z()) { (words::duration(now.since(at))) } " behind now" }
    }
}

/// What stands where only a source that is polled has something to show.
fn without() -> Markup {
    html! { span.muted { "None" } small { "no source is polled" } }
}

fn controls(interval_minutes: u32, tone: Tone) -> Markup {
    let busy = matches!(tone, Tone::Run | Tone::Warn);
    html! {
        form.inline action="/ui/interval" method="post" hx-post="/ui/interval" hx-target="#main"
            hx-swap="outerMorph" {
            label.input.unit {
                input name="minutes" type="number" min="1" max="10080" required value=(interval_minutes)
                    aria-label="Minutes between syncs";
                span { "min" }
            }
            button class="btn sm" type="submit" { "Apply" }
        }
        (post_button("/ui/sync", "primary sm", &html! {
            (icon_tiny(Icon::RefreshCw))
            @if busy { "Syncing…" } @else { "Trigger sync now" }
        }))
    }
}
