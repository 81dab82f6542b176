//! What became of it: whom it was told to, and what happened when.

use cresset_model::Timestamp;
use cresset_model::alert::Revision;
use cresset_model::notification::{Delivery, DeliveryState};
use maud::{Markup, html};

use super::Facts;
use crate::ui::components::{Tone, clock, dot, json, mono, severity, until};
use crate::ui::pages::alerts::Place;
use crate::ui::text::{visible, visible_lines};
use crate::ui::words;

/// Whom it was told to.
pub(super) fn deliveries(place: &Place, facts: &Facts) -> Markup {
    let all = format!("/ui/deliveries?alert={}", facts.detail.row.id);
    html! {
        section.blk id="alert-told" {
            h3 { "Delivery" @if !facts.deliveries.is_empty() { a href=(all) { "Open deliveries" } } }
            @if facts.deliveries.is_empty() {
                p.muted { "Nobody was told: no route takes this alert, or no receiver is configured." }
            }
            ul.deliv {
                @for told in &facts.deliveries {
                    li {
                        (dot(state_tone(told.state), state_word(told.state)))
                        (mono(&told.receiver))
                        span.clip { (outcome(told, place.now)) }
                        span.right.muted { (clock(told.sent_at.unwrap_or(told.created_at))) }
                    }
                }
            }
        }
    }
}

/// The color of a state.
pub(in crate::ui::pages) fn state_tone(state: DeliveryState) -> Tone {
    match state {
        DeliveryState::Sent => Tone::Ok,
        DeliveryState::Pending => Tone::Warn,
        DeliveryState::Leased => Tone::Run,
        DeliveryState::Dead => Tone::Err,
    }
}

/// The word of a state, for people.
pub(in crate::ui::pages) fn state_word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Sent => "Delivered",
        DeliveryState::Pending => "Waiting",
        DeliveryState::Leased => "Sending",
        DeliveryState::Dead => "Given up",
    }
}

fn outcome(told: &Delivery, now: Timestamp) -> Markup {
    let tries = told.attempts.len() as u64;
    html! {
        @match told.state {
            DeliveryState::Sent => { "delivered" @if tries > 1 { " at attempt " (tries) } }
            DeliveryState::Leased => { "sending, attempt " (tries + 1) }
            DeliveryState::Dead => { "given up after " (words::counted(tries, "attempt")) }
            DeliveryState::Pending => {
                @if tries > 0 { (words::counted(tries, "attempt")) " failed" } @else { "not tried yet" }
                @if let Some(next) = told.next_at { ", next in " (until(next, now)) }
            }
        }
    }
}

/// What happened when, the latest first.
pub(super) fn timeline(place: &Place, facts: &Facts) -> Markup {
    let mut events = Vec::new();
    stored(facts, &mut events);
    for told in &facts.deliveries {
        tries(told, &mut events);
    }
    // What happened later within the same instant was noted later.
    events.reverse();
    events.sort_by_key(|event| std::cmp::Reverse(event.0));
    html! {
        section.blk id="alert-timeline" {
            h3 { "Timeline" span.muted.right { "UTC" } }
            ol.line {
                @for told in facts.deliveries.iter().filter(|told| told.state == DeliveryState::Pending) {
                    @if let Some(next) = told.next_at {
                        li { (clock(next)) (dot(Tone::Idle, "to come")) div { "Next attempt to tell " (mono(&told.receiver)) " in " (until(next, place.now)) } }
                    }
                }
                @for (at, tone, what) in &events {
                    li { (clock(*at)) (dot(*tone, "happened")) div { (what) } }
                }
            }
        }
    }
}

type Event = (Timestamp, Tone, Markup);

fn stored(facts: &Facts, events: &mut Vec<Event>) {
    let row = &facts.detail.row;
    events.push((
        row.created_at,
        Tone::Idle,
        html! { "Happened, says the vendor" },
    ));
    events.push((
        row.ingested_at,
        Tone::Ok,
        html! { "Stored by pipeline " (mono(row.source_id.as_str())) },
    ));
    if !facts.detail.matches.is_empty() {
        let rules: Vec<&str> = facts
            .detail
            .matches
            .iter()
            .map(|found| found.rule.as_str())
            .collect();
        events.push((
            row.ingested_at,
            Tone::Err,
            html! { "Matched " (mono(&rules.join(", "))) },
        ));
    }
    for former in &facts.detail.revisions {
        events.push((former.replaced_at, Tone::Run, replaced(former)));
    }
}

fn replaced(former: &Revision) -> Markup {
    html! {
        details {
            summary { "Revision " (former.revision) " replaced" }
            p { "It was " (severity(former.severity)) ": " (visible(&former.description)) }
            (json(&former.raw))
        }
    }
}

fn tries(told: &Delivery, events: &mut Vec<Event>) {
    events.push((
        told.created_at,
        Tone::Idle,
        html! { "Decided to tell " (mono(&told.receiver)) },
    ));
    for attempt in &told.attempts {
        let millis = attempt.ended.since(attempt.begun).as_millis();
        let (tone, what) = match &attempt.error {
            None => (
                Tone::Ok,
                html! { (mono(&told.receiver)) " took it at attempt " (attempt.number) " after " (millis) " ms" },
            ),
            Some(error) => (
                Tone::Err,
                html! { "Attempt " (attempt.number) " to tell " (mono(&told.receiver)) " failed: " (visible_lines(error)) },
            ),
        };
        events.push((attempt.ended, tone, what));
    }
}
