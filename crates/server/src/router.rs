//! All routes.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};

use crate::access::Access;
use crate::api::{
    alerts, config, dead_letters, deliveries, events, query, receivers, sources, stream, version,
};
use crate::guard::guard;
use crate::serve::Connections;
use crate::services::{App, Services, Shared};
use crate::{docs, metrics, probes, problem, seed_a, ui};

/// All routes of the service over its ports. The same router may serve several listeners, whose connections
/// are `connections`.
pub fn router(services: Services, access: Access, connections: Arc<Connections>) -> Router {
    let app: Shared = Arc::new(App::new(services, access, connections));
    Router::new()
        .merge(original())
        .merge(version_1())
        .merge(operations())
        .merge(ui::routes())
        .method_not_allowed_fallback(seed_a::method_not_allowed)
        .fallback(seed_a::fallback)
        .layer(from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}

/// The original's routes know no HEAD.
fn original() -> Router<Shared> {
    Router::new()
        .route("/alerts", only_get(seed_a::list))
        .route("/health", only_get(seed_a::health))
        .route(
            "/config",
            only_get(seed_a::get_config).post(seed_a::post_config),
        )
        .route("/sync", post(seed_a::sync))
}

fn only_get<H, T>(handler: H) -> MethodRouter<Shared>
where
    H: Handler<T, Shared>,
    T: 'static,
{
    get(handler).head(seed_a::method_not_allowed)
}

fn version_1() -> Router<Shared> {
    let routes = Router::new()
        .route("/alerts", get(alerts::list))
        .route("/alerts/export", get(alerts::export))
        .route("/alerts/facets", get(alerts::facets))
        .route("/alerts/histogram", get(alerts::histogram))
        .route("/alerts/{id}", get(alerts::show))
        .route("/alerts/{id}/related", get(alerts::related))
        .route("/dead-letters", get(dead_letters::list))
        .route("/dead-letters/export", get(dead_letters::export))
        .route("/dead-letters/reasons", get(dead_letters::reasons))
        .route("/dead-letters/redrive", post(dead_letters::redrive_many))
        .route("/dead-letters/{id}", get(dead_letters::show))
        .route(
            "/dead-letters/{id}/redrive",
            post(dead_letters::redrive_one),
        )
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/retry", post(deliveries::retry_many))
        .route("/deliveries/{id}", get(deliveries::show))
        .route("/deliveries/{id}/retry", post(deliveries::retry_one))
        .route("/events/{source}", post(events::push))
        .route("/receivers", get(receivers::list))
        .route("/receivers/{name}/test", post(receivers::test))
        .route("/config/reload", post(config::reload))
        .route("/query/complete", get(query::complete))
        .route("/sources", get(sources::list))
        .route("/sources/{id}", get(sources::show))
        .route("/sources/{id}/attempts", get(sources::attempts))
        .route(
            "/sources/{id}/chaos",
            get(sources::chaos).post(sources::set_chaos),
        )
        .route("/sources/{id}/pause", post(sources::pause))
        .route("/sources/{id}/resume", post(sources::resume))
        .route("/sources/{id}/rewind", post(sources::rewind))
        .route("/sources/{id}/sync", post(sources::sync))
        .route("/stream", get(stream::stream))
        .route("/version", get(version::get));
    Router::new().nest("/api/v1", routes)
}

fn operations() -> Router<Shared> {
    Router::new()
        .route("/livez", get(probes::live))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(metrics::get))
        .route("/openapi.json", get(docs::openapi))
        .route("/docs", get(docs::page))
        .route("/docs/assets/{name}", get(docs::asset))
        .route("/problems/{kind}", get(problem::page))
}
