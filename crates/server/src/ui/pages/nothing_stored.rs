//! What stands where alerts would, while none is stored.

use maud::{Markup, html};

use crate::ui::components::{Empty, empty, post_button, until};
use crate::ui::frame::Frame;
use crate::ui::icon::{Icon, icon_tiny};

/// Says why there is nothing yet, and what to do.
pub(super) fn nothing_stored(frame: &Frame) -> Markup {
    let next = frame
        .sources
        .iter()
        .filter_map(|source| source.next_sync)
        .min();
    empty(&Empty {
        icon: Icon::Inbox,
        title: "No alerts found in database.",
        text: html! {
            @if frame.sources.is_empty() {
                "No source is configured. Name one under " code { "pipelines" }
                " in the configuration, or see how it works with " code { "cresset demo" } "."
            } @else if frame.failing() > 0 {
                "Nothing has been stored yet, and a source fails: the banner above says why."
            } @else {
                "Nothing has been stored yet."
                @if let Some(next) = next { " The next sync begins in " (until(next, frame.now)) "." }
            }
        },
        actions: html! {
            (sync_button(frame))
            a class="btn sm" href="/ui/sources" { "Open sources" }
        },
    })
}

/// Asks for what is new, where there is something to ask.
pub(super) fn sync_button(frame: &Frame) -> Markup {
    html! {
        @if frame.polls() {
            (post_button("/ui/sync", "primary sm", &html! { (icon_tiny(Icon::RefreshCw)) "Trigger sync now" }))
        }
    }
}
