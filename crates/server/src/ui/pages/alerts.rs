//! `GET /ui/alerts`: the list, with one alert beside it.

mod columns;
mod facets;
mod nothing;
mod place;
mod read;
mod rows;
mod view;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::time::Instant;

use super::alert;
use super::window::window_choice;
use crate::services::Shared;
use crate::ui::actions;
use crate::ui::frame::Frame;
use crate::ui::shell::{self, Page, Section};
use crate::ui::visit::Visit;

pub(crate) use columns::choose_columns;
pub(super) use place::Place;

use columns::Column;

/// The page.
pub(crate) async fn show(State(app): State<Shared>, visit: Visit, headers: HeaderMap) -> Response {
    let begun = Instant::now();
    let place = Place::read(&visit, app.now());
    let listing = async {
        if place.selection.flaws.is_empty() {
            Some(read::listing(&app, &place).await)
        } else {
            None
        }
    };
    let (frame, listing, panel) =
        tokio::join!(Frame::of(&app), listing, alert::beside(&app, place.open));
    let model = view::Model {
        columns: Column::chosen(&headers),
        listing: listing.map(|listing| listing.map_err(|fault| fault.text())),
        panel,
        took: begun.elapsed(),
        place,
    };
    let page = Page {
        section: Section::Alerts,
        title: Section::Alerts.name().to_owned(),
        tools: window_choice("/ui/alerts", &model.place.selection),
        address: Some(model.place.href()),
        notice: actions::notice(&visit),
        body: view::alerts(&frame, &model),
    };
    shell::answer(&frame, &visit, &page)
}

/// `GET /ui/parts/alerts/rows`: further rows, for the end of the list.
pub(crate) async fn rows_part(
    State(app): State<Shared>,
    visit: Visit,
    headers: HeaderMap,
) -> Response {
    let place = Place::read(&visit, app.now());
    let columns = Column::chosen(&headers);
    let part = match read::rows(&app, &place).await {
        Ok(page) => rows::rows(&place, &columns, &page),
        Err(fault) => rows::again(&place, &fault.text()),
    };
    shell::page_reply(&part)
}

/// `GET /ui/parts/alerts/fresh`: how many chosen alerts have arrived since the list was drawn.
pub(crate) async fn fresh_part(State(app): State<Shared>, visit: Visit) -> Response {
    let place = Place::read(&visit, app.now());
    let newest = visit.text("newest").parse().unwrap_or(0);
    // Where the store does not answer, the banner says so already.
    let count = read::fresh(&app, &place, newest).await.unwrap_or(0);
    shell::page_reply(&view::fresh(&place, newest, count))
}

/// `GET /ui/parts/alerts/panel`: the alert beside the list, or nothing.
pub(crate) async fn panel_part(State(app): State<Shared>, visit: Visit) -> Response {
    let place = Place::read(&visit, app.now());
    let beside = alert::beside(&app, place.open).await;
    shell::page_reply(&alert::panel(&place, &beside))
}
