//! How the list looks.

use std::time::Duration;

use cresset_model::Severity;
use cresset_model::Timestamp;
use cresset_model::alert::Seq;
use cresset_model::ports::Total;
use cresset_model::query::SeverityCounts;
use maud::{Markup, html};

use super::columns::Column;
use super::place::Place;
use super::read::{FRESH_MAX, Listing};
use super::{facets, nothing, rows};
use crate::ui::charts::{Bucket, Histogram, histogram};
use crate::ui::components::{QueryBar, query_bar, unreadable};
use crate::ui::frame::Frame;
use crate::ui::icon::{Icon, icon_small, icon_tiny};
use crate::ui::pages::alert::{self, Beside};
use crate::ui::selection::Selection;
use crate::ui::words;

/// What the page shows.
pub(super) struct Model {
    /// Where the reader is.
    pub(super) place: Place,
    /// The columns of the table.
    pub(super) columns: Vec<Column>,
    /// What is chosen, or why it cannot be read; `None` where the query makes no sense.
    pub(super) listing: Option<Result<Listing, String>>,
    /// The alert beside the list.
    pub(super) panel: Beside,
    /// How long the ports took.
    pub(super) took: Duration,
}

/// The page.
pub(super) fn alerts(frame: &Frame, model: &Model) -> Markup {
    let place = &model.place;
    let wide = matches!(model.panel, Beside::Nothing);
    html! {
        main.triage.wide[wide] id="page" data-alerts {
            aside.facets id="facets" aria-label="Filters" {
                a class="btn sm wide back" href="#page" { "Show the alerts" }
                @if let Some(Ok(listing)) = &model.listing { (facets::facets(place, &listing.facets)) }
            }
            section.list aria-label="Alerts" {
                (bar(place))
                @match &model.listing {
                    None => (nothing::flawed(place)),
                    Some(Err(cause)) => (unreadable("Failed to fetch alerts", cause)),
                    Some(Ok(listing)) => (list(frame, model, listing)),
                }
            }
            (alert::panel(place, &model.panel))
        }
    }
}

fn bar(place: &Place) -> Markup {
    let href = |selection: &Selection| place.choosing(selection.clone()).href();
    let open = place.open.map(|open| ("open", open.to_string()));
    query_bar(&QueryBar {
        action: "/ui/alerts",
        selection: &place.selection,
        kept: open.into_iter().collect(),
        href: &href,
    })
}

fn list(frame: &Frame, model: &Model, listing: &Listing) -> Markup {
    let place = &model.place;
    html! {
        (strip(place, listing))
        (tools(frame, model, listing))
        div.scroll id="rows" tabindex="0" role="region" aria-label="List of alerts" {
            @if listing.page.items.is_empty() { (nothing::nothing(frame, place, listing)) }
            @else {
                table {
                    caption.sr { "Alerts, the newest arrival first" }
                    thead {
                        tr {
                            th scope="col" { "Severity" }
                            @if model.columns.contains(&Column::Time) { th scope="col" { "Time" } }
                            th scope="col" { "Alert" }
                            @for column in model.columns.iter().filter(|column| **column != Column::Time) {
                                th scope="col" class=(column.word()) { (column.name()) }
                            }
                            th.when scope="col" { "Time" }
                        }
                    }
                    tbody { (rows::rows(place, &model.columns, &listing.page)) }
                }
            }
        }
        (hints(model))
    }
}

fn strip(place: &Place, listing: &Listing) -> Markup {
    let edges = listing.histogram.buckets.edges();
    let (Some(from), Some(to)) = (edges.first(), edges.last()) else {
        return html! {};
    };
    let zoom = |from: Timestamp, to: Timestamp| {
        let narrowed = place
            .selection
            .with("from", &from.to_z())
            .with("to", &to.to_z());
        place.choosing(narrowed).href()
    };
    html! {
        div.strip {
            (histogram(&Histogram {
                from: *from,
                to: *to,
                buckets: listing.histogram.counts.iter().map(bucket).collect(),
                class: "low",
                zoom: &zoom,
            }))
        }
    }
}

