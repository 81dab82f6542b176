//! One alert with everything that explains it: beside the list, and as a page of its own.

mod evidence;
mod head;
mod history;
mod record;
mod why;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use cresset_model::AlertId;
use cresset_model::alert::AlertDetail;
use cresset_model::notification::Delivery;
use cresset_model::ports::{DeliveryFilter, Related};
use maud::{Markup, html};

use super::alerts::Place;
use crate::ask::{Fault, ask};
use crate::services::{App, Shared};
use crate::ui::actions;
use crate::ui::components::{Empty, empty, unreadable};
use crate::ui::frame::Frame;
use crate::ui::icon::Icon;
use crate::ui::shell::{self, Page, Section};
use crate::ui::visit::Visit;

pub(super) use history::{state_tone, state_word};

/// Deliveries that are shown; their own page has all.
const DELIVERIES: usize = 20;
/// Alerts that are shown of each kind of related ones.
const RELATED: usize = 3;

/// What stands beside the list.
pub(super) enum Beside {
    /// No alert is open.
    Nothing,
    /// There is no such alert.
    Missing(AlertId),
    /// It cannot be read: why.
    Unreadable(String),
    /// The alert.
    Alert(Box<Facts>),
}

/// Everything about an alert.
pub(super) struct Facts {
    detail: AlertDetail,
    related: Vec<Related>,
    deliveries: Vec<Delivery>,
}

/// Reads the open alert.
pub(super) async fn beside(app: &App, open: Option<AlertId>) -> Beside {
    let Some(id) = open else {
        return Beside::Nothing;
    };
    match facts(app, id).await {
        Ok(Some(facts)) => Beside::Alert(Box::new(facts)),
        Ok(None) => Beside::Missing(id),
        Err(fault) => Beside::Unreadable(fault.text()),
    }
}

async fn facts(app: &App, id: AlertId) -> Result<Option<Facts>, Fault> {
    let told = DeliveryFilter {
        alert: Some(id),
        ..DeliveryFilter::default()
    };
    let (detail, related, told) = tokio::try_join!(
        ask(app, app.services.query.alert(id)),
        ask(app, app.services.explore.related(id, RELATED)),
        ask(app, app.services.outbox.deliveries(told, None, DELIVERIES)),
    )?;
    Ok(detail.map(|detail| Facts {
        detail,
        related: related.unwrap_or_default(),
        deliveries: told.items,
    }))
}

/// The panel; hidden while no alert is open.
pub(super) fn panel(place: &Place, beside: &Beside) -> Markup {
    let open = !matches!(beside, Beside::Nothing);
    html! {
        aside.detail id="panel" hidden[!open] aria-label="Alert" data-id=[place.open.filter(|_| open)] {
            @match beside {
                Beside::Nothing => {},
                Beside::Missing(id) => { (head::bare(place)) (missing(*id)) }
                Beside::Unreadable(cause) => { (head::bare(place)) (unreadable("The alert cannot be read", cause)) }
                Beside::Alert(facts) => {
                    (head::head(place, facts, head::Form::Panel))
                    (head::tabs(facts))
                    (why::why(&facts.detail))
                    (evidence::context(place, facts))
                    (record::record(&facts.detail))
                    (evidence::enrichment(&facts.detail))
                    (history::deliveries(place, facts))
                    (history::timeline(place, facts))
                    (evidence::related(place, facts, head::Form::Panel))
                }
            }
        }
    }
}

/// `GET /ui/alerts/{id}`.
pub(crate) async fn show(
    State(app): State<Shared>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let place = Place::read(&visit, app.now());
    let id: Option<AlertId> = id.parse().ok();
    let (frame, beside) = tokio::join!(Frame::of(&app), beside(&app, id));
    let status = match beside {
        Beside::Nothing | Beside::Missing(_) => StatusCode::NOT_FOUND,
        Beside::Unreadable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Beside::Alert(_) => StatusCode::OK,
    };
    let page = Page {
        section: Section::Alerts,
        title: "Alert".to_owned(),
        tools: html! {},
        address: None,
        notice: actions::notice(&visit),
        body: whole(&place, &beside),
    };
    let mut response = shell::answer(&frame, &visit, &page);
    *response.status_mut() = status;
    response
}

fn whole(place: &Place, beside: &Beside) -> Markup {
    let list = place.opening(None).href();
    html! {
        main class="page alert" id="page" data-alert=[id_of(beside)] {
            @match beside {
                Beside::Nothing => section class="c12 card" { (no_id(&list)) },
                Beside::Missing(id) => section class="c12 card" { (missing(*id)) },
                Beside::Unreadable(cause) => section class="c12 card" { (unreadable("The alert cannot be read", cause)) },
                Beside::Alert(facts) => {
                    section class="c12 card" { (head::head(place, facts, head::Form::Page)) }
                    div class="c7 stack" {
                        section.card { (why::why(&facts.detail)) }
                        section.card { (record::record(&facts.detail)) }
                    }
                    div class="c5 stack" {
                        section.card { (evidence::context(place, facts)) (evidence::enrichment(&facts.detail)) }
                        section.card { (history::deliveries(place, facts)) (history::timeline(place, facts)) }
                        section.card { (evidence::related(place, facts, head::Form::Page)) }
                    }
                }
            }
        }
    }
}

fn id_of(beside: &Beside) -> Option<AlertId> {
    match beside {
        Beside::Alert(facts) => Some(facts.detail.row.id),
        _ => None,
    }
}

fn missing(id: AlertId) -> Markup {
    empty(&Empty {
        icon: Icon::Inbox,
        title: "There is no such alert",
        text: html! {
            "No alert has the id " span.mono { (id) } ". Retention may have taken it, or it belongs to another store."
        },
        actions: html! { a class="btn sm" href="/ui/alerts" { "All alerts" } },
    })
}

fn no_id(list: &str) -> Markup {
    empty(&Empty {
        icon: Icon::Inbox,
        title: "This is no id of an alert",
        text: html! { "An id has 26 letters and digits, such as those in the links of the list." },
        actions: html! { a class="btn sm" href=(list) { "All alerts" } },
    })
}
