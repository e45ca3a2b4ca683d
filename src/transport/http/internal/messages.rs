//! Messages, for services.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::super::extract::{Asked, Body, PageParams, Segment};
use super::super::layers::idempotency_key;
use super::super::message_views::{MessageView, MessagesView};
use super::super::views::{ServiceMessage, StoredView};
use super::Api;
use crate::domain::{Refusal, parse_event_id};
use crate::transport::problem::{Problem, Problems};

/// All messages; page 0 is the newest.
#[utoipa::path(
    get, path = "/message/", tag = "messages", security((), ("service" = [])), params(PageParams),
    responses(
        (status = 200, description = "A page", body = MessagesView),
        Problems,
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    Asked(params): Asked<PageParams>,
) -> Result<Json<MessagesView>, Problem> {
    let (page, per_page) = params.page()?;
    let (newest_first, more) = api.hub.all_messages(page, per_page).await?;
    let messages = newest_first.into_iter().rev().map(|event| MessageView::of(event, None)).collect();
    Ok(Json(MessagesView { messages, more }))
}

/// One message.
#[utoipa::path(
    get, path = "/message/{id}", tag = "messages", security((), ("service" = [])),
    params(("id" = String, Path, description = "The message's id, `<group>:<seq>`")),
    responses(
        (status = 200, description = "The message", body = MessageView),
        Problems,
    )
)]
pub(super) async fn one(State(api): State<Api>, Segment(id): Segment<String>) -> Result<Json<MessageView>, Problem> {
    let (group, seq) = parse_event_id(&id).map_err(|_| Refusal::not_found("there is no such message"))?;
    Ok(Json(MessageView::of(api.hub.message(&group, seq).await?, None)))
}

/// Sends a message in a user's name, and waits until it is stored. Repeated with the same key, it sends nothing twice.
#[utoipa::path(
    post, path = "/message/", tag = "messages", security((), ("service" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Serves as `cid` of the user in this group")),
    request_body = ServiceMessage,
    responses(
        (status = 201, description = "Stored", body = StoredView),
        Problems,
    )
)]
pub(super) async fn send(
    State(api): State<Api>,
    headers: HeaderMap,
    Body(message): Body<ServiceMessage>,
) -> Result<(StatusCode, Json<StoredView>), Problem> {
    let (from, send) = message.into_send(idempotency_key(&headers)?)?;
    let stored = api.hub.send_as_service(&from, send).await?;
    Ok((StatusCode::CREATED, Json(stored.into())))
}
