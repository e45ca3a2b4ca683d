//! Which requests services, monitoring and operators may make.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Api, pages};
use super::{cluster, followers, groups, health, messages, users};

/// The guarded routes with their descriptions.
pub(in crate::transport::http) fn documented() -> OpenApiRouter<Api> {
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
        .routes(routes!(followers::list))
}

/// The routes that monitoring asks, with their descriptions.
pub(in crate::transport::http) fn documented_health() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(health::metrics)).routes(routes!(health::alive)).routes(routes!(health::ready))
}

/// The operator's page. It holds nothing secret: what it shows it asks for, with the service token
/// where one is needed, which a browser cannot show when it opens a page.
pub(in crate::transport::http) fn documented_page() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(pages::operator_page))
}
