//! `GET /ui/sources`: what is read, how it goes, and the hands on it.

mod card;
mod chaos;
mod log;
mod view;

use axum::extract::State;
use axum::response::Response;
use cresset_model::source::{Attempt, SourceState};

use crate::services::Shared;
use crate::ui::actions;
use crate::ui::frame::Frame;
use crate::ui::shell::{self, Page, Section};
use crate::ui::visit::Visit;

/// The page.
pub(crate) async fn show(State(app): State<Shared>, visit: Visit) -> Response {
    let frame = Frame::of(&app).await;
    let attempts = |source: &SourceState| -> Vec<Attempt> {
        app.services
            .control
            .attempts(&source.id)
            .unwrap_or_default()
    };
    let model = view::Model {
        interval_minutes: app.services.control.interval_minutes(),
        attempts: frame.sources.iter().map(attempts).collect(),
    };
    let page = Page {
        section: Section::Sources,
        title: Section::Sources.name().to_owned(),
        tools: maud::html! {},
        address: None,
        notice: actions::notice(&visit),
        body: view::sources(&frame, &model),
    };
    shell::answer(&frame, &visit, &page)
}
