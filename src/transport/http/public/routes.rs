//! Which requests clients may make.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Api, pages};
use super::{auth, chat, groups, invites, me, messages, people};

/// The routes with their descriptions.
pub(in crate::transport::http) fn documented() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(chat::location))
        .routes(routes!(chat::histories))
        .routes(routes!(chat::history, chat::send))
        .routes(routes!(chat::pins))
        .routes(routes!(messages::seen))
        .routes(routes!(messages::reactions))
        .routes(routes!(groups::list, groups::make))
        .routes(routes!(groups::show, groups::change))
        .routes(routes!(groups::join))
        .routes(routes!(groups::leave))
        .routes(routes!(groups::add, groups::remove))
        .routes(routes!(groups::give_role))
        .routes(routes!(groups::read))
        .routes(routes!(groups::typing))
        .routes(routes!(invites::make, invites::list))
        .routes(routes!(invites::end))
        .routes(routes!(invites::look, invites::join))
        .routes(routes!(people::find))
        .routes(routes!(people::show))
        .routes(routes!(me::show, me::change, me::delete))
        .routes(routes!(me::set_password))
        .routes(routes!(me::end_sessions))
        .routes(routes!(auth::register))
        .routes(routes!(auth::login))
        .routes(routes!(auth::renew))
        .routes(routes!(auth::ticket))
        .routes(routes!(pages::page))
        .routes(routes!(pages::module))
}
