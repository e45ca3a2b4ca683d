//! What became of single messages.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::extract::{self, Asked, Caller, Segment};
use super::super::group_views::{ReactionsView, SeenView};
use super::Api;
use crate::domain::{Emoji, UserId};
use crate::transport::problem::{Problem, Problems};

/// Which page of those who have seen a message.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SeenParams {
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<UserId>,
}

/// Who has seen a message, of those who were members before it.
#[utoipa::path(
    get, path = "/chat/{group}/message/{seq}/seen", tag = "chat", security(("bearer" = [])),
    params(
        ("group" = String, Path, description = "The group's id"),
        ("seq" = String, Path, description = "The message's place in the group"),
        SeenParams,
    ),
    responses(
        (status = 200, description = "Some 200 members at a time, in the order of their ids", body = SeenView),
        Problems,
    )
)]
pub(super) async fn seen(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment((group, seq)): Segment<(String, String)>,
    Asked(params): Asked<SeenParams>,
) -> Result<Json<SeenView>, Problem> {
    let (group, seq) = (extract::group_id(&group)?, extract::seq(&seq)?);
    let page = api.hub.calls().seen(&caller.user, &group, seq, params.after.as_ref()).await?;
    Ok(Json(page.into()))
}

/// Which page of those who react to a message.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReactionsParams {
    /// Those with this emoji alone.
    #[param(value_type = Option<String>)]
    emoji: Option<Emoji>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Who reacts to a message, and with what.
#[utoipa::path(
    get, path = "/chat/{group}/message/{seq}/reactions", tag = "chat", security(("bearer" = [])),
    params(
        ("group" = String, Path, description = "The group's id"),
        ("seq" = String, Path, description = "The message's place in the group"),
        ReactionsParams,
    ),
    responses(
        (status = 200, description = "200 at a time, by emoji and then by id", body = ReactionsView),
        Problems,
    )
)]
pub(super) async fn reactions(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment((group, seq)): Segment<(String, String)>,
    Asked(params): Asked<ReactionsParams>,
) -> Result<Json<ReactionsView>, Problem> {
    let (group, seq) = (extract::group_id(&group)?, extract::seq(&seq)?);
    let ReactionsParams { emoji, after } = params;
    let page = api.hub.calls().reactions(&caller.user, &group, seq, emoji, after.as_deref()).await?;
    Ok(Json(page.into()))
}
