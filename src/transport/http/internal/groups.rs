//! Groups, for services.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::extract::{self, Asked, Body, PageParams, Segment};
use super::super::layers::{cid_of, idempotency_key};
use super::super::message_views::HistoryView;
use super::super::views::{GroupBody, GroupsView, NewGroup};
use super::Api;
use crate::hub::HistoryQuery;
use crate::transport::problem::{Problem, Problems};

/// All groups.
#[utoipa::path(
    get, path = "/group/", tag = "groups", security((), ("service" = [])), params(PageParams),
    responses(
        (status = 200, description = "A page", body = GroupsView),
        Problems,
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    Asked(params): Asked<PageParams>,
) -> Result<Json<GroupsView>, Problem> {
    let (page, per_page) = params.page()?;
    let (groups, more) = api.hub.all_groups(page, per_page).await?;
    Ok(Json(GroupsView { groups: groups.into_iter().map(GroupBody::from).collect(), more }))
}

/// One group.
#[utoipa::path(
    get, path = "/group/{id}", tag = "groups", security((), ("service" = [])),
    params(("id" = String, Path, description = "The group's id")),
    responses(
        (status = 200, description = "The group", body = GroupBody),
        Problems,
    )
)]
pub(super) async fn one(State(api): State<Api>, Segment(id): Segment<String>) -> Result<Json<GroupBody>, Problem> {
    Ok(Json(api.hub.group(&extract::group_id(&id)?).await?.into()))
}

/// Which page of which group.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct GroupPage {
    /// The group's id.
    #[serde(rename = "groupID")]
    group: String,
    /// Which page; page 0 is the newest.
    page: Option<u64>,
    /// Events on a page (50; at most 200).
    #[serde(rename = "perPage")]
    #[param(minimum = 1, maximum = 200)]
    per_page: Option<usize>,
}

/// A page of a group's messages.
#[utoipa::path(
    get, path = "/group/messages", tag = "groups", security((), ("service" = [])), params(GroupPage),
    responses(
        (status = 200, description = "The page", body = HistoryView),
        Problems,
    )
)]
pub(super) async fn history(
    State(api): State<Api>,
    Asked(asked): Asked<GroupPage>,
) -> Result<Json<HistoryView>, Problem> {
    let per_page = extract::size(asked.per_page, "perPage")?;
    let group = api.hub.group(&extract::group_id(&asked.group)?).await?;
    let query = HistoryQuery::Numbered { page: asked.page.unwrap_or(0), per_page };
    Ok(Json(HistoryView::of(api.hub.group_history(&group, query).await?, None)))
}

/// A user's groups.
#[utoipa::path(
    get, path = "/group/user/{up}", tag = "groups", security((), ("service" = [])),
    params(("up" = String, Path, description = "The user's id or username")),
    responses(
        (status = 200, description = "All of them", body = GroupsView),
        Problems,
    )
)]
pub(super) async fn of_user(
    State(api): State<Api>,
    Segment(user): Segment<String>,
) -> Result<Json<GroupsView>, Problem> {
    let groups = api.hub.groups_of(&user).await?;
    Ok(Json(GroupsView { groups: groups.into_iter().map(GroupBody::from).collect(), more: false }))
}

/// Makes a group. Unknown users are created. Repeated with the same key, it makes no second one.
#[utoipa::path(
    post, path = "/group/", tag = "groups", security((), ("service" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this group among those that services make")),
    request_body = NewGroup,
    responses(
        (status = 201, description = "Made", body = GroupBody),
        Problems,
    )
)]
pub(super) async fn create(
    State(api): State<Api>,
    headers: HeaderMap,
    Body(group): Body<NewGroup>,
) -> Result<(StatusCode, Json<GroupBody>), Problem> {
    let cid = cid_of(None, idempotency_key(&headers)?)?;
    let access = group.access.unwrap_or_default();
    let made = api.hub.create_group_for(&group.name, &group.users, access, cid).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
