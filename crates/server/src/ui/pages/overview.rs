//! `GET /ui/`: are we healthy, are we under attack.

use axum::extract::State;
use axum::response::Response;
use cresset_model::Severity;
use cresset_model::alert::AlertRow;
use cresset_model::ports::PageRequest;
use cresset_model::query::{Range, Test};

use crate::ask;
use crate::services::{App, Shared};
use crate::ui::actions;
use crate::ui::frame::Frame;
use crate::ui::selection::Selection;
use crate::ui::shell::{self, Page, Section};
use crate::ui::visit::Visit;

mod health;
mod view;

use view::{Model, Numbers};

/// Alerts in the list of the newest.
const NEWEST: usize = 6;

/// The page.
pub(crate) async fn show(State(app): State<Shared>, visit: Visit) -> Response {
    let now = app.now();
    let selection = Selection::read(&visit, now);
    let frame = Frame::of(&app).await;
    let numbers = numbers(&app, &selection).await;
    let model = Model {
        interval_minutes: app.services.control.interval_minutes(),
        numbers,
        selection,
    };
    let page = Page {
        section: Section::Overview,
        title: Section::Overview.name().to_owned(),
        tools: super::window::window_choice("/ui/", &model.selection),
        notice: actions::notice(&visit),
        body: view::overview(&frame, &model),
    };
    shell::answer_in(&frame, &visit, &page)
}

async fn numbers(app: &App, selection: &Selection) -> Result<Numbers, String> {
    let all = selection.filter.clone();
    let severe = |least| Range {
        least: Some(least),
        greatest: None,
    };
    let critical = all
        .clone()
        .and(Test::Severity(vec![Range::exactly(Severity::Critical)]));
    let newest = all
        .clone()
        .and(Test::Severity(vec![severe(Severity::High)]));
    let read = async {
        let all = ask::ask(app, app.services.query.alerts(all, counting(1))).await?;
        let critical = ask::ask(app, app.services.query.alerts(critical, counting(1))).await?;
        let newest = ask::ask(app, app.services.query.alerts(newest, counting(NEWEST))).await?;
        Ok(Numbers {
            alerts: all.total.map_or(0, |total| total.value),
            critical: critical.total.map_or(0, |total| total.value),
            newest: newest.items,
        })
    };
    read.await.map_err(|fault: ask::Fault| fault.text())
}

fn counting(limit: usize) -> PageRequest {
    PageRequest {
        before: None,
        limit,
        total: true,
    }
}

/// The rows of the list of the newest.
type Rows = Vec<AlertRow>;
