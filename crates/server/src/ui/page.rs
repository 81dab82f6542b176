//! `GET /`.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use cresset_model::Severity;
use maud::{DOCTYPE, Markup, html};

use super::actions::notice_of;
use super::view::{HOURS, View};
use super::{live, table};
use crate::services::Shared;
use crate::{form, reply};

/// Evaluation and injected styles off: the page's policy forbids both.
const HTMX_CONFIG: &str =
    r#"{"allowEval":false,"includeIndicatorStyles":false,"selfRequestsOnly":true}"#;

/// The whole page.
pub(crate) async fn page(State(app): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let pairs = form::pairs(query.as_deref().unwrap_or_default());
    let view = View::read(&pairs);
    let notice = form::last(&pairs, "notice").and_then(notice_of);
    let live = live::fragment(&app, &view, notice).await;
    let (alerts, _) = table::fragment(&app, &view).await;
    let minutes = app.services.control.interval_minutes();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Forms carry their origin, which no-referrer would hide; other hosts hear nothing still.
                meta name="referrer" content="same-origin";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX_CONFIG);
                title { "Cresset" }
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                link rel="stylesheet" href="/assets/app.css";
                script src="/assets/htmx.min.js" defer {}
                script src="/assets/app.js" defer {}
            }
            body {
                (header(minutes))
                main {
                    p id="lost" class="banner err" role="alert" hidden {
                        "Connection lost: what is shown is as old as this message. Trying again."
                    }
                    (live)
                    (filters(&view))
                    (alerts)
                }
                footer {
                    "Cresset " (app.services.facts.version) " · "
                    a href="/docs" { "API" } " · " a href="/metrics" { "metrics" }
                }
            }
        }
    };
    reply::typed(StatusCode::OK, reply::HTML, page.into_string())
}

fn header(minutes: u32) -> Markup {
    html! {
        header {
            h1 { img src="/assets/icon.svg" alt="" width="24" height="24"; "Cresset" }
            form action="/ui/interval" method="post" {
                label {
                    "Sync every "
                    input name="minutes" type="number" min="1" max="10080" required value=(minutes);
                    " min"
                }
                button type="submit" { "Apply" }
            }
            form action="/ui/sync" method="post" hx-post="/ui/sync" hx-target="#live"
                hx-swap="outerHTML" hx-include="#filters" {
                button.primary type="submit" { "Sync now" }
            }
        }
    }
}

fn filters(view: &View) -> Markup {
    let shown = [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Info,
        Severity::Unknown,
    ];
    html! {
        form id="filters" action="/" method="get" {
            label {
                "Time window "
                select name="hours" {
                    @for hours in HOURS {
                        option value=(hours) selected[hours == view.hours] { (hours) " h" }
                    }
                }
            }
            label {
                "Severity "
                select name="severity" {
                    option value="" { "All" }
                    @for severity in shown {
                        option value=(severity.as_str()) selected[Some(severity) == view.severity] {
                            (severity.as_str())
                        }
                    }
                }
            }
            label { "Country " input name="country" size="3" maxlength="2" placeholder="US" value=(view.country); }
            label { "User " input name="user" size="12" maxlength="100" value=(view.user); }
            button type="submit" { "Filter" }
            @if view.is_narrowed() { a href="/" { "Clear" } }
        }
    }
}
