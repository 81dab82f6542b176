//! How the overview looks.

use cresset_model::Severity;
use cresset_model::query::{FacetField, SeverityCounts};
use cresset_model::source::Trigger;
use maud::{Markup, html};

use super::numbers::{Numbers, Told};
use super::{charts, health};
use crate::ui::components::{Empty, Kpi, brief, country, empty, kpi, mono, severity_mark};
use crate::ui::frame::Frame;
use crate::ui::icon::{Icon, icon_tiny};
use crate::ui::pages::nothing_stored::{nothing_stored, sync_button};
use crate::ui::selection::Selection;
use crate::ui::text::{plain, visible};
use crate::ui::words;

/// The parameters that the form has fields for.
const FIELDS: [&str; 3] = ["severity", "country", "user"];

/// What the page shows besides the frame.
pub(super) struct Model {
    /// Minutes between syncs.
    pub(super) interval_minutes: u32,
    /// What began the latest sync.
    pub(super) trigger: Option<Trigger>,
    /// What the reader has chosen.
    pub(super) selection: Selection,
    /// The numbers, or why there are none.
    pub(super) numbers: Result<Numbers, String>,
    /// The notifications, where there is somebody to tell.
    pub(super) told: Option<Told>,
}

/// The page.
pub(super) fn overview(frame: &Frame, model: &Model) -> Markup {
    let selection = &model.selection;
    html! {
        main.page id="page" data-live {
            (health::strip(frame, model.interval_minutes, model.trigger))
            (filters(selection))
            @match &model.numbers {
                Err(cause) => section class="c12 card" {
                    (crate::ui::components::unreadable("Failed to fetch alerts", cause))
                },
                Ok(numbers) if numbers.summary.now.total() == 0 => (nothing(frame, model, numbers)),
                Ok(numbers) => {
                    (tiles(frame, model, numbers))
                    (charts::over_time(selection, numbers))
                    (charts::by_source(selection, &numbers.sources))
                    (charts::destinations(selection, &numbers.countries))
                    (newest(frame, selection, numbers))
                }
            }
            (charts::pipeline(&frame.sources, model.told.as_ref()))
        }
    }
}

/// Country, user and severity, as on the original dashboard; what else the address says as labels.
fn filters(selection: &Selection) -> Markup {
    let others = || {
        selection
            .pairs()
            .iter()
            .filter(|(name, _)| !FIELDS.contains(&name.as_str()))
    };
    html! {
        form class="c12 filters" action="/ui/" method="get" hx-get="/ui/" hx-target="#main" hx-swap="outerMorph"
            hx-push-url="true" hx-trigger="submit, change" {
            input type="hidden" name="from" value=(selection.from);
            @if !selection.to.is_empty() { input type="hidden" name="to" value=(selection.to); }
            @for (name, value) in others() { input type="hidden" name=(name) value=(value); }
            label.field {
                span { "Severity" }
                select.input name="severity" { (severities(selection.value("severity"))) }
            }
            label.field {
                span { "Country code" }
                input.input name="country" size="5" maxlength="100" placeholder="e.g. US" autocomplete="off"
                    value=(selection.value("country"));
            }
            label.field {
                span { "User ID" }
                input.input name="user" size="14" maxlength="200" placeholder="any" autocomplete="off"
                    value=(selection.value("user"));
            }
            button class="btn sm" type="submit" { "Filter" }
            @for (name, value) in others() {
                a.tag href={ "/ui/?" (selection.with(name, "").query()) } title="Remove this filter" {
                    span.mono.clip { @if name != "q" { (visible(name)) ":" } (visible(value)) } (icon_tiny(Icon::X))
                }
            }
            @if selection.is_narrowed() {
                a class="btn ghost sm" href={ "/ui/?" (selection.cleared().query()) } { "Clear filters" }
            }
            @for flaw in &selection.flaws { p.flaw role="alert" { (visible(flaw)) } }
        }
    }
}

fn severities(chosen: &str) -> Markup {
    let mut choices = vec![(String::new(), "All".to_owned())];
    choices.push((">=high".to_owned(), "high and up".to_owned()));
    for severity in Severity::ALL.into_iter().rev() {
        choices.push((severity.as_str().to_owned(), severity.as_str().to_owned()));
    }
    if !choices.iter().any(|(value, _)| value == chosen) {
        choices.push((chosen.to_owned(), plain(chosen)));
    }
    html! {
        @for (value, word) in &choices { option value=(value) selected[value == chosen] { (word) } }
    }
}

fn tiles(frame: &Frame, model: &Model, numbers: &Numbers) -> Markup {
    let selection = &model.selection;
    let link = |selection: &Selection| Some(format!("/ui/alerts?{}", selection.query()));
    let tile = |label, color, href, of: &dyn Fn(&SeverityCounts) -> u64| Kpi {
        label,
        value: words::count(of(&numbers.summary.now)),
        change: Some(change(
            of(&numbers.summary.now),
            of(&numbers.summary.before),
        )),
        note: String::new(),
        course: numbers.summary.parts.iter().map(of).collect(),
        color,
        href,
    };
    let of_severity = |severity: Severity, color| {
        let narrowed = selection.choosing(FacetField::Severity, Some(severity.as_str()));
        let word = crate::ui::components::severity_word(severity);
        let label = html! { (severity_mark(severity)) " " (word) };
        tile(label, color, link(&narrowed), &|counts| counts.of(severity))
    };
    let all = html! { "Alerts, " (span_word(selection)) };
    let least = if numbers.summary.exact {
        ""
    } else {
        "counted over the newest alerts only"
    };
    html! {
        div.kpis {
            (kpi(&Kpi { note: least.to_owned(), ..tile(all, "s-low", link(selection), &SeverityCounts::total) }))
            (kpi(&of_severity(Severity::Critical, "s-critical")))
            (kpi(&of_severity(Severity::High, "s-high")))
            (kpi(&waiting(frame)))
            @if let Some(told) = &model.told { (kpi(&delivered(told))) }
        }
    }
}

