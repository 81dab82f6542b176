//! `GET /api/v1/deliveries`.

use axum::extract::{OriginalUri, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use cresset_model::AlertId;
use cresset_model::config::nearest;
use cresset_model::notification::DeliveryState;
use cresset_model::ports::DeliveryFilter;

use super::item::Item;
use crate::api::page::Page;
use crate::api::params::Params;
use crate::problem::{Flaw, Kind, Problem};
use crate::services::Shared;
use crate::{ask, form};

/// Lists deliveries, newest decision first.
pub(crate) async fn list(
    State(app): State<Shared>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let mut params = Params::read(uri.path(), query.as_deref());
    params.only(&["receiver", "state", "alert"]);
    let (request, fingerprint) = params.page();
    let filter = filter_of(&mut params);
    if !params.flaws.is_empty() {
        return Problem::flawed(Kind::InvalidQuery, uri.path(), params.flaws).into_response();
    }
    let outbox = &app.services.outbox;
    match ask::ask(
        &app,
        outbox.deliveries(filter, request.before, request.limit),
    )
    .await
    {
        Err(fault) => Problem::fault(uri.path(), &fault).into_response(),
        Ok(rows) => Page {
            path: uri.path(),
            pairs: &params.pairs,
            items: rows.items.into_iter().map(Item::from).collect(),
            next: rows.next,
            fingerprint,
            total: rows.total.filter(|_| request.total),
        }
        .respond(),
    }
}

fn filter_of(params: &mut Params) -> DeliveryFilter {
    let value = |name: &str| form::last(&params.pairs, name);
    let state = value("state").map(state_of).transpose();
    let alert = value("alert").map(str::parse::<AlertId>).transpose();
    let receiver = value("receiver").map(str::to_owned);
    if let Err(text) = &state {
        params.flaws.push(Flaw::parameter("state", text));
    }
    if let Err(error) = &alert {
        params
            .flaws
            .push(Flaw::parameter("alert", error.to_string()));
    }
    DeliveryFilter {
        receiver,
        state: state.ok().flatten(),
        alert: alert.ok().flatten(),
    }
}

/// The state of a word, or what to write instead.
fn state_of(word: &str) -> Result<DeliveryState, String> {
    DeliveryState::from_word(word).ok_or_else(|| {
        let known = DeliveryState::ALL.map(DeliveryState::as_str);
        match nearest(word, &known) {
            Some(near) => format!("unknown state `{word}`: did you mean `{near}`?"),
            None => format!("unknown state `{word}`: {} are known", known.join(", ")),
        }
    })
}
