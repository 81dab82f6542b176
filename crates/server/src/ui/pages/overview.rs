//! `GET /ui/`: are we healthy, are we under attack.

mod charts;
mod health;
mod numbers;
mod view;

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use maud::PreEscaped;
use tokio::time::Instant;

use super::window::window_choice;
use crate::services::{App, Shared};
use crate::ui::actions;
use crate::ui::frame::Frame;
use crate::ui::selection::Selection;
use crate::ui::shell::{self, Framed, Page, Section};
use crate::ui::visit::Visit;

/// For how long the changing part is good enough for another viewer of the same address, unless a source
/// changed its state.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The page.
pub(crate) async fn show(State(app): State<Shared>, visit: Visit) -> Response {
    if !visit.fragment || !visit.text("notice").is_empty() || Selection::is_wordy(&visit) {
        return page(&app, &visit).await.send(&visit);
    }
    let sources = app.services.control.sources();
    let state = sources.iter().map(|source| {
        let attempt = source.retry.map(|retry| retry.attempt);
        format!(
            "{:?}{attempt:?}{}{}",
            source.status, source.turns, source.paused
        )
    });
    let key = format!("{:?}{}", visit.pairs, state.collect::<String>());
    let make = async { page(&app, &visit).await.part().into_string() };
    let part = app.glance.of(key, Instant::now() - GOOD_FOR, make).await;
    shell::page_reply(&PreEscaped(part.to_string()))
}

async fn page(app: &App, visit: &Visit) -> Framed {
    let selection = Selection::read(visit, app.now());
    let frame = Frame::of(app).await;
    let model = view::Model {
        interval_minutes: app.services.control.interval_minutes(),
        trigger: numbers::latest_trigger(app, &frame.sources),
        numbers: numbers::ask_for(app, &selection).await,
        told: numbers::told(app).await,
        selection,
    };
    let page = Page {
        section: Section::Overview,
        title: Section::Overview.name().to_owned(),
        tools: window_choice("/ui/", &model.selection),
        address: Some(format!("/ui/?{}", model.selection.query())),
        notice: actions::notice(visit),
        body: view::overview(&frame, &model),
    };
    Framed { frame, page }
}
