//! The strip and the banners, fetched again every two seconds.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use cresset_model::source::{SourceState, SyncStatus};
use cresset_model::{Timestamp, ports::StoreFacts};
use maud::{Markup, html};

use super::notifications;
use super::text::visible_lines;
use super::view::View;
use super::words;
use crate::ask::{self, Fault};
use crate::seed_a::overall;
use crate::services::{App, Shared};
use crate::{form, reply};

/// Answers with the fragment.
pub(crate) async fn live(State(app): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let pairs = form::pairs(query.as_deref().unwrap_or_default());
    let fragment = fragment(&app, &View::read(&pairs), None).await;
    reply::typed(StatusCode::OK, reply::HTML, fragment.into_string())
}

/// The fragment; `notice` says what an action did.
pub(super) async fn fragment(app: &App, view: &View, notice: Option<&str>) -> Markup {
    let sources = app.services.control.sources();
    let now = app.now();
    let facts = ask::facts(app).await;
    let critical = match &facts {
        Ok(_) => view.critical(app).await.ok(),
        Err(_) => None,
    };
    let notifications = notifications::strip(app).await;
    html! {
        div id="live" hx-get={ "/ui/live?" (view.query()) } hx-trigger="every 2s" hx-swap="outerHTML" {
            @if app.access.open {
                p.banner.note {
                    "This server is open: everybody who reaches it can read the alerts and start syncs."
                }
            }
            @if let Some(notice) = notice { p.banner.note role="status" { (notice) } }
            @for source in &sources { (retrying(source, now)) }
            @for source in &sources { (last_error(source)) }
            @for source in &sources {
                @for warning in &source.warnings {
                    p.banner.warn { b { (source.id) ": " } (visible_lines(warning)) }
                }
            }
            (strip(&sources, &facts, now))
            (counts(&facts, critical, view))
            (notifications)
        }
    }
}

fn retrying(source: &SourceState, now: Timestamp) -> Markup {
    let Some(retry) = source.retry else {
        return html! {};
    };
    html! {
        p.banner.warn role="status" {
            b { "Retrying " (source.id) } ": attempt " (retry.attempt) " of " (retry.attempts_max)
            " failed, next in " (words::duration(retry.next_at.since(now)))
            ". Nothing is lost: the bookmark stays where it is."
        }
    }
}

fn last_error(source: &SourceState) -> Markup {
    let Some(error) = &source.last_error else {
        return html! {};
    };
    html! {
        div.banner.err role="alert" {
            b { "Last sync error of " (source.id) }
            p { (visible_lines(error)) }
            @if let Some(at) = source.next_sync { p.dim { "Next sync at " (words::instant(at)) } }
        }
    }
}

fn strip(sources: &[SourceState], facts: &Result<StoreFacts, Fault>, now: Timestamp) -> Markup {
    let all = overall(sources);
    let (word, class) = match facts {
        Ok(_) => words::status(all.status),
        Err(_) => words::status(SyncStatus::SystemFailure),
    };
    let lag = all.bookmark.map(|at| words::duration(now.since(at)));
    let next = sources.iter().filter_map(|source| source.next_sync).min();
    let names: Vec<&str> = sources.iter().map(|source| source.id.as_str()).collect();
    let database = if facts.is_ok() {
        html! { span.pill.ok { "Connected" } }
    } else {
        html! { span.pill.err { "Disconnected" } }
    };
    let engine = facts.as_ref().map_or("", |facts| facts.engine.as_str());
    let bookmark = all.bookmark.map_or_else(
        || html! { span.big { "Not set yet" } },
        |at| html! { time.big datetime=(at.to_z()) { (words::bare_instant(at)) } },
    );
    let behind = lag.map_or(String::new(), |lag| format!("UTC, {lag} behind now"));
    html! {
        section.strip aria-label="Service health" {
            (cell("System status", &html! { span.pill.(class) { (word) } }, &names.join(", ")))
            (cell("Database", &database, engine))
            (time_cell("Last sync", all.last_sync, now))
            (time_cell("Last success", all.last_success, now))
            (cell("Event bookmark", &bookmark, &behind))
            (time_cell("Next sync", next, now))
        }
    }
}

fn cell(name: &str, value: &Markup, note: &str) -> Markup {
    html! { div.cell { h2 { (name) } div { (value) } p.dim { (note) } } }
}

fn time_cell(name: &str, at: Option<Timestamp>, now: Timestamp) -> Markup {
    let Some(at) = at else {
        return cell(name, &html! { span.big { "Never" } }, "");
    };
    let said = if at > now {
        format!("in {}", words::duration(at.since(now)))
    } else {
        words::ago(at, now)
    };
    let value = html! { time.big datetime=(at.to_z()) { (said) } };
    cell(name, &value, &words::instant(at))
}

fn counts(facts: &Result<StoreFacts, Fault>, critical: Option<u64>, view: &View) -> Markup {
    let number = |value: Option<u64>| value.map_or("–".to_owned(), words::count);
    let known = facts.as_ref().ok();
    html! {
        section.counts aria-label="Counts" {
            div.cell { h2 { "Alerts stored" } p.number { (number(known.map(|facts| facts.alerts))) } }
            div.cell {
                h2 { "Critical, last " (view.hours) " h" }
                p.number.critical { (number(critical)) }
            }
            div.cell {
                h2 { "Open dead letters" }
                p.number {
                    a href="/api/v1/dead-letters?resolved=false" {
                        (number(known.map(|facts| facts.dead_letters)))
                    }
                }
            }
        }
    }
}