fn bucket(counts: &SeverityCounts) -> Bucket {
    let of = |severity| counts.of(severity);
    Bucket {
        counts: [
            of(Severity::Critical),
            of(Severity::High),
            of(Severity::Medium),
            of(Severity::Low),
            of(Severity::Info) + of(Severity::Unknown),
        ],
    }
}

fn tools(frame: &Frame, model: &Model, listing: &Listing) -> Markup {
    let place = &model.place;
    let query = place.selection.query();
    let export = |format: &str| format!("/api/v1/alerts/export?{query}&format={format}");
    html! {
        div.tools {
            span.strong id="total" { (total(listing.page.total)) }
            @if let Ok(store) = &frame.store { span.muted { "of " (words::count(store.alerts)) " stored" } }
            @if place.selection.is_narrowed() {
                a.link href=(place.choosing(place.selection.cleared()).href()) { "Clear filters" }
            }
            @if place.before.is_none() {
                (fresh(place, listing.page.items.first().map_or(0, |row| row.seq), 0))
            } @else {
                span.grow {}
                a class="btn sm" href=(place.going(None).href()) { (icon_tiny(Icon::ArrowUp)) "Newest" }
            }
            a class="btn sm filter" href="#facets" { (icon_tiny(Icon::Funnel)) "Filters" }
            details.menu.columns data-details {
                summary class="btn sm" { (icon_tiny(Icon::Columns3)) "Columns" }
                form.pop action="/ui/alerts/columns" method="post" {
                    input type="hidden" name="back" value=(place.href());
                    @for column in Column::ALL {
                        label.row {
                            input type="checkbox" name="column" value=(column.word())
                                checked[model.columns.contains(&column)];
                            (column.name())
                        }
                    }
                    button class="btn sm" type="submit" { "Apply" }
                }
            }
            details.menu data-details {
                summary class="btn sm" { (icon_tiny(Icon::Download)) "Export" }
                div.pop {
                    a href=(export("csv")) download { (icon_small(Icon::FileText)) "CSV" small { "for spreadsheets" } }
                    a href=(export("ndjson")) download { (icon_small(Icon::Braces)) "NDJSON" small { "one object a line" } }
                    button type="button" data-copy-view hidden { (icon_small(Icon::Link)) "Copy link" small { "times made absolute" } }
                    button type="button" data-copy-curl={ "/api/v1/alerts?" (query) } hidden { (icon_small(Icon::Terminal)) "Copy as curl" }
                    p.muted { "Exactly what is filtered: " (total(listing.page.total)) "." }
                }
            }
        }
    }
}

fn total(total: Option<Total>) -> String {
    match total {
        Some(total) if total.exact => words::counted(total.value, "alert"),
        Some(total) => format!("{}+ alerts", words::count(total.value)),
        None => "Alerts".to_owned(),
    }
}

/// Says what is new; pressing it draws the list anew, and nothing else does. It stands where no row has to
/// make room for it.
pub(super) fn fresh(place: &Place, newest: Seq, count: usize) -> Markup {
    let query = place.going(None).query();
    html! {
        div.grow id="fresh" role="status" hx-get={ "/ui/parts/alerts/fresh?" (query) "&newest=" (newest) }
            hx-trigger="cresset:alerts from:body" hx-swap="outerHTML" {
            @if count > 0 {
                a.newbar href=(place.going(None).href()) data-fresh {
                    (icon_small(Icon::ArrowUp))
                    @if count >= FRESH_MAX { (FRESH_MAX) "+ new alerts" }
                    @else { (words::counted(count as u64, "new alert")) }
                    kbd { "." }
                }
            }
        }
    }
}

fn hints(model: &Model) -> Markup {
    let keys = [
        (&["J", "K"][..], "move"),
        (&["Enter"], "open"),
        (&["F"], "filter by value"),
        (&["Shift F"], "exclude"),
        (&["."], "load new"),
        (&["?"], "all keys"),
    ];
    html! {
        div.hint {
            @for (names, meaning) in keys {
                span { @for name in names { kbd { (name) } } (meaning) }
            }
            span.right title="how long the store took to answer" { (model.took.as_millis()) " ms" }
        }
    }
}
