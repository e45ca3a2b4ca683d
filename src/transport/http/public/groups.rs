//! The caller's groups: what clients ask by the frames `groups`, `group`, `create`, `change`, `join`, `leave`, `add`,
//! `remove`, `role`, `read` and `typing`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::extract::{self, Asked, Body, Caller, MaybeBody, Segment};
use super::super::group_views::{
    GivenRole, GroupChange, JoinedBy, NewOwnGroup, OwnGroupView, OwnGroupsView, ReadUpTo, ShownGroupView,
};
use super::super::layers::idempotency_key;
use super::Api;
use crate::domain::{GroupId, PAGE_MAX, Place, Refusal, UserId, requested_size};
use crate::hub::ListedFrom;
use crate::transport::problem::{Problem, Problems};

/// Which of the caller's groups.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OwnGroupsParams {
    /// The `next` of the page before: the list goes on behind it, whatever moved meanwhile.
    #[param(value_type = Option<String>)]
    cursor: Option<Place>,
    /// As in older versions, the last group of the page before: give `cursor`.
    #[param(value_type = Option<String>)]
    after: Option<GroupId>,
    /// Groups on a page (200, and at most 200).
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// The caller's groups, newest activity first.
#[utoipa::path(
    get, path = "/chat", tag = "groups", security(("bearer" = [])), params(OwnGroupsParams),
    responses(
        (status = 200, description = "A page of them", body = OwnGroupsView),
        Problems,
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    Caller(caller): Caller,
    Asked(params): Asked<OwnGroupsParams>,
) -> Result<Json<OwnGroupsView>, Problem> {
    if params.cursor.is_some() && params.after.is_some() {
        return Err(Refusal::bad_frame("give `cursor` or `after`, not both").into());
    }
    let limit = params.limit.map(|limit| requested_size("limit", limit, PAGE_MAX)).transpose()?;
    let from = ListedFrom::named(params.cursor, params.after);
    let (groups, next) = api.hub.calls().own_groups(&caller.user, from, limit).await?;
    let groups = groups.into_iter().map(|group| OwnGroupView::of(group, &caller.user)).collect();
    Ok(Json(OwnGroupsView { groups, more: next.is_some(), next }))
}

/// Makes a group.
#[utoipa::path(
    post, path = "/chat", tag = "groups", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Serves as `cid`")),
    request_body = NewOwnGroup,
    responses(
        (status = 201, description = "Made", body = OwnGroupView),
        Problems,
    )
)]
pub(super) async fn make(
    State(api): State<Api>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Body(group): Body<NewOwnGroup>,
) -> Result<(StatusCode, Json<OwnGroupView>), Problem> {
    let asked = group.asked(idempotency_key(&headers)?)?;
    let made = api.hub.calls().create(&caller.user, asked).await?;
    Ok((StatusCode::CREATED, Json(OwnGroupView::of(made, &caller.user))))
}

/// One of the caller's groups; of an open one that the caller is not in its name, `access` and how many are in it.
#[utoipa::path(
    get, path = "/chat/{group}", tag = "groups", security(("bearer" = [])),
    params(("group" = String, Path, description = "The group's id")),
    responses(
        (status = 200, description = "The group", body = ShownGroupView),
        Problems,
    )
)]
pub(super) async fn show(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(group): Segment<String>,
) -> Result<Json<ShownGroupView>, Problem> {
    let group = api.hub.calls().group(&caller.user, &extract::group_id(&group)?).await?;
    Ok(Json(ShownGroupView::of(group, &caller.user)))
}

