//! Refusals over HTTP: RFC 9457 problem documents. The one place where a code becomes a status.

use std::collections::BTreeMap;

use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::{self, Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

use crate::domain::{Code, Refusal};

/// A refusal with its HTTP status, ready to be a response.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    refusal: Refusal,
    header: Option<(HeaderName, HeaderValue)>,
}

/// An RFC 9457 problem document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// `urn:hubbub:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:hubbub:problem:not_found")]
    problem_type: String,
    /// The status in words.
    #[schema(example = "Not Found")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// What happened and what to do.
    detail: String,
    /// The code, the same as in `error` frames.
    #[schema(example = "not_found")]
    code: &'static str,
    /// Milliseconds to wait before another try.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// The error answers of every operation, for its description.
#[derive(Debug)]
pub struct Problems;

/// The media type of problem documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The status that a code is answered with.
pub fn status_of(code: Code) -> StatusCode {
    match code {
        Code::BadFrame => StatusCode::BAD_REQUEST,
        Code::Unauthorized => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Conflict => StatusCode::CONFLICT,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Overloaded | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unsupported => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

// === impl Problem ===

impl Problem {
    /// The refusal with a status of its own, where HTTP has a more exact one than the code's.
    pub fn with_status(status: StatusCode, refusal: Refusal) -> Self {
        Self { status, refusal, header: None }
    }

    /// The same with one more header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    /// The code for programs.
    pub fn code(&self) -> Code {
        self.refusal.code
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::with_status(status_of(refusal.code), refusal)
    }
}

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let schema = Ref::from_schema_name(ProblemDocument::name());
        let content = openapi::ContentBuilder::new().schema(Some(schema)).build();
        let answer = |what: &str| {
            let response = openapi::ResponseBuilder::new().description(what).content(PROBLEM_JSON, content.clone());
            RefOr::T(response.build())
        };
        BTreeMap::from([
            ("4XX".into(), answer("Refused; `code` says why")),
            ("5XX".into(), answer("Not done; `code` says why, `retry_after` when to try again")),
        ])
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, refusal, header } = self;
        let document = ProblemDocument {
            problem_type: format!("urn:hubbub:problem:{}", refusal.code.as_str()),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: refusal.message.into_owned(),
            code: refusal.code.as_str(),
            retry_after: refusal.retry_after,
        };
        let mut response = (status, axum::Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(ms) = refusal.retry_after {
            // Whole seconds, rounded up: never too early.
            headers.insert(RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        }
        headers.extend(header);
        response
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_problem_says_the_same_in_header_status_and_body() {
        let problem = Problem::from(Refusal::overloaded("the log is full").retry_after(1_500));
        let response = problem.into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let expected = serde_json::json!({
            "type": "urn:hubbub:problem:overloaded", "title": "Service Unavailable", "status": 503,
            "detail": "the log is full", "code": "overloaded", "retry_after": 1500,
        });
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap(), expected);
    }

    #[test]
    fn every_code_is_an_error_status() {
        for code in Code::ALL {
            let status = status_of(code);
            assert!(status.is_client_error() || status.is_server_error(), "{code:?}");
        }
        let response = Problem::from(Refusal::new(Code::Unauthorized, "no token")).into_response();
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
    }
}
