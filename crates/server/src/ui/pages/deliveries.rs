//! `GET /ui/deliveries`: whom was told what, how far it has got, and whether the receivers answer.

mod address;
mod receivers;
mod view;

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use cresset_model::NotificationId;
use cresset_model::notification::DeliveryState;
use cresset_model::ports::{DeliveryFilter, DeliveryPage, ReceiverInfo, Total};
use futures_util::future::try_join_all;
use maud::html;
use tokio::time::Instant;

use crate::ask::{self, Fault};
use crate::services::{App, Shared};
use crate::ui::actions;
use crate::ui::components::Tone;
use crate::ui::frame::Frame;
use crate::ui::shell::{self, Page, Section};
use crate::ui::visit::Visit;

use address::Address;

/// Deliveries of one page.
const ROWS: usize = 30;

/// What a retry may say: word, tone and sentence.
const NOTICES: [(&str, Tone, &str); 3] = [
    ("retried", Tone::Ok, "The delivery is tried again now"),
    (
        "not-retried",
        Tone::Warn,
        "Only deliveries that wait or were given up can be tried again",
    ),
    ("no-delivery", Tone::Err, "There is no such delivery"),
];

/// What is shown.
struct Listing {
    page: DeliveryPage,
    /// Counts of each state, where they are cheap.
    states: Vec<(DeliveryState, Option<Total>)>,
}

/// A notifier, and why it did not take the message.
type Answered = (String, Option<String>);

/// What became of a test of a receiver.
struct Tested {
    receiver: String,
    took: Duration,
    /// What each notifier answered, or why none was asked.
    results: Result<Vec<Answered>, String>,
}

struct Model {
    address: Address,
    listing: Result<Listing, String>,
    receivers: Vec<ReceiverInfo>,
    tested: Option<Tested>,
}

/// The page.
pub(crate) async fn show(State(app): State<Shared>, visit: Visit) -> Response {
    answer(&app, &visit, None).await
}

/// `POST /ui/receivers/{name}/test`: sends a test message and shows what the receiver answered.
pub(crate) async fn test(
    State(app): State<Shared>,
    Path(name): Path<String>,
    visit: Visit,
) -> Response {
    let begun = Instant::now();
    let results = match ask::command(app.services.receivers.test(&name)).await {
        Ok(Ok(results)) => Ok(results
            .into_iter()
            .map(|(notifier, result)| (notifier, result.err().map(|error| error.to_string())))
            .collect()),
        Ok(Err(unknown)) => Err(unknown.to_string()),
        Err(_) => Err("the notifiers did not answer in time".to_owned()),
    };
    let tested = Tested {
        receiver: name,
        took: begun.elapsed(),
        results,
    };
    answer(&app, &visit, Some(tested)).await
}

async fn answer(app: &App, visit: &Visit, tested: Option<Tested>) -> Response {
    let address = Address::read(visit);
    let (frame, listing) = tokio::join!(Frame::of(app), listing(app, &address));
    let model = Model {
        receivers: app.services.receivers.list(),
        listing: listing.map_err(|fault| fault.text()),
        address,
        tested,
    };
    let page = Page {
        section: Section::Deliveries,
        title: Section::Deliveries.name().to_owned(),
        tools: html! {},
        address: Some(model.address.href()),
        notice: notice(visit),
        body: view::deliveries(&frame, &model),
    };
    shell::answer(&frame, visit, &page)
}

async fn listing(app: &App, address: &Address) -> Result<Listing, Fault> {
    let of_state = |state| DeliveryFilter {
        state: Some(state),
        ..address.filter()
    };
    let outbox = &app.services.outbox;
    let states = DeliveryState::ALL.into_iter().map(|state| async move {
        let page = ask::ask(app, outbox.deliveries(of_state(state), None, 1)).await?;
        Ok((state, page.total))
    });
    let page = ask::ask(
        app,
        outbox.deliveries(address.filter(), address.before, ROWS),
    );
    let (page, states) = tokio::try_join!(page, try_join_all(states))?;
    Ok(Listing { page, states })
}

/// `POST /ui/deliveries/{id}/retry`: makes a delivery due now.
pub(crate) async fn retry(
    State(app): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let word = match id.parse::<NotificationId>() {
        Err(_) => "no-delivery",
        Ok(id) => {
            let retry = app.services.outbox.retry(vec![id], app.now());
            match ask::ask(&app, retry).await {
                Ok(0) => "not-retried",
                Ok(_) => "retried",
                Err(_) => "unavailable",
            }
        }
    };
    actions::back(&headers, "/ui/deliveries", word)
}

fn notice(visit: &Visit) -> Option<(Tone, String)> {
    let word = visit.text("notice");
    let own = NOTICES.into_iter().find(|(known, ..)| *known == word);
    match own {
        Some((_, tone, sentence)) => Some((tone, sentence.to_owned())),
        None => actions::notice(visit),
    }
}