/// Changes a group; by an admin. What is absent stays. Stored when this is answered.
#[utoipa::path(
    patch, path = "/chat/{group}", tag = "groups", security(("bearer" = [])),
    params(("group" = String, Path, description = "The group's id")), request_body = GroupChange,
    responses((status = 204, description = "The group is as it was asked for"), Problems)
)]
pub(super) async fn change(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(group): Segment<String>,
    Body(change): Body<GroupChange>,
) -> Result<StatusCode, Problem> {
    let (asked, password) = change.asked()?;
    let group = extract::group_id(&group)?;
    api.hub.calls().change(&caller.user, &group, asked, password.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the caller a member of an open group, or of one whose password they know.
#[utoipa::path(
    post, path = "/chat/{group}/join", tag = "groups", security(("bearer" = [])),
    params(("group" = String, Path, description = "The group's id")), request_body(content = JoinedBy, description = "May be left out"),
    responses((status = 204, description = "The caller is a member"), Problems)
)]
pub(super) async fn join(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(group): Segment<String>,
    body: MaybeBody<JoinedBy>,
) -> Result<StatusCode, Problem> {
    let password = body.0.and_then(|body| body.password);
    api.hub.calls().join(&caller.user, &extract::group_id(&group)?, password.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the caller a member no more.
#[utoipa::path(
    post, path = "/chat/{group}/leave", tag = "groups", security(("bearer" = [])),
    params(("group" = String, Path, description = "The group's id")),
    responses((status = 204, description = "The caller is no member"), Problems)
)]
pub(super) async fn leave(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(group): Segment<String>,
) -> Result<StatusCode, Problem> {
    api.hub.calls().leave(&caller.user, &extract::group_id(&group)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a user a member; by an admin.
#[utoipa::path(
    put, path = "/chat/{group}/members/{user}", tag = "groups", security(("bearer" = [])),
    params(
        ("group" = String, Path, description = "The group's id"),
        ("user" = String, Path, description = "A known user's id"),
    ),
    responses((status = 204, description = "The user is a member"), Problems)
)]
pub(super) async fn add(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment((group, user)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    api.hub.calls().add(&caller.user, &extract::group_id(&group)?, vec![user_id(&user)?]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a user a member no more; by an admin.
#[utoipa::path(
    delete, path = "/chat/{group}/members/{user}", tag = "groups", security(("bearer" = [])),
    params(
        ("group" = String, Path, description = "The group's id"),
        ("user" = String, Path, description = "The user's id"),
    ),
    responses((status = 204, description = "The user is no member"), Problems)
)]
pub(super) async fn remove(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment((group, user)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    api.hub.calls().remove(&caller.user, &extract::group_id(&group)?, vec![user_id(&user)?]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a member a role; by an admin. The last admin stays one (`conflict`).
#[utoipa::path(
    put, path = "/chat/{group}/members/{user}/role", tag = "groups", security(("bearer" = [])),
    params(
        ("group" = String, Path, description = "The group's id"),
        ("user" = String, Path, description = "The member's id"),
    ),
    request_body = GivenRole,
    responses((status = 204, description = "The user has the role, where they are a member"), Problems)
)]
pub(super) async fn give_role(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment((group, user)): Segment<(String, String)>,
    Body(given): Body<GivenRole>,
) -> Result<StatusCode, Problem> {
    let users = vec![user_id(&user)?];
    api.hub.calls().give_role(&caller.user, &extract::group_id(&group)?, users, given.role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Notes up to where the caller has read. Stored when this is answered.
#[utoipa::path(
    post, path = "/chat/{group}/read", tag = "groups", security(("bearer" = [])),
    params(("group" = String, Path, description = "The group's id")), request_body = ReadUpTo,
    responses((status = 204, description = "Noted"), Problems)
)]
pub(super) async fn read(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(group): Segment<String>,
    Body(body): Body<ReadUpTo>,
) -> Result<StatusCode, Problem> {
    api.hub.calls().read(&caller.user, &extract::group_id(&group)?, body.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells those who watch the group that the caller types.
#[utoipa::path(
    post, path = "/chat/{group}/typing", tag = "groups", security(("bearer" = [])),
    params(("group" = String, Path, description = "The group's id")),
    responses((status = 204, description = "Told, as far as it goes"), Problems)
)]
pub(super) async fn typing(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(group): Segment<String>,
) -> Result<StatusCode, Problem> {
    api.hub.calls().typing(&caller.user, &extract::group_id(&group)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn user_id(text: &str) -> Result<UserId, Refusal> {
    Ok(UserId::parse(text)?)
}
