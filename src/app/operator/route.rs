//! Orders taken on the internal listener, behind its guard.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};

use super::admin_command::{AdminCommand, Report};
use super::admin_service::AdminService;
use crate::transport::Problem;
use crate::transport::http::Body;

/// Where orders are taken.
pub const PATH: &str = "/admin/orders";

/// The route for orders. Who is let through to it must be allowed everything.
pub fn routes(desk: Arc<AdminService>) -> Router {
    Router::new().route(PATH, post(take)).with_state(desk)
}

async fn take(State(desk): State<Arc<AdminService>>, Body(order): Body<AdminCommand>) -> Result<Json<Report>, Problem> {
    Ok(Json(desk.carry_out(order).await?))
}
