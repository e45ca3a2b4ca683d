//! People: found, and shown.

use axum::Json;
use axum::extract::State;
use axum::http::header::LINK;
use axum::http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::extract::{Asked, Caller, Segment};
use super::super::layers::MORE;
use super::super::people_views::ShownUser;
use super::super::views::UserView;
use super::Api;
use crate::domain::{Refusal, UserId, WordPlace};
use crate::transport::problem::{Problem, Problems};

/// Users that a search answers at most.
const FOUND_AT_MOST: usize = 20;

/// Whom to find.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// How the username begins; neither case nor marks on letters matter.
    username: Option<String>,
    /// Or words of the name or the username, or beginnings of them.
    q: Option<String>,
    /// With `q`, where the page before ended: what its `Link` says.
    #[param(value_type = Option<String>)]
    cursor: Option<WordPlace>,
}

/// Users whose username begins so, or who are called so; 20 at most. The header `Hubbub-More` says whether there are more, and
/// with `q` the header `Link` where.
#[utoipa::path(
    get, path = "/users", tag = "people", security(("bearer" = [])), params(Search),
    responses(
        (
            status = 200, description = "Those found", body = Vec<UserView>,
            headers(
                ("Hubbub-More" = bool, description = "Whether there may be more: type more of the username"),
                ("Link" = Option<String>, description = "With `q`: the next page, `rel=\"next\"`")
            )
        ),
        Problems,
    )
)]
pub(super) async fn find(
    State(api): State<Api>,
    Caller(caller): Caller,
    Asked(search): Asked<Search>,
) -> Result<(HeaderMap, Json<Vec<UserView>>), Problem> {
    let (found, link) = match (search.username, search.q, search.cursor) {
        (Some(username), None, None) => return beginning_so(&api, &username).await,
        (None, Some(query), cursor) => {
            let (found, next) = api.hub.calls().find(&caller.user, &query, cursor).await?;
            (found, next.and_then(|next| link(&query, &next)))
        }
        _ => return Err(Refusal::bad_frame("give `username`, or `q` and the `cursor` of its next page").into()),
    };
    let mut headers = more(link.is_some());
    headers.extend(link.map(|link| (LINK, link)));
    Ok((headers, Json(found.into_iter().map(UserView::from).collect())))
}

/// Users whose username begins so.
async fn beginning_so(api: &Api, username: &str) -> Result<(HeaderMap, Json<Vec<UserView>>), Problem> {
    let mut found = api.hub.find_users(username, FOUND_AT_MOST + 1).await?;
    let headers = more(found.len() > FOUND_AT_MOST);
    found.truncate(FOUND_AT_MOST);
    let found = found.into_iter().map(UserView::from);
    let shown = api.hub.config().presence.is_on();
    Ok((headers, Json(if shown { found.collect() } else { found.map(UserView::without_presence).collect() })))
}

fn more(is_so: bool) -> HeaderMap {
    HeaderMap::from_iter([(MORE, HeaderValue::from_static(if is_so { "true" } else { "false" }))])
}

/// Where the next page of a search is.
fn link(query: &str, next: &WordPlace) -> Option<HeaderValue> {
    let mut asked = url::form_urlencoded::Serializer::new(String::new());
    let asked = asked.append_pair("q", query).append_pair("cursor", &next.to_string()).finish();
    HeaderValue::from_str(&format!("</users?{asked}>; rel=\"next\"")).ok()
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
