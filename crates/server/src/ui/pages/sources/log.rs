//! The runs of a source: as ticks, and one line each.

use cresset_model::source::{Attempt, SourceState};
use maud::{Markup, html};

use crate::ui::charts::Tick;
use crate::ui::components::{Tone, clock, dot};
use crate::ui::text::{plain, visible};
use crate::ui::words;

/// Runs listed.
const LISTED: usize = 12;

/// How a source does: its tone and its word.
pub(super) fn tone_word(source: &SourceState) -> (Tone, &'static str) {
    words::status(source.status)
}

/// A run as a tick.
pub(super) fn tick(attempt: &Attempt) -> Tick {
    let outcome = attempt.error.as_deref().map_or_else(
        || outcome(attempt),
        |error| plain(error.lines().next().unwrap_or_default()),
    );
    Tick {
        tone: tone(attempt),
        title: format!(
            "{} UTC, {}: {outcome}",
            words::clock(attempt.begun),
            attempt.trigger.as_str()
        ),
    }
}

/// Green, yellow when it took more than one try, red when it failed.
fn tone(attempt: &Attempt) -> Tone {
    match &attempt.error {
        Some(_) => Tone::Err,
        None if attempt.requests > attempt.pages.max(1) => Tone::Warn,
        None => Tone::Ok,
    }
}

fn outcome(attempt: &Attempt) -> String {
    let mut parts = vec![format!("{} new", words::count(attempt.new))];
    for (count, word) in [
        (attempt.changed, "changed"),
        (attempt.same, "known"),
        (attempt.dead, "rejected"),
    ] {
        if count > 0 {
            parts.push(format!("{} {word}", words::count(count)));
        }
    }
    parts.join(", ")
}

/// The latest runs.
pub(super) fn log(source: &SourceState, attempts: &[Attempt]) -> Markup {
    html! {
        section.card {
            header { h2 { "Attempts" } span.mono.muted { (visible(source.id.as_str())) } }
            div.body { ol.att { @for attempt in attempts.iter().take(LISTED) { (line(attempt)) } } }
        }
    }
}

fn line(attempt: &Attempt) -> Markup {
    let word = match tone(attempt) {
        Tone::Err => "failed",
        Tone::Warn => "succeeded after a retry",
        _ => "succeeded",
    };
    html! {
        li {
            (clock(attempt.begun))
            (dot(tone(attempt), word))
            span.clip title=[attempt.error.as_deref().map(plain)] {
                @match &attempt.error {
                    Some(error) => (visible(error.lines().next().unwrap_or_default())),
                    None => {
                        (outcome(attempt))
                        @if let (Some(from), Some(to)) = (attempt.bookmark_from, attempt.bookmark_to) {
                            @if from != to { span.muted { " · bookmark " (words::clock(from)) " → " (words::clock(to)) } }
                        }
                    }
                }
            }
            span.muted {
                @if let Some(status) = attempt.http_status { "HTTP " (status) " · " }
                (attempt.trigger.as_str()) " · "
                @if attempt.requests > 1 { (words::counted(u64::from(attempt.requests), "request")) " · " }
                (seconds(attempt))
            }
        }
    }
}

fn seconds(attempt: &Attempt) -> String {
    let millis = attempt.ended.since(attempt.begun).as_millis();
    format!("{}.{:02} s", millis / 1_000, millis % 1_000 / 10)
}
