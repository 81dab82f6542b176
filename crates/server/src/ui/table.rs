//! The latest alerts, fetched again every two seconds and drawn again only when they have changed.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use cresset_model::alert::AlertRow;
use cresset_model::id::hash128;
use cresset_model::ports::AlertPage;
use cresset_model::{Severity, ip};
use maud::{Markup, html};

use super::text::visible;
use super::view::{View, by_source};
use super::words;
use crate::ask::Fault;
use crate::services::{App, Shared};
use crate::{form, reply};

/// Rows of the table.
const ROWS_SHOWN: usize = 50;

/// Answers with the fragment, or with 204 if the client shows it already.
pub(crate) async fn alerts(State(app): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let pairs = form::pairs(query.as_deref().unwrap_or_default());
    let (fragment, digest) = fragment(&app, &View::read(&pairs)).await;
    if form::last(&pairs, "seen") == Some(digest.as_str()) {
        // Untouched markup keeps the reader's selection and place.
        return reply::empty(StatusCode::NO_CONTENT);
    }
    reply::typed(StatusCode::OK, reply::HTML, fragment.into_string())
}

/// The fragment and the digest of what it shows.
pub(super) async fn fragment(app: &App, view: &View) -> (Markup, String) {
    let inner = match view.alerts(app).await {
        Ok(page) if page.items.is_empty() => empty(view),
        Ok(page) => filled(&page),
        Err(fault) => failed(&fault),
    };
    let digest = format!("{:032x}", hash128(&[inner.0.as_bytes()]));
    let query = view.query();
    let whole = html! {
        div id="alerts" hx-get={ "/ui/alerts?" (query) "&seen=" (digest) } hx-trigger="every 2s"
            hx-swap="outerHTML" { (inner) }
    };
    (whole, digest)
}

fn failed(fault: &Fault) -> Markup {
    html! { p.banner.err role="alert" { "The alerts cannot be read. " (fault.text()) "." } }
}

fn empty(view: &View) -> Markup {
    html! {
        div.empty {
            @if view.is_narrowed() {
                h2 { "No alert matches" }
                p { "Widen the time window or clear the filters: " a href="/" { "show all" } "." }
            } @else {
                h2 { "No alerts in the last " (view.hours) " h" }
                p { "Press " b { "Sync now" } " to ask the source at once, or wait for the next sync." }
                p { "If the status above is red, the error says what to mend: mostly the source's address." }
            }
        }
    }
}

fn filled(page: &AlertPage) -> Markup {
    let total = page
        .total
        .map_or(page.items.len() as u64, |total| total.value);
    let more = page.total.is_some_and(|total| !total.exact);
    html! {
        (bars(&page.items))
        section.list aria-label="Latest alerts" {
            h2 {
                "Latest alerts "
                span.dim {
                    (page.items.len().min(ROWS_SHOWN)) " of " @if more { "more than " }
                    (words::count(total))
                }
            }
            div.scroll {
                table {
                    thead {
                        tr {
                            @for name in ["Severity", "Received, UTC", "Source", "Description", "From", "User",
                                "To", "Country", "Happened, UTC"] { th scope="col" { (name) } }
                        }
                    }
                    tbody { @for row in page.items.iter().take(ROWS_SHOWN) { (line(row)) } }
                }
            }
        }
    }
}

fn line(row: &AlertRow) -> Markup {
    let critical = row.severity == Severity::Critical;
    html! {
        tr.critical[critical] {
            td {
                span class=(words::severity_class(row.severity)) {
                    @if critical { "! " } (row.severity.as_str())
                }
            }
            td.time data-name="Received" { (words::bare_instant(row.ingested_at)) }
            td.mono data-name="Source" { (visible(&row.source)) }
            td.text data-name="Description" {
                a href={ "/api/v1/alerts/" (row.id) } {
                    @if let Some(title) = &row.title { b { (visible(title)) } " · " }
                    (visible(&row.description))
                }
                " " span.dim.mono { (visible(&row.upstream_id)) }
            }
            td.mono data-name="From" { (ip::to_string(row.src_ip)) }
            td data-name="User" { (visible(row.user.as_deref().unwrap_or("–"))) }
            td.mono data-name="To" { (row.dst_ip.map_or("–".to_owned(), ip::to_string)) }
            td data-name="Country" { (visible(row.country.as_deref().unwrap_or("–"))) }
            td.time data-name="Happened" { (words::bare_instant(row.created_at)) }
        }
    }
}

fn bars(rows: &[AlertRow]) -> Markup {
    let counts = by_source(rows);
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(1);
    html! {
        section.bars aria-label="Alerts by source" {
            h2 { "By source " span.dim { "latest " (rows.len()) } }
            dl {
                @for (source, count) in counts {
                    div {
                        dt.mono { (visible(source)) }
                        dd {
                            svg width="100%" height="8" aria-hidden="true" {
                                rect width={ (count * 100 / most) "%" } height="8" rx="4" {}
                            }
                            span { (words::count(count)) }
                        }
                    }
                }
            }
        }
    }
}
