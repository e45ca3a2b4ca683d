//! Invites: made, listed and ended by admins; looked at and used by whoever has one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::http::request::Parts;

use super::super::extract::{self, Caller, MaybeBody, Segment};
use super::super::invite_views::{InvitationView, InviteView, InvitesView, NewInvite, NewInviteView};
use super::Api;
use crate::domain::{InviteId, Refusal};
use crate::transport::problem::{Problem, Problems};

/// Makes an invite into a group; by an admin. Its token is told this once.
#[utoipa::path(
    post, path = "/chat/{group}/invites", tag = "invites", security(("bearer" = [])),
    params(("group" = String, Path, description = "The group's id")), request_body(content = NewInvite, description = "May be left out"),
    responses(
        (status = 201, description = "Made", body = NewInviteView),
        Problems,
    )
)]
pub(super) async fn make(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(group): Segment<String>,
    parts: Parts,
    body: MaybeBody<NewInvite>,
) -> Result<(StatusCode, Json<NewInviteView>), Problem> {
    let page = page_url(&parts)?;
    let asked = body.0.unwrap_or_default().asked();
    let made = api.hub.calls().make_invite(&caller.user, &extract::group_id(&group)?, asked).await?;
    Ok((StatusCode::CREATED, Json(NewInviteView::of(made, &page))))
}

/// The page of this node, as the caller reached it.
fn page_url(parts: &Parts) -> Result<String, Problem> {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.ok_or_else(|| Refusal::bad_frame("the request names no `Host`"))?;
    let scheme = if extract::client(parts)?.is_secure(&parts.headers) { "https" } else { "http" };
    Ok(format!("{scheme}://{host}/"))
}

/// The open invites of a group, in the order of their making; for an admin.
#[utoipa::path(
    get, path = "/chat/{group}/invites", tag = "invites", security(("bearer" = [])),
    params(("group" = String, Path, description = "The group's id")),
    responses(
        (status = 200, description = "The invites, without their tokens", body = InvitesView),
        Problems,
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(group): Segment<String>,
) -> Result<Json<InvitesView>, Problem> {
    let invites = api.hub.calls().invites(&caller.user, &extract::group_id(&group)?).await?;
    Ok(Json(InvitesView { invites: invites.into_iter().map(InviteView::from).collect() }))
}

/// Ends an invite; by an admin.
#[utoipa::path(
    delete, path = "/chat/{group}/invites/{invite}", tag = "invites", security(("bearer" = [])),
    params(
        ("group" = String, Path, description = "The group's id"),
        ("invite" = String, Path, description = "The invite's id, as it is listed"),
    ),
    responses((status = 204, description = "Nobody joins by it any more"), Problems)
)]
pub(super) async fn end(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment((group, invite)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    let invite = InviteId::parse(&invite).map_err(|_| Refusal::not_found("there is no such invite"))?;
    api.hub.calls().end_invite(&caller.user, &extract::group_id(&group)?, &invite).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an invite leads to.
#[utoipa::path(
    get, path = "/invites/{invite}", tag = "invites", security(("bearer" = [])),
    params(("invite" = String, Path, description = "The invite's token")),
    responses(
        (status = 200, description = "The group", body = InvitationView),
        Problems,
    )
)]
pub(super) async fn look(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(invite): Segment<String>,
) -> Result<Json<InvitationView>, Problem> {
    Ok(Json(api.hub.calls().look_at_invite(&caller.user, &invite).await?.into()))
}

/// Makes the caller a member of the group that an invite leads to.
#[utoipa::path(
    post, path = "/invites/{invite}", tag = "invites", security(("bearer" = [])),
    params(("invite" = String, Path, description = "The invite's token")),
    responses(
        (status = 200, description = "The caller is a member of this group", body = InvitationView),
        Problems,
    )
)]
pub(super) async fn join(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(invite): Segment<String>,
) -> Result<Json<InvitationView>, Problem> {
    Ok(Json(api.hub.calls().join_by_invite(&caller.user, &invite).await?.into()))
}