/// The change against the stretch before, and whether it is good.
fn change(now: u64, before: u64) -> (&'static str, String) {
    let class = if now > before { "up" } else { "down" };
    if now == before {
        return ("", "±0".to_owned());
    }
    let sign = if now > before { '+' } else { '−' };
    let difference = now.abs_diff(before);
    if before >= 20 {
        let percent = (difference * 100).checked_div(before).unwrap_or_default();
        return (class, format!("{sign}{} %", words::count(percent)));
    }
    (class, format!("{sign}{}", words::count(difference)))
}

fn span_word(selection: &Selection) -> String {
    match selection.hours() {
        Some(hours) => format!("last {hours} h"),
        None => "chosen time".to_owned(),
    }
}

fn waiting(frame: &Frame) -> Kpi {
    let waiting = frame.store.as_ref().map(|store| store.dead_letters);
    Kpi {
        label: html! { "Dead letters waiting" },
        value: waiting.map_or("–".to_owned(), words::count),
        change: None,
        note: if waiting == Ok(0) {
            "every record was understood".to_owned()
        } else {
            String::new()
        },
        course: Vec::new(),
        color: "s-high",
        href: Some("/ui/dead-letters".to_owned()),
    }
}

fn delivered(told: &Told) -> Kpi {
    Kpi {
        label: html! { "Notifications delivered" },
        value: words::count(told.sent),
        change: None,
        note: format!(
            "{} pending · {} dead",
            words::count(told.pending),
            words::count(told.dead)
        ),
        course: Vec::new(),
        color: "s-ok",
        href: Some("/ui/deliveries".to_owned()),
    }
}

fn newest(frame: &Frame, selection: &Selection, numbers: &Numbers) -> Markup {
    let all = format!(
        "/ui/alerts?{}",
        selection.with("severity", ">=high").query()
    );
    html! {
        section class="c4 card" {
            header {
                h2 { "Newest critical and high" }
                a class="btn ghost sm right" href=(all) { "Open alerts " (icon_tiny(Icon::ArrowRight)) }
            }
            div.body {
                @if numbers.newest.is_empty() {
                    (empty(&Empty {
                        icon: Icon::CircleCheck,
                        title: "Nothing critical or high",
                        text: html! { "No such alert among the chosen ones." },
                        actions: html! {},
                    }))
                } @else {
                    ul.feed { @for row in &numbers.newest { (line(frame, row)) } }
                }
            }
        }
    }
}

fn line(frame: &Frame, row: &cresset_model::alert::AlertRow) -> Markup {
    html! {
        li data-row {
            (severity_mark(row.severity))
            a.clip href={ "/ui/alerts/" (row.id) } {
                p.clip { (visible(row.title.as_deref().unwrap_or(&row.description))) }
                small {
                    (mono(&row.source))
                    @if let Some(address) = row.dst_ip { (mono(&cresset_model::ip::to_string(address))) }
                    @if let Some(code) = &row.country { (country(code)) }
                }
            }
            (brief(row.ingested_at, frame.now))
        }
    }
}

/// Nothing to show: because nothing is stored, or because nothing matches.
fn nothing(frame: &Frame, model: &Model, numbers: &Numbers) -> Markup {
    let selection = &model.selection;
    let stored = frame.store.as_ref().map_or(0, |store| store.alerts);
    let state = if stored == 0 {
        nothing_stored(frame)
    } else {
        let wider = [6, 12, 24]
            .into_iter()
            .find(|hours| selection.hours().is_some_and(|now| now < *hours));
        empty(&Empty {
            icon: Icon::Inbox,
            title: "No alerts match",
            text: html! {
                (words::counted(stored, "alert")) @if stored == 1 { " is" } @else { " are" } " stored, none among the chosen ones"
                @if numbers.summary.before.total() > 0 {
                    "; the stretch of time before had " (words::count(numbers.summary.before.total()))
                }
                "."
            },
            actions: html! {
                @if selection.is_narrowed() {
                    a class="btn sm" href={ "/ui/?" (selection.cleared().query()) } { "Clear filters" }
                }
                @if let Some(hours) = wider {
                    a class="btn sm" href={ "/ui/?" (selection.with("from", &format!("-{hours}h")).query()) } {
                        "Widen to " (hours) " h"
                    }
                } @else {
                    a class="btn sm" href={ "/ui/?" (selection.with("from", "-7d").with("to", "").query()) } {
                        "Widen to 7 days"
                    }
                }
                (sync_button(frame))
            },
        })
    };
    html! { section class="c12 card" { (state) } }
}
