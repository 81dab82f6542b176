//! What is wrong, on every page until it ends.

use cresset_model::Timestamp;
use cresset_model::source::{SourceState, Warning, WarningKind};
use maud::{Markup, html};

use crate::ui::components::{Banner, Tone, banner, copy_button, post_button, until};
use crate::ui::frame::Frame;
use crate::ui::icon::{Icon, icon_tiny};
use crate::ui::text::{visible, visible_lines};
use crate::ui::words;

/// All banners; the script asks for them again when the state changes.
pub(super) fn banners(frame: &Frame) -> Markup {
    html! {
        div.banners id="banners" hx-get="/ui/parts/banners" hx-trigger="cresset:state from:body"
            hx-swap="outerMorph" {
            @if frame.open { (open()) }
            @if let Err(cause) = &frame.store { (no_store(cause)) }
            @for source in &frame.sources {
                (retrying(source, frame.now))
                (failed(source, frame.now))
                @for warning in &source.warnings { (warned(source, warning)) }
            }
        }
    }
}

fn open() -> Markup {
    banner(&Banner {
        tone: Tone::Idle,
        title: "Open server".to_owned(),
        text: html! {
            span.soft { "Everybody who reaches this server can read the alerts and start syncs." }
        },
        actions: html! {},
    })
}

fn no_store(cause: &str) -> Markup {
    banner(&Banner {
        tone: Tone::Err,
        title: "Database disconnected".to_owned(),
        text: html! {
            span.soft { (cause) ". Nothing is lost: no bookmark moves before its alerts are stored." }
        },
        actions: html! {},
    })
}

fn retrying(source: &SourceState, now: Timestamp) -> Markup {
    let Some(retry) = source.retry else {
        return html! {};
    };
    banner(&Banner {
        tone: Tone::Warn,
        title: "Retrying (Transient Error)".to_owned(),
        text: html! {
            span.strong { (source.id) } " attempt " (retry.attempt) " of " (retry.attempts_max)
            " failed, next in " (until(retry.next_at, now)) ". "
            span.soft {
                @if let Some(error) = &source.last_error { (visible(error)) ". " }
                "Nothing is lost: the bookmark stays put."
            }
        },
        actions: html! { a class="btn sm" href="/ui/sources" { "Open source" } },
    })
}

fn failed(source: &SourceState, now: Timestamp) -> Markup {
    let Some(error) = source
        .last_error
        .as_ref()
        .filter(|_| source.retry.is_none())
    else {
        return html! {};
    };
    banner(&Banner {
        tone: Tone::Err,
        title: "Sync failed".to_owned(),
        text: html! {
            span.strong { (source.id) } " Last Sync Error: " span.fault { (visible_lines(error)) }
            span.soft {
                @if let Some(bookmark) = source.bookmark {
                    " Last good bookmark " (words::clock(bookmark)) " UTC."
                }
                @if let Some(next) = source.next_sync { " Next run in " (until(next, now)) "." }
            }
        },
        actions: html! {
            (copy_button("Copy error", error))
            (post_button(
                &format!("/ui/sources/{}/sync", source.id), "sm",
                &html! { (icon_tiny(Icon::Play)) "Sync now" },
            ))
        },
    })
}

fn warned(source: &SourceState, warning: &Warning) -> Markup {
    banner(&Banner {
        tone: Tone::Warn,
        title: match warning.kind {
            WarningKind::SaturatedInstant => "Instant saturated".to_owned(),
            WarningKind::GapSuspected => "Gap suspected".to_owned(),
        },
        text: html! { span.strong { (source.id) } " " span.soft { (visible_lines(&warning.detail)) } },
        actions: html! {},
    })
}
