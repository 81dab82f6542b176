//! How dead letters look.

use cresset_model::Timestamp;
use cresset_model::batch::Reason;
use cresset_model::dead_letter::DeadLetter;
use cresset_model::ports::DeadLetterRoom;
use maud::{Markup, html};

use super::address::{Address, Meant, Moment, Shown};
use super::{Listing, report};
use crate::ui::components::{Empty, Tab, ago, empty, json, mono, tabs, tag, unreadable};
use crate::ui::frame::Frame;
use crate::ui::icon::{Icon, icon_tiny};
use crate::ui::text::visible;
use crate::ui::words;

/// The page.
pub(super) fn dead_letters(
    frame: &Frame,
    address: &Address,
    listing: &Result<Listing, String>,
) -> Markup {
    html! {
        main.page id="page" {
            @match listing {
                Err(cause) => section class="c12 card" { (unreadable("Dead letters cannot be read", cause)) },
                Ok(listing) => {
                    div class="c3 stack" {
                        (choices(address, listing))
                        (times(frame.now, address))
                        @if let Some(room) = &listing.room { (self::room(frame.now, room)) }
                    }
                    div class="c9 stack" {
                        @if let Some(report) = &listing.report { (report::report(address, report)) }
                        (list(frame, address, listing))
                    }
                }
            }
        }
    }
}

fn choices(address: &Address, listing: &Listing) -> Markup {
    html! {
        section.card {
            header { h2 { "By reason" } }
            div.body {
                @if listing.reasons.is_empty() { p.muted { "None." } }
                ul.choices {
                    @for (reason, total) in &listing.reasons {
                        @let chosen = address.reason == Some(*reason);
                        @let other = address.showing(|changed| changed.reason = (!chosen).then_some(*reason));
                        (choice(&other, chosen, &html! { (mono(reason.as_str())) small { (meaning(*reason)) } }, Some(*total)))
                    }
                }
            }
        }
        section.card {
            header { h2 { "By source" } }
            div.body {
                @if listing.sources.is_empty() { p.muted { "None." } }
                ul.choices {
                    @for (source, total) in &listing.sources {
                        @let chosen = address.source.as_deref() == Some(source.as_str());
                        @let name = source.as_str().to_owned();
                        @let other = address.showing(|changed| changed.source = (!chosen).then_some(name));
                        (choice(&other, chosen, &mono(source.as_str()), Some(*total)))
                    }
                }
            }
        }
    }
}

/// Spans of time that are one click away.
const SPANS: [(&str, &str); 3] = [
    ("-1h", "Last hour"),
    ("-24h", "Last 24 hours"),
    ("-7d", "Last 7 days"),
];

fn times(now: Timestamp, address: &Address) -> Markup {
    let text = |moment: &Option<Moment>| moment.as_ref().map(|it| it.text.clone());
    let untimed = address.showing(|changed| (changed.since, changed.until) = (None, None));
    html! {
        section.card {
            header { h2 { "By time" } }
            div.body.stack {
                ul.choices {
                    @for (since, label) in SPANS {
                        @let chosen = address.until.is_none() && text(&address.since).as_deref() == Some(since);
                        @let other = untimed.showing(|changed| {
                            changed.since = Moment::read(since, now).filter(|_| !chosen);
                        });
                        (choice(&other, chosen, &html! { (label) }, None))
                    }
                }
                form.stack action="/ui/dead-letters" method="get" hx-get="/ui/dead-letters" hx-target="#main"
                    hx-swap="outerMorph" hx-push-url="true" {
                    @for (name, value) in untimed.pairs() { input type="hidden" name=(name) value=(value); }
                    @for (name, label, moment) in [("since", "From", &address.since), ("until", "Until", &address.until)] {
                        label.field {
                            span.muted { (label) }
                            input.input name=(name) value=[text(moment)] size="14" maxlength="40" autocomplete="off"
                                placeholder="-6h or 2026-11-23T09:00Z";
                        }
                    }
                    button class="btn sm" type="submit" { "Apply" }
                }
            }
        }
    }
}

/// How full the room of dead letters is, and what had to go.
fn room(now: Timestamp, room: &DeadLetterRoom) -> Markup {
    let dropped = room.dropped_in_all();
    html! {
        section.card {
            header { h2 { "Room" } }
            div.body {
                p { (words::bytes(room.bytes)) " of " (words::bytes(room.bytes_max)) " taken." }
                @if dropped > 0 {
                    p.fault {
                        (words::counted(dropped, "record")) " dropped to keep it"
                        @if let Some(at) = room.dropped_at { ", the latest " (ago(at, now)) }
                        "."
                    }
                } @else { p.muted { "None was dropped; the oldest would go first." } }
            }
        }
    }
}

fn choice(other: &Address, chosen: bool, label: &Markup, total: Option<u64>) -> Markup {
    let href = other.href();
    html! {
        li {
            a href=(href) aria-current=[chosen.then_some("true")] hx-get=(href) hx-target="#main"
                hx-swap="outerMorph" hx-push-url="true" {
                span.cb.on[chosen] { @if chosen { (icon_tiny(Icon::Check)) } }
                span.name { (label) }
                @if let Some(total) = total { span.n { (words::count(total)) } }
            }
        }
    }
}

