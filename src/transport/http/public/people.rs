//! People: found, and shown.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::extract::{Asked, Caller, Segment};
use super::super::layers::MORE;
use super::super::people_views::ShownUser;
use super::super::views::UserView;
use super::Api;
use crate::domain::{Refusal, UserId};
use crate::transport::problem::{Problem, Problems};

/// Users that a search answers at most.
const FOUND_AT_MOST: usize = 20;

/// Whom to find.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// How the username begins; neither case nor marks on letters matter.
    username: String,
}

/// Users whose username begins so, 20 at most; the header `Hubbub-More` says whether there are more.
#[utoipa::path(
    get, path = "/users", tag = "people", security(("bearer" = [])), params(Search),
    responses(
        (
            status = 200, description = "Those found", body = Vec<UserView>,
            headers(("Hubbub-More" = bool, description = "Whether there are more: type more of the username"))
        ),
        Problems,
    )
)]
pub(super) async fn find(
    State(api): State<Api>,
    _caller: Caller,
    Asked(search): Asked<Search>,
) -> Result<([(HeaderName, &'static str); 1], Json<Vec<UserView>>), Problem> {
    let mut found = api.hub.find_users(&search.username, FOUND_AT_MOST + 1).await?;
    let more = if found.len() > FOUND_AT_MOST { "true" } else { "false" };
    found.truncate(FOUND_AT_MOST);
    let found = found.into_iter().map(UserView::from);
    let shown = api.hub.config().presence.is_on();
    let found = if shown { found.collect() } else { found.map(UserView::without_presence).collect() };
    Ok(([(MORE, more)], Json(found)))
}

/// A user. Whether they are online is shown to who shares a group with them.
#[utoipa::path(
    get, path = "/users/{user}", tag = "people", security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user", body = ShownUser),
        Problems,
    )
)]
pub(super) async fn show(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(user): Segment<String>,
) -> Result<Json<ShownUser>, Problem> {
    let user = UserId::parse(&user).map_err(Refusal::from)?;
    Ok(Json(api.hub.calls().user(&caller.user, &user).await?.into()))
}
