//! Users, for services.

use axum::Json;
use axum::extract::State;

use super::super::extract::{Asked, Body, PageParams, Segment};
use super::super::views::{ProfileUpdate, UserView, UsersView};
use super::Api;
use crate::domain::UserId;
use crate::transport::problem::{Problem, Problems};

/// All users.
#[utoipa::path(
    get, path = "/user/", tag = "users", security((), ("service" = [])), params(PageParams),
    responses(
        (status = 200, description = "A page", body = UsersView),
        Problems,
    )
)]
pub(super) async fn list(State(api): State<Api>, Asked(params): Asked<PageParams>) -> Result<Json<UsersView>, Problem> {
    let (page, per_page) = params.page()?;
    let (users, more) = api.hub.all_users(page, per_page).await?;
    Ok(Json(UsersView { users: users.into_iter().map(UserView::from).collect(), more }))
}

/// Sets a user's profile; creates the user when unknown.
#[utoipa::path(
    post, path = "/user/{up}", tag = "users", security((), ("service" = [])), request_body = ProfileUpdate,
    params(("up" = String, Path, description = "The user's id, which does not begin with `hub.`")),
    responses(
        (status = 200, description = "As it is now", body = UserView),
        Problems,
    )
)]
pub(super) async fn put(
    State(api): State<Api>,
    Segment(user): Segment<String>,
    Body(update): Body<ProfileUpdate>,
) -> Result<Json<UserView>, Problem> {
    let user = UserId::parse(&user).map_err(crate::domain::Refusal::from)?;
    let found = api.hub.put_user(&user, update.username.as_deref(), update.name.as_deref()).await?;
    Ok(Json(found.into()))
}