/// What a reason says, for people.
fn meaning(reason: Reason) -> &'static str {
    match reason {
        Reason::RecordTooLarge => "longer than a record may be",
        Reason::TooDeep => "nested too deeply",
        Reason::TooManyKeys => "an object with too many keys",
        Reason::StringTooLong => "a text that is too long",
        Reason::InvalidUtf8 => "bytes that are no text",
        Reason::InvalidJson => "no valid JSON",
        Reason::NumberOutOfRange => "a number that fits nowhere",
        Reason::DuplicateKey => "the same key twice",
        Reason::NotAnObject => "a value where an object belongs",
        Reason::MissingField => "a mandatory field is absent",
        Reason::NullField => "a mandatory field is null",
        Reason::WrongType => "a field of the wrong type",
        Reason::InvalidValue => "a value that cannot be taken",
        Reason::UnknownSource => "no format knows its source",
        Reason::StoreRefused => "the store refuses it",
    }
}

fn list(frame: &Frame, address: &Address, listing: &Listing) -> Markup {
    let letters = &listing.page.items;
    let waiting = letters.iter().any(|letter| letter.resolved_at.is_none());
    let shown: Vec<Tab> = Shown::ALL
        .into_iter()
        .map(|(shown, _, label)| Tab {
            label,
            count: listing
                .page
                .total
                .filter(|total| shown == address.shown && total.exact)
                .map(|total| total.value),
            href: address.showing(|changed| changed.shown = shown).href(),
            current: shown == address.shown,
        })
        .collect();
    html! {
        section.card.letters {
            header {
                (tabs("Which dead letters", &shown))
                span.grow {}
                @if address.is_narrowed() {
                    a.link href=(address.cleared().href()) { "Clear filters" }
                }
                @if waiting && address.shown != Shown::Resolved {
                    a class="btn sm" href=(address.meaning(Some(Meant::All)).href()) title="Says first what would happen" {
                        (icon_tiny(Icon::RotateCcw))
                        @if address.is_narrowed() { "Redrive all that match…" } @else { "Redrive all…" }
                    }
                }
                @if !letters.is_empty() {
                    a class="btn sm" href=(address.export()) download="dead-letters.ndjson"
                        title="All of them with their raw records, one JSON document a line" { (icon_tiny(Icon::Download)) "Export" }
                }
            }
            @if letters.is_empty() { (nothing(frame, address)) }
            ul { @for letter in letters { (item(frame.now, address, letter)) } }
            @if let Some(next) = listing.page.next {
                @let older = Address { before: Some(next), meant: None, ..address.clone() };
                p.older { a class="btn ghost sm" href=(older.href()) { "Older dead letters" } }
            }
        }
    }
}

fn nothing(frame: &Frame, address: &Address) -> Markup {
    let all = address
        .cleared()
        .showing(|changed| changed.shown = Shown::All);
    let waiting = frame.store.as_ref().map_or(0, |store| store.dead_letters);
    let (title, text) = match (
        address.is_narrowed() || address.before.is_some(),
        address.shown,
    ) {
        (true, _) => (
            "No dead letters match",
            "Other sources, reasons or times may have some.",
        ),
        (false, Shown::Resolved) => (
            "Nothing was put through again",
            "Dead letters that became alerts by a redrive appear here.",
        ),
        (false, _) if waiting == 0 => (
            "No dead letters",
            "Every record was understood. One that is not appears here, with its bytes and the reason.",
        ),
        (false, _) => (
            "No dead letters wait",
            "All of them were put through again.",
        ),
    };
    empty(&Empty {
        icon: Icon::CircleCheck,
        title,
        text: html! { (text) },
        actions: html! {
            @if address.is_narrowed() || address.before.is_some() {
                a class="btn sm" href=(all.href()) { "Show all" }
            } @else {
                a class="btn sm" href="/ui/sources" { "Open sources" }
            }
        },
    })
}

fn item(now: Timestamp, address: &Address, letter: &DeadLetter) -> Markup {
    let meant = address.meaning(Some(Meant::One(letter.id)));
    html! {
        li.letter data-row id={ "letter-" (letter.id) } {
            div.row {
                (tag(letter.reason.as_str()))
                b.gist { (visible(&letter.detail)) }
                @if letter.count > 1 { span.mult title="how often it came" { "×" (words::count(letter.count)) } }
                span.muted.right { (ago(letter.last_seen, now)) }
                @if letter.resolved_at.is_none() && letter.is_whole() {
                    a class="btn sm" href=(meant.href()) title="Says first what would happen" { (icon_tiny(Icon::RotateCcw)) "Redrive…" }
                }
            }
            p.soft {
                (mono(letter.source_id.as_str())) " · refused by " (letter.stage.as_str())
                @if let Some(id) = &letter.upstream_id { " · vendor's id " (mono(id)) }
                " · " (words::counted(letter.full_bytes, "byte"))
                " · first " (ago(letter.first_seen, now))
                @if let Some(at) = letter.resolved_at {
                    " · resolved " (ago(at, now))
                    @if let Some(alert) = letter.alert { ": " a.link href={ "/ui/alerts/" (alert) } { "open the alert" } }
                }
            }
            (raw(letter))
        }
    }
}

fn raw(letter: &DeadLetter) -> Markup {
    html! {
        details {
            summary { "Raw record" }
            @if !letter.is_whole() {
                p.muted {
                    "The first " (words::count(letter.raw.len() as u64)) " of " (words::counted(letter.full_bytes, "byte"))
                    " were kept, so that it cannot be put through again."
                }
            }
            (json(&letter.raw))
            div.row {
                span.muted.mono.clip { "BLAKE3 " (visible(&letter.full_hash)) }
                span.grow {}
                a class="btn sm" href={ "/api/v1/dead-letters/" (letter.id) } data-copy-json title="The whole record is in it" { (icon_tiny(Icon::Copy)) "Copy JSON" }
            }
        }
    }
}
