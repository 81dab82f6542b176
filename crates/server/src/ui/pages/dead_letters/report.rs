//! What a redrive would do, before it does.

use cresset_model::ports::{RedriveItem, RedriveReport};
use maud::{Markup, html};

use super::REDRIVEN_MAX;
use super::address::{Address, Meant};
use crate::ui::components::{Column, mono, table};
use crate::ui::icon::{Icon, icon_tiny};
use crate::ui::text::visible;
use crate::ui::words;

/// Columns of what stays behind.
const COLUMNS: [Column; 4] = [
    Column {
        name: "Outcome",
        class: "",
    },
    Column {
        name: "Reason",
        class: "",
    },
    Column {
        name: "Count",
        class: "num",
    },
    Column {
        name: "For example",
        class: "",
    },
];

/// Items with the same outcome and cause.
struct Group {
    outcome: &'static str,
    cause: String,
    example: String,
    count: u64,
}

/// The report of a dry run.
pub(super) fn report(address: &Address, report: &RedriveReport) -> Markup {
    let alerts = count(report, |item| matches!(item, RedriveItem::Alert { .. }));
    let passed = count(report, |item| matches!(item, RedriveItem::Passed { .. }));
    let groups = groups(report);
    let rows = html! {
        @for group in &groups {
            tr {
                td { (group.outcome) }
                td { (mono(&group.cause)) }
                td.num { (words::count(group.count)) }
                td.clip { (visible(&group.example)) }
            }
        }
    };
    html! {
        section.card.dry id="dry-run" role="status" {
            header { h2 { "Dry run: nothing has changed yet" } }
            div.body.stack {
                p {
                    "Of " (words::counted(report.items.len() as u64, "dead letter")) ", "
                    b { (words::count(alerts)) } " would become " @if alerts == 1 { "an alert" } @else { "alerts" }
                    @if passed > 0 { ", " b { (words::count(passed)) } " would go on as events" }
                    @if groups.is_empty() { "." } @else { "; the others would stay:" }
                    @if report.items.len() >= REDRIVEN_MAX {
                        " These are the oldest " (words::count(REDRIVEN_MAX as u64)) "; the rest comes after them."
                    }
                }
                @if !groups.is_empty() { (table("What would stay", &COLUMNS, &rows)) }
                div.row {
                    @if alerts + passed > 0 { (confirm(address, alerts + passed)) }
                    @else { span.soft { "First mend what sends them, or the configuration of their source." } }
                    a class="btn" href=(address.meaning(None).href()) { "Leave them" }
                }
            }
        }
    }
}

fn confirm(address: &Address, useful: u64) -> Markup {
    let action = "/ui/dead-letters/redrive";
    html! {
        form.inline action=(action) method="post" hx-post=(action) hx-target="#main" hx-swap="outerMorph" {
            @for (name, value) in address.fixed().pairs() { input type="hidden" name=(name) value=(value); }
            button class="btn primary" type="submit" {
                (icon_tiny(Icon::RotateCcw))
                @match address.meant {
                    Some(Meant::One(_)) => "Redrive it",
                    _ => { "Redrive " (words::counted(useful, "record")) }
                }
            }
        }
    }
}

fn count(report: &RedriveReport, is_one: fn(&RedriveItem) -> bool) -> u64 {
    report.items.iter().filter(|item| is_one(item)).count() as u64
}

/// The items that would stay, grouped in the order in which they come.
fn groups(report: &RedriveReport) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for item in &report.items {
        let (outcome, cause, example) = match item {
            RedriveItem::Alert { .. } | RedriveItem::Passed { .. } => continue,
            RedriveItem::Refused { reason, detail, .. } => {
                ("refused again", reason.as_str().to_owned(), detail.clone())
            }
            RedriveItem::Skipped { why, id } => ("not tried", why.clone(), id.to_string()),
        };
        let known = groups
            .iter_mut()
            .find(|group| group.outcome == outcome && group.cause == cause);
        match known {
            Some(group) => group.count += 1,
            None => groups.push(Group {
                outcome,
                cause,
                example,
                count: 1,
            }),
        }
    }
    groups
}
