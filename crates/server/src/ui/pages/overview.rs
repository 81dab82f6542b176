//! `GET /ui/`: are we healthy, are we under attack.

mod charts;
mod health;
mod numbers;
mod view;

use axum::extract::State;
use axum::response::Response;

use super::window::window_choice;
use crate::services::Shared;
use crate::ui::actions;
use crate::ui::frame::Frame;
use crate::ui::selection::Selection;
use crate::ui::shell::{self, Page, Section};
use crate::ui::visit::Visit;

/// The page.
pub(crate) async fn show(State(app): State<Shared>, visit: Visit) -> Response {
    let selection = Selection::read(&visit, app.now());
    let frame = Frame::of(&app).await;
    let model = view::Model {
        interval_minutes: app.services.control.interval_minutes(),
        trigger: numbers::latest_trigger(&app, &frame.sources),
        numbers: numbers::ask_for(&app, &selection).await,
        told: numbers::told(&app).await,
        selection,
    };
    let page = Page {
        section: Section::Overview,
        title: Section::Overview.name().to_owned(),
        tools: window_choice("/ui/", &model.selection),
        address: Some(format!("/ui/?{}", model.selection.query())),
        notice: actions::notice(&visit),
        body: view::overview(&frame, &model),
    };
    shell::answer(&frame, &visit, &page)
}
