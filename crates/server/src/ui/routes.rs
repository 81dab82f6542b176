//! The routes of the pages.

use axum::Router;
use axum::routing::{get, post};

use super::pages::{alert, alerts, dead_letters, deliveries, overview, sources};
use super::{actions, assets, commands, live, shell, theme};
use crate::services::Shared;

/// All pages, their parts, their buttons and their files.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(shell::home))
        .route("/ui", get(shell::home))
        .route("/ui/", get(overview::show))
        .route("/ui/sources", get(sources::show))
        .route("/ui/sources/{id}/sync", post(actions::sync_one))
        .route("/ui/sources/{id}/pause", post(commands::pause))
        .route("/ui/sources/{id}/resume", post(commands::resume))
        .route("/ui/sources/{id}/rewind", post(commands::rewind))
        .route("/ui/sources/{id}/chaos", post(commands::chaos))
        .route("/ui/alerts", get(alerts::show))
        .route("/ui/alerts/columns", post(alerts::choose_columns))
        .route("/ui/alerts/{id}", get(alert::show))
        .route("/ui/parts/alerts/rows", get(alerts::rows_part))
        .route("/ui/parts/alerts/fresh", get(alerts::fresh_part))
        .route("/ui/parts/alerts/panel", get(alerts::panel_part))
        .route("/ui/dead-letters", get(dead_letters::show))
        .route("/ui/dead-letters/redrive", post(dead_letters::redrive))
        .route("/ui/deliveries", get(deliveries::show))
        .route("/ui/deliveries/{id}/retry", post(deliveries::retry))
        .route("/ui/receivers/{name}/test", post(deliveries::test))
        .route("/ui/sync", post(actions::sync))
        .route("/ui/interval", post(actions::interval))
        .route("/ui/theme", post(theme::choose))
        .route("/ui/live", get(live::live))
        .route("/ui/parts/banners", get(shell::banners_part))
        .route("/ui/assets/{digest}/{name}", get(assets::asset))
}
