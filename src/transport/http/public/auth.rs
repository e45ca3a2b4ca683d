//! Accounts and tickets.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::super::extract::{self, Body, Caller};
use super::super::views::{AccountView, CredentialsBody, TicketView, TokenView};
use super::Api;
use crate::domain::Refusal;
use crate::ports::Accounts;
use crate::transport::problem::{Problem, Problems};

/// Makes an account.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth", request_body = CredentialsBody,
    responses(
        (status = 201, description = "Made", body = AccountView),
        Problems,
    )
)]
pub(super) async fn register(
    State(api): State<Api>,
    parts: Parts,
    Body(body): Body<CredentialsBody>,
) -> Result<(StatusCode, Json<AccountView>), Problem> {
    let peer = peer(&parts)?;
    let account = accounts(&api)?.register(peer, &body.username, &body.password, body.name.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(account.into())))
}

/// Logs in to an account.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth", request_body = CredentialsBody,
    responses(
        (status = 200, description = "Proven", body = AccountView),
        Problems,
    )
)]
pub(super) async fn login(
    State(api): State<Api>,
    parts: Parts,
    Body(body): Body<CredentialsBody>,
) -> Result<Json<AccountView>, Problem> {
    let peer = peer(&parts)?;
    let account = accounts(&api)?.login(peer, &body.username, &body.password).await?;
    Ok(Json(account.into()))
}

/// Renews the token of an account of this hub, before it runs out. Refused for other issuers' tokens
/// (`unsupported`) and after a change of password (`unauthorized`).
#[utoipa::path(
    post, path = "/auth/renew", tag = "auth", security(("bearer" = [])),
    responses(
        (status = 200, description = "Renewed", body = TokenView),
        Problems,
    )
)]
pub(super) async fn renew(State(api): State<Api>, Caller(caller): Caller) -> Result<Json<TokenView>, Problem> {
    let account = accounts(&api)?.renew(&caller).await?;
    Ok(Json(account.into()))
}

/// Makes a one-time ticket for a connection, good for 30 s.
#[utoipa::path(
    post, path = "/auth/ticket", tag = "auth", security(("bearer" = [])),
    responses(
        (status = 201, description = "Made", body = TicketView),
        Problems,
    )
)]
pub(super) async fn ticket(
    State(api): State<Api>,
    Caller(caller): Caller,
) -> Result<(StatusCode, Json<TicketView>), Problem> {
    let ticket = api.hub.issue_ticket(&caller).await?;
    Ok((StatusCode::CREATED, Json(ticket.into())))
}

fn accounts(api: &Api) -> Result<&dyn Accounts, Refusal> {
    let accounts = api.accounts.as_deref();
    accounts.ok_or_else(|| Refusal::not_found("this hub has no accounts of its own: log in with its identity provider"))
}

fn peer(parts: &Parts) -> Result<IpAddr, Problem> {
    Ok(extract::client(parts)?.address(&parts.headers))
}
