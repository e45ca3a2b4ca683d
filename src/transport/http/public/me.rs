//! The caller's own profile and account.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::extract::{self, Asked, Body, Caller};
use super::super::me_views::{Confirmation, NewPassword, OwnProfile, ProfileChanges};
use super::super::views::TokenView;
use super::Api;
use crate::domain::{Code, Refusal, SessionId};
use crate::ports::Accounts;
use crate::transport::problem::{Problem, Problems};

/// What stays when logins end.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Kept {
    /// The caller's own session (`session` of its `welcome`), which stays.
    session: Option<String>,
}

/// The caller's own profile.
#[utoipa::path(
    get, path = "/me", tag = "me", security(("bearer" = [])),
    responses(
        (status = 200, description = "The profile", body = OwnProfile),
        Problems,
    )
)]
pub(super) async fn show(State(api): State<Api>, Caller(caller): Caller) -> Result<Json<OwnProfile>, Problem> {
    Ok(Json(api.hub.calls().me(&caller.user).await?.into()))
}

/// Changes the caller's profile. Their sessions hear of it.
#[utoipa::path(
    patch, path = "/me", tag = "me", security(("bearer" = [])), request_body = ProfileChanges,
    responses(
        (status = 200, description = "As it is now", body = OwnProfile),
        Problems,
    )
)]
pub(super) async fn change(
    State(api): State<Api>,
    Caller(caller): Caller,
    Body(changes): Body<ProfileChanges>,
) -> Result<Json<OwnProfile>, Problem> {
    Ok(Json(api.hub.calls().edit_me(&caller.user, changes.edit()?).await?.into()))
}

/// Deletes the caller, whose account has this password. What they said stays.
#[utoipa::path(
    delete, path = "/me", tag = "me", security(("bearer" = [])), request_body = Confirmation,
    responses((status = 204, description = "Deleted"), Problems)
)]
pub(super) async fn delete(
    State(api): State<Api>,
    Caller(caller): Caller,
    parts: Parts,
    Body(body): Body<Confirmation>,
) -> Result<StatusCode, Problem> {
    let peer = extract::client(&parts)?.address(&parts.headers);
    accounts(&api)?.confirm(peer, &caller, &body.password).await?;
    api.hub.calls().delete_user(&caller.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the caller's account another password, and a token by it. Older tokens are good no more, and sessions by them end.
#[utoipa::path(
    post, path = "/me/password", tag = "me", security(("bearer" = [])), params(Kept), request_body = NewPassword,
    responses(
        (status = 200, description = "Changed", body = TokenView),
        Problems,
    )
)]
pub(super) async fn set_password(
    State(api): State<Api>,
    Caller(caller): Caller,
    Asked(kept): Asked<Kept>,
    parts: Parts,
    Body(body): Body<NewPassword>,
) -> Result<Json<TokenView>, Problem> {
    let (peer, kept) = (extract::client(&parts)?.address(&parts.headers), kept.session()?);
    let account = accounts(&api)?.change_password(peer, &caller, &body.old, &body.new).await?;
    api.hub.calls().end_older_logins(&caller.user, kept).await?;
    Ok(Json(account.into()))
}

/// Ends all of the caller's logins but for that of the token in the answer: older tokens are good no more, and sessions by them end.
#[utoipa::path(
    post, path = "/me/sessions/end", tag = "me", security(("bearer" = [])), params(Kept),
    responses(
        (status = 200, description = "Ended", body = TokenView),
        Problems,
    )
)]
pub(super) async fn end_sessions(
    State(api): State<Api>,
    Caller(caller): Caller,
    Asked(kept): Asked<Kept>,
) -> Result<Json<TokenView>, Problem> {
    let kept = kept.session()?;
    let account = accounts(&api)?.end_logins(&caller).await?;
    api.hub.calls().end_older_logins(&caller.user, kept).await?;
    Ok(Json(account.into()))
}

fn accounts(api: &Api) -> Result<&dyn Accounts, Refusal> {
    let why = "this hub has no accounts of its own: go to its identity provider";
    api.accounts.as_deref().ok_or_else(|| Refusal::new(Code::Unsupported, why))
}

// === impl Kept ===

impl Kept {
    fn session(self) -> Result<Option<SessionId>, Refusal> {
        Ok(self.session.map(|id| SessionId::parse(&id)).transpose()?)
    }
}
