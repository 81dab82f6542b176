//! How deliveries look.

use cresset_model::Timestamp;
use cresset_model::notification::{Delivery, DeliveryAttempt, DeliveryState};
use cresset_model::ports::Total;
use maud::{Markup, html};

use super::address::Address;
use super::receivers::receivers;
use super::{Listing, Model};
use crate::ui::components::{
    Empty, Tab, Tone, ago, clock, dot, empty, json, mono, pill, post_button, tabs, unreadable,
    until,
};
use crate::ui::frame::Frame;
use crate::ui::icon::{Icon, icon_tiny};
use crate::ui::pages::alert::{state_tone, state_word};
use crate::ui::text::{visible, visible_lines};
use crate::ui::words;

/// Alerts that are listed of one delivery.
const ALERTS_SHOWN: usize = 8;

/// The page. It draws itself anew while it shows nothing that would be lost.
pub(super) fn deliveries(frame: &Frame, model: &Model) -> Markup {
    html! {
        main.page id="page" data-live[model.tested.is_none()] {
            div class="c8 stack" {
                section.card.letters {
                    @match &model.listing {
                        Err(cause) => (unreadable("Deliveries cannot be read", cause)),
                        Ok(listing) => (list(frame, model, listing)),
                    }
                }
            }
            div class="c4 stack" { (receivers(model)) }
        }
    }
}

fn list(frame: &Frame, model: &Model, listing: &Listing) -> Markup {
    let address = &model.address;
    html! {
        header {
            (tabs("State of deliveries", &states(address, listing)))
            span.grow {}
            (chosen(address))
        }
        @if listing.page.items.is_empty() { (nothing(model)) }
        ul { @for told in &listing.page.items { (item(told, frame.now)) } }
        @if let Some(next) = listing.page.next {
            @let older = Address { before: Some(next), ..address.clone() };
            p.older { a class="btn ghost sm" href=(older.href()) { "Older deliveries" } }
        }
    }
}

fn states(address: &Address, listing: &Listing) -> Vec<Tab> {
    let exact = |total: &Option<Total>| total.filter(|total| total.exact).map(|total| total.value);
    let all = Tab {
        label: "All",
        count: None,
        href: address.showing(|changed| changed.state = None).href(),
        current: address.state.is_none(),
    };
    let of_state = |(state, total): &(DeliveryState, Option<Total>)| Tab {
        label: state_word(*state),
        count: exact(total),
        href: address
            .showing(|changed| changed.state = Some(*state))
            .href(),
        current: address.state == Some(*state),
    };
    std::iter::once(all)
        .chain(listing.states.iter().map(of_state))
        .collect()
}

/// The receiver and the alert that are chosen, each with a way out.
fn chosen(address: &Address) -> Markup {
    html! {
        @if let Some(name) = &address.receiver {
            a.tag href=(address.showing(|changed| changed.receiver = None).href()) title="Remove this filter" {
                span.mono { "receiver:" (visible(name)) } (icon_tiny(Icon::X))
            }
        }
        @if let Some(alert) = address.alert {
            a.tag href=(address.showing(|changed| changed.alert = None).href()) title="Remove this filter" {
                span.mono { "alert:" (alert) } (icon_tiny(Icon::X))
            }
        }
    }
}

fn nothing(model: &Model) -> Markup {
    let narrowed = model.address.is_narrowed() || model.address.before.is_some();
    let text = if narrowed {
        "Other states, receivers or alerts may have some."
    } else if model.receivers.is_empty() {
        "No receiver is configured, so that nobody can be told."
    } else {
        "What a route takes appears here, with every attempt. Send a test to see whether a receiver answers."
    };
    empty(&Empty {
        icon: Icon::Send,
        title: if narrowed {
            "No deliveries match"
        } else {
            "Nothing has been told yet"
        },
        text: html! { (text) },
        actions: html! { @if narrowed { a class="btn sm" href="/ui/deliveries" { "Show all" } } },
    })
}

fn item(told: &Delivery, now: Timestamp) -> Markup {
    let open = matches!(told.state, DeliveryState::Pending | DeliveryState::Dead);
    html! {
        li.letter data-row id={ "delivery-" (told.id) } {
            div.row {
                (pill(state_tone(told.state), state_word(told.state)))
                b.gist { (visible(&told.subject)) }
                span.muted.right { (ago(told.created_at, now)) }
                @if open {
                    (post_button(&format!("/ui/deliveries/{}/retry", told.id), "sm", &html! { (icon_tiny(Icon::RotateCcw)) "Retry now" }))
                }
            }
            p.soft { (mono(&told.receiver)) " · " (progress(told, now)) }
            details {
                summary { "Attempts, payload and alerts" }
                (more(told))
            }
        }
    }
}

fn progress(told: &Delivery, now: Timestamp) -> Markup {
    let last = told.attempts.last();
    html! {
        @if told.attempts.is_empty() { "not tried yet" } @else { (words::counted(told.attempts.len() as u64, "attempt")) }
        @match told.state {
            DeliveryState::Sent => {
                @if let Some(at) = told.sent_at {
                    @let took = at.since(told.created_at);
                    ", taken " @if took.as_secs() == 0 { "at once" } @else { (words::duration(took)) " after the decision" }
                }
            }
            DeliveryState::Pending => { @if let Some(next) = told.next_at { ", next in " (until(next, now)) } }
            DeliveryState::Leased => ", being sent",
            DeliveryState::Dead => ", given up",
        }
        @if let Some(error) = last.and_then(|last| last.error.as_ref()) { " · " span.fault { (visible(error)) } }
    }
}

fn more(told: &Delivery) -> Markup {
    html! {
        ol.att { @for attempt in &told.attempts { (tried(attempt)) } }
        dl.kv {
            dt { "Decided" } dd { span.mono { (words::exact_instant(told.created_at)) } }
            dt { "Group" } dd { (mono(&told.group)) span.muted { "notification " (told.ordinal) " of its episode " (told.episode) } }
            dt { "Id" } dd { span.mono { (told.id) } }
            dt { "Alerts" }
            dd {
                @for alert in told.alerts.iter().take(ALERTS_SHOWN) { a.link href={ "/ui/alerts/" (alert) } { span.mono { (alert) } } }
                @if told.alerts.len() > ALERTS_SHOWN { span.muted { "and " (told.alerts.len() - ALERTS_SHOWN) " more" } }
            }
        }
        (json(&told.body))
    }
}

fn tried(attempt: &DeliveryAttempt) -> Markup {
    let millis = attempt.ended.since(attempt.begun).as_millis();
    html! {
        li {
            (clock(attempt.begun))
            @match &attempt.error {
                None => { (dot(Tone::Ok, "taken")) span { "Taken by the receiver" } }
                Some(error) => { (dot(Tone::Err, "failed")) span.answer { (visible_lines(error)) } }
            }
            span.muted { "attempt " (attempt.number) " · " (millis) " ms" }
        }
    }
}
