//! The list without a row: what is so, and what to do.

use maud::{Markup, html};

use super::place::Place;
use super::read::Listing;
use crate::ui::components::{Empty, empty};
use crate::ui::frame::Frame;
use crate::ui::icon::Icon;
use crate::ui::pages::nothing_stored::nothing_stored;
use crate::ui::text::visible;
use crate::ui::words;

/// Nothing is stored, or nothing matches.
pub(super) fn nothing(frame: &Frame, place: &Place, listing: &Listing) -> Markup {
    let stored = frame.store.as_ref().map_or(0, |store| store.alerts);
    if stored == 0 {
        nothing_stored(frame)
    } else if place.before.is_some() {
        empty(&Empty {
            icon: Icon::Inbox,
            title: "No older alerts",
            text: html! { "This is the end of the list." },
            actions: html! { a class="btn sm" href=(place.going(None).href()) { "Newest alerts" } },
        })
    } else {
        nothing_matches(place, listing, stored)
    }
}

fn nothing_matches(place: &Place, listing: &Listing, stored: u64) -> Markup {
    let selection = &place.selection;
    let cleared = || place.choosing(selection.cleared()).href();
    empty(&Empty {
        icon: Icon::Inbox,
        title: "No alerts match these filters",
        text: html! {
            (words::counted(stored, "alert"))
            @if stored == 1 { " is stored" } @else { " are stored" }
            @match listing.wider {
                Some((_, name, found)) => { ", and " (words::count(found)) " of them match within " (name) "." },
                None if selection.is_narrowed() => ", and none of the last 30 days matches.",
                None => ", and none of them within the last 30 days.",
            }
        },
        actions: html! {
            @if selection.is_narrowed() { a class="btn sm" href=(cleared()) { "Clear filters" } }
            @if let Some((from, name, found)) = listing.wider {
                @let wide = selection.with("from", from).with("to", "");
                a class="btn sm" href=(place.choosing(wide).href()) {
                    "Widen to " (name) " (" (words::count(found)) ")"
                }
            }
        },
    })
}

/// The query cannot be understood.
pub(super) fn flawed(place: &Place) -> Markup {
    html! {
        div class="empty error" role="alert" {
            (crate::ui::icon::icon(Icon::CircleAlert))
            p.strong { "The query cannot be understood" }
            ul { @for flaw in &place.selection.flaws { li { (visible(flaw)) } } }
            p {
                "Terms are " code { "field:value" } ", several of them all hold. " code { "severity:>=high" } ", "
                code { "-country:US" } ", " code { "user:ann,bob" } ", " code { "dst_ip:203.0.113.0/24" } ", "
                code { "from:-6h" } "."
            }
            div.row {
                a class="btn sm" href=(place.choosing(place.selection.cleared().with("from", "-24h").with("to", "")).href()) { "Clear filters" }
            }
        }
    }
}
