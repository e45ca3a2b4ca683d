//! The internal listener: what services and operators ask.

mod cluster;
mod groups;
mod health;
mod messages;
mod users;

pub(super) use health::{alive, gathered};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Api, descriptions, guard, layers, pages};

/// The internal API. `more` is served behind the same guard.
pub fn router(api: Api, more: Router) -> Router {
    let (guarded, _) = documented().split_for_parts();
    let (open, _) = documented_health().split_for_parts();
    let page = documented_page().split_for_parts().0.merge(pages::operator_files()).with_state(api.clone());
    let counted = layers::Counted { listener: "internal", metrics: api.metrics.http.clone() };
    guarded
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

/// The guarded routes with their descriptions.
pub(super) fn documented() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(groups::list, groups::create))
        .routes(routes!(groups::one))
        .routes(routes!(groups::history))
        .routes(routes!(groups::of_user))
        .routes(routes!(messages::list, messages::send))
        .routes(routes!(messages::one))
        .routes(routes!(users::list))
        .routes(routes!(users::put))
        .routes(routes!(cluster::now))
        .routes(routes!(cluster::history))
        .routes(routes!(descriptions::internal_openapi))
}

/// The routes that monitoring asks, with their descriptions.
pub(super) fn documented_health() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(health::metrics)).routes(routes!(health::alive)).routes(routes!(health::ready))
}

/// The operator's page. It holds nothing secret: what it shows it asks for, with the service token
/// where one is needed, which a browser cannot show when it opens a page.
pub(super) fn documented_page() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(pages::operator_page))
}
