//! How dead letters look.

use cresset_model::Timestamp;
use cresset_model::batch::Reason;
use cresset_model::dead_letter::DeadLetter;
use cresset_model::ports::Total;
use maud::{Markup, html};

use super::address::{Address, Meant, Shown};
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
                    div class="c3 stack" { (choices(address, listing)) }
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
    let reasons = || listing.reasons.iter().filter(|(_, total)| total.value > 0);
    let sources = || listing.sources.iter().filter(|(_, total)| total.value > 0);
    html! {
        section.card {
            header { h2 { "By reason" } }
            div.body {
                @if reasons().next().is_none() { p.muted { "None." } }
                ul.choices {
                    @for (reason, total) in reasons() {
                        @let chosen = address.reason == Some(*reason);
                        @let other = address.showing(|changed| changed.reason = (!chosen).then_some(*reason));
                        (choice(&other, chosen, &html! { (mono(reason.as_str())) small { (meaning(*reason)) } }, *total))
                    }
                }
            }
        }
        section.card {
            header { h2 { "By source" } }
            div.body {
                @if sources().next().is_none() { p.muted { "None." } }
                ul.choices {
                    @for (source, total) in sources() {
                        @let chosen = address.source.as_deref() == Some(source.as_str());
                        @let name = source.as_str().to_owned();
                        @let other = address.showing(|changed| changed.source = (!chosen).then_some(name));
                        (choice(&other, chosen, &mono(source.as_str()), *total))
                    }
                }
            }
        }
    }
}

fn choice(other: &Address, chosen: bool, label: &Markup, total: Total) -> Markup {
    let href = other.href();
    html! {
        li {
            a href=(href) aria-current=[chosen.then_some("true")] hx-get=(href) hx-target="#main"
                hx-swap="outerMorph" hx-push-url="true" {
                span.cb.on[chosen] { @if chosen { (icon_tiny(Icon::Check)) } }
                span.name { (label) }
                span.n { (count(total)) }
            }
        }
    }
}

fn count(total: Total) -> String {
    let more = if total.exact { "" } else { "+" };
    format!("{}{more}", words::count(total.value))
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
                    a.link href=(address.showing(|changed| { changed.source = None; changed.reason = None; }).href()) { "Clear filters" }
                }
                @if waiting && address.shown != Shown::Resolved {
                    a class="btn sm" href=(address.meaning(Some(Meant::All)).href()) title="Says first what would happen" {
                        (icon_tiny(Icon::RotateCcw))
                        @if address.is_narrowed() { "Redrive all that match…" } @else { "Redrive all…" }
                    }
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
    let all = address.showing(|changed| {
        changed.source = None;
        changed.reason = None;
        changed.shown = Shown::All;
    });
    let waiting = frame.store.as_ref().map_or(0, |store| store.dead_letters);
    let (title, text) = match (
        address.is_narrowed() || address.before.is_some(),
        address.shown,
    ) {
        (true, _) => (
            "No dead letters match",
            "Other sources or reasons may have some.",
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
