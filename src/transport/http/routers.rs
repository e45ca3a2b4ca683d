//! Both APIs whole: their routes, with those of their descriptions, behind their layers.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;

use super::{Api, access_log, descriptions, guard, internal, layers, pages, revalidation};

/// The public API. `websockets` is the route of WebSocket handshakes.
pub fn public_router(api: Api, websockets: Router) -> Router {
    let (routes, _) = descriptions::public().split_for_parts();
    let counted = layers::Counted { listener: "public", metrics: api.metrics.http.clone() };
    routes
        .layer(from_fn(revalidation::revalidate))
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

/// The internal API. `more` is served behind the same guard.
pub fn internal_router(api: Api, more: Router) -> Router {
    let (guarded, _) = descriptions::internal().split_for_parts();
    let (open, _) = internal::documented_health().split_for_parts();
    let page = internal::documented_page().split_for_parts().0.merge(pages::operator_files()).with_state(api.clone());
    let counted = layers::Counted { listener: "internal", metrics: api.metrics.http.clone() };
    guarded
        .layer(from_fn(revalidation::revalidate))
        .with_state(api.clone())
        .merge(more)
        .fallback(layers::not_found)
        .method_not_allowed_fallback(layers::wrong_method)
        .layer(DefaultBodyLimit::max(api.config.http.max_body))
        .layer(from_fn_with_state(api.clone(), guard::guard))
        .merge(page.layer(from_fn_with_state(api.clone(), guard::names)))
        .merge(open.with_state(api.clone()))
        .layer(from_fn_with_state(api.config.http.request_timeout, layers::in_time))
        .layer(from_fn(layers::secure))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn_with_state(counted, layers::count))
}
