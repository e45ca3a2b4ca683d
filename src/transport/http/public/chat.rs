//! Groups' messages, and where to connect.

use axum::Json;
use axum::extract::State;
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use super::super::bundles::{BundleParams, HistoriesView};
use super::super::extract::{self, Asked, Body, Caller, HistoryParams, RepliesParams, Segment};
use super::super::layers::idempotency_key;
use super::super::message_views::{HistoryView, Page};
use super::super::views::{LocationView, NewMessage, StoredView};
use super::Api;
use crate::domain::{Refusal, UserId};
use crate::hub::HistoryPage;
use crate::transport::problem::{Problem, Problems};

/// The best node for the caller.
#[utoipa::path(
    get, path = "/chat/location", tag = "chat", security(("bearer" = [])),
    responses(
        (status = 200, description = "Where to connect", body = LocationView),
        Problems,
    )
)]
pub(super) async fn location(
    State(api): State<Api>,
    Caller(caller): Caller,
    parts: Parts,
) -> Result<Json<LocationView>, Problem> {
    let location = api.hub.location(&caller.user).await?;
    let url = match location.url {
        Some(url) => url,
        None => own_url(&parts)?,
    };
    Ok(Json(LocationView { url, node: location.node }))
}

/// The URL by which the caller reached this node.
fn own_url(parts: &Parts) -> Result<String, Problem> {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.ok_or_else(|| Refusal::bad_frame("the request names no `Host`"))?;
    let scheme = if extract::client(parts)?.is_secure(&parts.headers) { "wss" } else { "ws" };
    Ok(format!("{scheme}://{host}/ws"))
}

/// A page of a group's history.
#[utoipa::path(
    get, path = "/chat/{group}/message", tag = "chat", security(("bearer" = [])),
    params(("group" = String, Path, description = "The group's id"), HistoryParams, RepliesParams),
    responses(
        (
            status = 200, description = "The page", body = HistoryView,
            headers(("Hubbub-As-Of" = u64, description = "As `as_of`"))
        ),
        Problems,
    )
)]
pub(super) async fn history(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(group): Segment<String>,
    Asked(params): Asked<HistoryParams>,
    Asked(replies): Asked<RepliesParams>,
) -> Result<Page, Problem> {
    let group = extract::group_id(&group)?;
    let page = match replies.query(&params)? {
        Some((reference, query)) => api.hub.calls().replies(&caller.user, &group, reference, query).await?,
        None => api.hub.history(&caller.user, &group, params.query()?).await?,
    };
    Ok(seen_as_asked(page, &params, &caller.user).answer())
}

/// What is pinned in a group, newest first.
#[utoipa::path(
    get, path = "/chat/{group}/pins", tag = "chat", security(("bearer" = [])),
    params(("group" = String, Path, description = "The group's id")),
    responses(
        (
            status = 200, description = "The pinned messages, 100 at most", body = HistoryView,
            headers(("Hubbub-As-Of" = u64, description = "As `as_of`"))
        ),
        Problems,
    )
)]
pub(super) async fn pins(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(group): Segment<String>,
) -> Result<Page, Problem> {
    let group = extract::group_id(&group)?;
    let pinned = api.hub.pins(&caller.user, &group).await?;
    Ok(HistoryView::of(pinned, Some(&caller.user)).answer())
}

/// The same page of each of the caller's groups, 200 groups at most.
#[utoipa::path(
    get, path = "/chat/message", tag = "chat", security(("bearer" = [])), params(HistoryParams, BundleParams),
    responses(
        (status = 200, description = "A page of each group", body = HistoriesView),
        Problems,
    )
)]
pub(super) async fn histories(
    State(api): State<Api>,
    Caller(caller): Caller,
    Asked(params): Asked<HistoryParams>,
    Asked(groups): Asked<BundleParams>,
) -> Result<Json<HistoriesView>, Problem> {
    let bundle = api.hub.histories(&caller.user, groups.query(params.query()?)).await?;
    Ok(Json(HistoriesView::of(bundle, |page| seen_as_asked(page, &params, &caller.user))))
}

/// A page as `reader` sees it now, or would have when it was said.
fn seen_as_asked(page: HistoryPage, params: &HistoryParams, reader: &UserId) -> HistoryView {
    if params.raw() { HistoryView::as_said(&page, reader) } else { HistoryView::of(page, Some(reader)) }
}

/// Sends a message and waits until it is stored.
#[utoipa::path(
    post, path = "/chat/{group}/message", tag = "chat", security(("bearer" = [])),
    params(
        ("group" = String, Path, description = "The group's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Serves as `cid`"),
    ),
    request_body = NewMessage,
    responses(
        (status = 201, description = "Stored", body = StoredView),
        Problems,
    )
)]
pub(super) async fn send(
    State(api): State<Api>,
    Caller(caller): Caller,
    Segment(group): Segment<String>,
    headers: HeaderMap,
    Body(message): Body<NewMessage>,
) -> Result<(StatusCode, Json<StoredView>), Problem> {
    let send = message.into_send(extract::group_id(&group)?, idempotency_key(&headers)?)?;
    let stored = api.hub.send(&caller.user, send).await?;
    Ok((StatusCode::CREATED, Json(stored.into())))
}
