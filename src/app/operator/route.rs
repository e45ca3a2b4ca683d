//! Orders taken on the internal listener, behind its guard.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::routing::post;
use axum::{Json, Router};

use super::admin_command::{AdminCommand, Report};
use super::admin_service::AdminService;
use crate::domain::Refusal;
use crate::transport::Problem;

/// Where orders are taken.
pub const PATH: &str = "/admin/orders";

/// The route for orders. Who is let through to it must be allowed everything.
pub fn routes(desk: Arc<AdminService>) -> Router {
    Router::new().route(PATH, post(take)).with_state(desk)
}

async fn take(
    State(desk): State<Arc<AdminService>>,
    order: Result<Json<AdminCommand>, JsonRejection>,
) -> Result<Json<Report>, Problem> {
    let Json(order) = order.map_err(|error| Refusal::bad_frame(error.body_text()))?;
    Ok(Json(desk.carry_out(order).await?))
}
