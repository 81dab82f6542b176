//! One source: its state, its latest runs, and its buttons.

use cresset_model::Timestamp;
use cresset_model::source::{Attempt, SourceState, SweepState};
use maud::{Markup, html};

use super::log::{tick, tone_word};
use crate::ui::charts::{Tick, ticks};
use crate::ui::components::{Tone, ago, clock, pill, post_button, until};
use crate::ui::frame::{Frame, is_polled};
use crate::ui::icon::{Icon, icon, icon_small, icon_tiny};
use crate::ui::text::{plain, visible};
use crate::ui::words;

/// Runs shown as ticks.
const RUNS: usize = 60;

/// The card.
pub(super) fn card(frame: &Frame, source: &SourceState, attempts: &[Attempt]) -> Markup {
    let runs: Vec<Tick> = attempts.iter().take(RUNS).rev().map(tick).collect();
    html! {
        article.src id={ "source-" (source.id) } {
            div.nm {
                span { (icon(kind_icon(source.kind))) }
                div.clip {
                    h3.clip { (visible(source.id.as_str())) }
                    p.muted.clip title=(plain(&source.address)) { (kind_word(source.kind)) " · " (visible(&source.address)) }
                }
            }
            div { (state(source, frame.now)) }
            div {
                @if is_polled(source) { (ticks(&runs, RUNS)) }
                p.muted.ends {
                    span title="records within the last minute" { (words::count(source.minute.read)) "/min" }
                    span { (schedule(source, frame.now)) }
                }
                @if let Some(sweep) = &source.sweep { (swept(source, sweep, frame.now)) }
                @for warning in &source.warnings {
                    p.muted title=(plain(&warning.detail)) { (warning.kind.as_str()) }
                }
            }
            div.row { (buttons(source)) }
        }
    }
}

fn state(source: &SourceState, now: Timestamp) -> Markup {
    let (tone, word) = if source.paused {
        (Tone::Idle, "Paused")
    } else {
        tone_word(source)
    };
    html! {
        (pill(tone, word))
        p.muted {
            @match source.last_sync {
                Some(at) => (ago(at, now)),
                None => "no sync yet",
            }
            @if let Some(bookmark) = source.bookmark { " · bookmark " (clock(bookmark)) }
        }
    }
}

fn schedule(source: &SourceState, now: Timestamp) -> Markup {
    html! {
        @if source.paused { "paused" }
        @else if let Some(retry) = source.retry {
            "attempt " (retry.attempt + 1) " of " (retry.attempts_max) " in " (until(retry.next_at, now))
        }
        @else if let Some(at) = source.not_before.filter(|at| *at > now) { "asked to wait " (until(at, now)) }
        @else if let Some(next) = source.next_sync { "next run in " (until(next, now)) }
        @else if is_polled(source) { "running" }
        @else { "fed by others" }
    }
}

/// What the sweeps found: they prove or disprove the overlap.
fn swept(source: &SourceState, sweep: &SweepState, now: Timestamp) -> Markup {
    html! {
        p.muted title="A sweep reads the far past again, for alerts that became visible too late for the polls" {
            @if sweep.running { "sweep under way" }
            @else if let Some(last) = sweep.last { "swept " (ago(last, now)) }
            @else { "no sweep yet" }
            " · " (words::count(sweep.late)) " late, " (words::count(source.counters.late)) " in all"
        }
    }
}

fn kind_icon(kind: &str) -> Icon {
    match kind {
        "http_poll" => Icon::CloudDownload,
        "push" => Icon::ArrowDownToLine,
        "stdin" => Icon::Terminal,
        "file" | "files" => Icon::FileText,
        _ => Icon::Server,
    }
}

fn kind_word(kind: &str) -> &str {
    match kind {
        "http_poll" => "HTTP poll",
        "push" => "HTTP push",
        "stdin" => "standard input",
        other => other,
    }
}

fn buttons(source: &SourceState) -> Markup {
    let path = |verb: &str| format!("/ui/sources/{}/{verb}", source.id);
    html! {
        @if !is_polled(source) {
            @if source.kind == "push" { (copy_push(source)) }
        } @else if source.paused {
            (post_button(&path("resume"), "sm", &html! { (icon_tiny(Icon::Play)) "Resume" }))
        } @else {
            (post_button(&path("sync"), "sm", &html! { (icon_tiny(Icon::Play)) "Sync" }))
        }
        @if is_polled(source) {
            details.acts data-details {
                summary class="btn ghost sm icon" aria-label={ "More actions on " (source.id) } {
                    (icon_small(Icon::Ellipsis))
                }
                div.pop {
                    @if !source.paused { (pause(&path("pause"))) }
                    (rewind(source, &path("rewind")))
                }
            }
        }
    }
}

fn pause(path: &str) -> Markup {
    html! {
        form action=(path) method="post" hx-post=(path) hx-target="#main" hx-swap="outerMorph" {
            p.hint-text { "No more polls until you resume it. A run under way comes to its end first." }
            button class="btn sm" type="submit" { (icon_tiny(Icon::Pause)) "Pause" }
        }
    }
}

/// Reading again is harmless, as identities are kept, but it is work: so the name must be typed.
fn rewind(source: &SourceState, path: &str) -> Markup {
    let stands = source.bookmark.map(Timestamp::to_z).unwrap_or_default();
    html! {
        form action=(path) method="post" hx-post=(path) hx-target="#main" hx-swap="outerMorph" {
            p.hint-text { "Read again from an earlier time. Alerts that are known are not stored twice." }
            label.field {
                span { "Rewind to, UTC" }
                input.input type="datetime-local" name="to" required step="1" value=(stands.get(..19).unwrap_or_default());
            }
            label.field {
                span { span { "Type " span.mono { (source.id) } " to confirm" } }
                input.input name="confirm" required autocomplete="off" spellcheck="false";
            }
            button class="btn sm" type="submit" { (icon_tiny(Icon::RotateCcw)) "Rewind" }
        }
    }
}

/// Copies a command that pushes to it; the script knows under which address the service was reached.
fn copy_push(source: &SourceState) -> Markup {
    html! {
        button class="btn sm" type="button" data-copy-push={ "/api/v1/events/" (source.id) } hidden {
            (icon_tiny(Icon::Copy)) "Copy curl"
        }
    }
}
