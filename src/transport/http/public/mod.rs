//! The public listener: what clients ask.

mod auth;
mod chat;
mod groups;
mod people;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Api, access_log, descriptions, layers, pages};

/// The public API. `websockets` is the route of WebSocket handshakes.
pub fn router(api: Api, websockets: Router) -> Router {
    let (routes, _) = documented().split_for_parts();
    let counted = layers::Counted { listener: "public", metrics: api.metrics.http.clone() };
    routes
        .fallback(pages::file)
        .with_state(api.clone())
        .merge(websockets)
        .method_not_allowed_fallback(layers::wrong_method)
        .layer(DefaultBodyLimit::max(api.config.http.max_body))
        .layer(from_fn_with_state(api.config.http.request_timeout, layers::in_time))
        .layer(layers::cors(&api))
        .layer(from_fn(layers::within_cap))
        .layer(from_fn(layers::secure))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn_with_state(counted, layers::count))
        .layer(from_fn(access_log::log))
}

/// The routes with their descriptions.
pub(super) fn documented() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(chat::location))
        .routes(routes!(chat::histories))
        .routes(routes!(chat::history, chat::send))
        .routes(routes!(chat::pins))
        .routes(routes!(groups::list, groups::make))
        .routes(routes!(groups::show))
        .routes(routes!(groups::join))
        .routes(routes!(groups::leave))
        .routes(routes!(groups::add, groups::remove))
        .routes(routes!(groups::read))
        .routes(routes!(groups::typing))
        .routes(routes!(people::find))
        .routes(routes!(auth::register))
        .routes(routes!(auth::login))
        .routes(routes!(auth::renew))
        .routes(routes!(auth::ticket))
        .routes(routes!(pages::page))
        .routes(routes!(pages::module))
        .routes(routes!(descriptions::public_openapi))
        .routes(routes!(descriptions::asyncapi))
}
