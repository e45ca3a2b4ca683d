//! Answers that hold what somebody may see are kept by their own cache alone, which asks each time whether they are still good.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::domain::Refusal;
use crate::transport::problem::Problem;

/// Of a digest so many bytes tell bodies apart.
const TAG_BYTES: usize = 12;

/// Gives pages of JSON a tag, and answers who holds the page already with 304 and no body.
pub(super) async fn revalidate(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if !reads || response.status() != StatusCode::OK || !is_json(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Handlers bound what they answer.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return Problem::from(Refusal::unavailable()).into_response();
    };
    let tag = tag_of(&body);
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    let is_known = known.is_some_and(|known| names(&known, &tag));
    parts.headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
    if is_known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

/// The tag of a page: of all of it but a closing `as_of`, which moves on while the page stays what it is.
fn tag_of(body: &[u8]) -> String {
    let digest = Sha256::digest(without_as_of(body));
    format!("\"{}\"", data_encoding::HEXLOWER.encode(&digest[..TAG_BYTES]))
}

fn without_as_of(body: &[u8]) -> &[u8] {
    const FIELD: &[u8] = b",\"as_of\":";
    let Some(rest) = body.strip_suffix(b"}") else { return body };
    let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    rest[..rest.len() - digits].strip_suffix(FIELD).filter(|_| digits > 0).unwrap_or(body)
}

/// Whether an `If-None-Match` names this tag, compared weakly (RFC 9110, 13.1.2).
fn names(known: &HeaderValue, tag: &str) -> bool {
    let Ok(known) = known.to_str() else { return false };
    known.trim() == "*" || known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use axum::middleware::from_fn;
    use axum::routing::{get, post};
    use axum::{Json, Router};
    use tower::ServiceExt;

    use super::*;

    fn router() -> Router {
        Router::new()
            .route("/page", get(|| async { Json(serde_json::json!({"text": "hi"})) }))
            .route("/none", get(|| async { Problem::from(Refusal::not_found("no")) }))
            .route("/make", post(|| async { Json(serde_json::json!({"text": "hi"})) }))
            .layer(from_fn(revalidate))
    }

    async fn ask(method: &str, path: &str, known: Option<&str>) -> (StatusCode, Option<String>, usize) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(known) = known {
            request = request.header(header::IF_NONE_MATCH, known);
        }
        let response = router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let tag = response.headers().get(header::ETAG).map(|tag| tag.to_str().unwrap().to_owned());
        let private = response.headers().get(header::CACHE_CONTROL).is_some_and(|cache| cache == "private, no-cache");
        assert_eq!(private, tag.is_some());
        (response.status(), tag, to_bytes(response.into_body(), usize::MAX).await.unwrap().len())
    }

    #[tokio::test]
    async fn who_holds_a_page_gets_no_body_and_who_holds_another_the_page() {
        let (status, tag, length) = ask("GET", "/page", None).await;
        let tag = tag.unwrap();
        assert_eq!((status, length), (StatusCode::OK, 13));
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
            assert_eq!(ask("GET", "/page", Some(&known)).await, (StatusCode::NOT_MODIFIED, Some(tag.clone()), 0));
        }
        for unknown in ["\"other\"", "", "\u{e9}"] {
            assert_eq!(ask("GET", "/page", Some(unknown)).await.0, StatusCode::OK, "{unknown:?}");
        }
        assert_eq!(ask("POST", "/make", Some(&tag)).await, (StatusCode::OK, None, 13));
        assert_eq!(ask("GET", "/none", Some("*")).await.0, StatusCode::NOT_FOUND);
    }

    #[test]
    fn where_a_group_stands_is_no_part_of_its_page() {
        let tag = |body: &str| tag_of(body.as_bytes());
        assert_eq!(tag(r#"{"messages":[],"as_of":7}"#), tag(r#"{"messages":[],"as_of":12}"#));
        assert_ne!(tag(r#"{"messages":[1],"as_of":7}"#), tag(r#"{"messages":[],"as_of":7}"#));
        for data in [r#"{"data":{"as_of":7},"more":true}"#, r#"{"as_of":"7"}"#, r#"{,"as_of":}"#] {
            assert_eq!(without_as_of(data.as_bytes()), data.as_bytes());
        }
    }
}
