//! How the overview looks.

use cresset_model::Severity;
use maud::{Markup, html};

use super::{Rows, health};
use crate::ui::components::{
    Empty, Kpi, brief, country, empty, kpi, mono, severity_mark, unreadable,
};
use crate::ui::frame::Frame;
use crate::ui::icon::{Icon, icon_tiny};
use crate::ui::selection::Selection;
use crate::ui::text::visible;
use crate::ui::words;

/// What the page shows.
pub(super) struct Model {
    /// Minutes between syncs.
    pub(super) interval_minutes: u32,
    /// What the reader has chosen.
    pub(super) selection: Selection,
    /// The numbers, or why there are none.
    pub(super) numbers: Result<Numbers, String>,
}

/// The numbers of the chosen alerts.
pub(super) struct Numbers {
    /// All.
    pub(super) alerts: u64,
    /// Critical ones.
    pub(super) critical: u64,
    /// The newest critical and high ones.
    pub(super) newest: Rows,
}

/// The page.
pub(super) fn overview(frame: &Frame, model: &Model) -> Markup {
    html! {
        main.page id="page" {
            (health::strip(frame, model.interval_minutes, None))
            (filters(&model.selection))
            @match &model.numbers {
                Ok(numbers) => { (tiles(frame, model, numbers)) (newest(frame, &model.selection, numbers)) }
                Err(cause) => section class="c12 card" { (unreadable("The numbers did not load", cause)) },
            }
        }
    }
}

fn filters(selection: &Selection) -> Markup {
    html! {
        form class="c12 filters" action="/ui/" method="get" hx-get="/ui/" hx-target="#main" hx-swap="outerMorph"
            hx-push-url="true" hx-trigger="submit, change" {
            input type="hidden" name="from" value=(selection.from);
            @if !selection.to.is_empty() { input type="hidden" name="to" value=(selection.to); }
            label.field {
                span { "Severity" }
                select.input name="severity" {
                    option value="" { "All" }
                    @for severity in Severity::ALL.into_iter().rev() {
                        option value=(severity.as_str()) selected[selection.value("severity") == severity.as_str()] {
                            (severity.as_str())
                        }
                    }
                }
            }
            label.field {
                span { "Country code" }
                input.input name="country" size="4" maxlength="100" placeholder="any" value=(selection.value("country"));
            }
            label.field {
                span { "User ID" }
                input.input name="user" size="14" maxlength="200" placeholder="any" value=(selection.value("user"));
            }
            button class="btn sm" type="submit" { "Filter" }
            @if selection.is_narrowed() {
                a class="btn ghost sm" href={ "/ui/?" (selection.cleared().query()) } { "Clear filters" }
            }
            @for flaw in &selection.flaws { p.flaw role="alert" { (flaw) } }
        }
    }
}

fn tiles(frame: &Frame, model: &Model, numbers: &Numbers) -> Markup {
    let selection = &model.selection;
    let link = |selection: &Selection| Some(format!("/ui/alerts?{}", selection.query()));
    let tile = |label, value: u64, href, color| Kpi {
        label,
        value: words::count(value),
        change: None,
        note: String::new(),
        course: Vec::new(),
        color,
        href,
    };
    let waiting = frame.store.as_ref().map_or(0, |store| store.dead_letters);
    html! {
        div.kpis {
            (kpi(&tile(html! { "Alerts" }, numbers.alerts, link(selection), "s-low")))
            (kpi(&tile(
                html! { (severity_mark(Severity::Critical)) " Critical" }, numbers.critical,
                link(&selection.with("severity", "critical")), "s-critical",
            )))
            (kpi(&tile(html! { "Dead letters waiting" }, waiting, Some("/ui/dead-letters".to_owned()), "s-high")))
        }
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
                        text: html! { "No such alert in this window." },
                        actions: html! {},
                    }))
                } @else {
                    ul.feed {
                        @for row in &numbers.newest {
                            li {
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
                }
            }
        }
    }
}
