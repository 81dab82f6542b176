//! The routes of the pages.

use axum::Router;
use axum::routing::{get, post};

use super::pages::{overview, sources};
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
        .route("/ui/sync", post(actions::sync))
        .route("/ui/interval", post(actions::interval))
        .route("/ui/theme", post(theme::choose))
        .route("/ui/live", get(live::live))
        .route("/ui/parts/banners", get(shell::banners_part))
        .route("/ui/assets/{digest}/{name}", get(assets::asset))
}
