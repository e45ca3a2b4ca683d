//! What the APIs are, for programs: OpenAPI, made from the code, and AsyncAPI.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Api, internal, public};
use crate::transport::problem::ProblemDocument;

/// Which listener's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// What clients ask.
    Public,
    /// What services and operators ask.
    Internal,
}

/// The description of the WebSocket's frames (AsyncAPI 3).
pub const ASYNCAPI: &str = include_str!("../../../docs/asyncapi.json");

static PUBLIC: LazyLock<Bytes> = LazyLock::new(|| encoded(Listener::Public));
static INTERNAL: LazyLock<Bytes> = LazyLock::new(|| encoded(Listener::Internal));

/// The description of a listener's API.
pub fn openapi(listener: Listener) -> OpenApi {
    let (mut description, scheme) = match listener {
        Listener::Public => (public().into_openapi(), "bearer"),
        Listener::Internal => {
            let mut description = internal().into_openapi();
            description.merge(internal::documented_page().into_openapi());
            description.merge(internal::documented_health().into_openapi());
            (description, "service")
        }
    };
    description.info = InfoBuilder::new()
        .title(listener.title())
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(listener.text()))
        .build();
    let components = description.components.get_or_insert_with(Components::new);
    components.add_security_scheme(scheme, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.schemas.insert(ProblemDocument::name().into_owned(), ProblemDocument::schema());
    description
}

/// The public routes, this description's among them.
pub(super) fn public() -> OpenApiRouter<Api> {
    public::documented().routes(routes!(public_openapi)).routes(routes!(asyncapi))
}

/// The guarded internal routes, this description's among them.
pub(super) fn internal() -> OpenApiRouter<Api> {
    internal::documented().routes(routes!(internal_openapi))
}

/// This description.
#[utoipa::path(
    get, path = "/openapi.json", tag = "descriptions",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
async fn public_openapi() -> Response {
    json(PUBLIC.clone())
}

/// This description.
#[utoipa::path(
    get, path = "/openapi.json", tag = "descriptions", security((), ("service" = [])),
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
async fn internal_openapi() -> Response {
    json(INTERNAL.clone())
}

/// The description of the WebSocket's frames.
#[utoipa::path(
    get, path = "/asyncapi.json", tag = "descriptions",
    responses((status = 200, description = "AsyncAPI 3", body = Object))
)]
async fn asyncapi() -> Response {
    json(Bytes::from_static(ASYNCAPI.as_bytes()))
}

fn json(body: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

fn encoded(listener: Listener) -> Bytes {
    openapi(listener)
        .to_pretty_json()
        .map(Bytes::from)
        .expect("a description is plain data with string keys, written to memory")
}

// === impl Listener ===

impl Listener {
    fn title(self) -> &'static str {
        match self {
            Self::Public => "hubbub",
            Self::Internal => "hubbub, internal",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Public => {
                "What clients of the hub ask over HTTP. The rest goes over its WebSocket: see /asyncapi.json."
            }
            Self::Internal => {
                "What services and operators ask. The service token is needed where the listener is bound beyond \
                 loopback, by everything but the operator's page, /metrics, /healthz and /readyz."
            }
        }
    }
}
