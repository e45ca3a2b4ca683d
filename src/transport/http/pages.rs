//! The chat page, its client module and the operator's page, carried in the binary.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};
use url::Url;

use super::Api;
use super::layers::{self, CONTENT_SECURITY_POLICY};

/// The files of `web/` that browsers get.
#[derive(RustEmbed)]
#[folder = "web/"]
#[exclude = "README.md"]
#[exclude = "package/*"]
#[exclude = "tests/*"]
struct Web;

/// The chat page.
#[utoipa::path(
    get, path = "/", tag = "page",
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub(super) async fn page(State(api): State<Api>, headers: HeaderMap) -> Response {
    serve("index.html", &headers, &api).await
}

/// The client module: a plain ES module for any page.
#[utoipa::path(
    get, path = "/hubbub.js", tag = "page",
    responses((status = 200, description = "The module", body = String, content_type = "text/javascript"))
)]
pub(super) async fn module(State(api): State<Api>, headers: HeaderMap) -> Response {
    serve("hubbub.js", &headers, &api).await
}

/// The operator's page.
#[utoipa::path(
    get, path = "/", tag = "page", security(()),
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub(super) async fn operator_page(headers: HeaderMap) -> Response {
    serve_with("operator/index.html", &headers, CONTENT_SECURITY_POLICY).await
}

/// What the operator's page consists of, and what it shares with the chat page.
pub(super) fn operator_files() -> Router<Api> {
    Router::new().route("/operator/{file}", get(operator_file)).route("/app/ui/{file}", get(operator_file))
}

async fn operator_file(request: Request) -> Response {
    serve_with(request.uri().path().trim_start_matches('/'), request.headers(), CONTENT_SECURITY_POLICY).await
}

/// Serves what belongs to the page and the module under its own path.
pub(super) async fn file(State(api): State<Api>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return layers::not_found().await.into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("operator/") {
        return layers::not_found().await.into_response();
    }
    serve(path, request.headers(), &api).await
}

async fn serve(path: &str, headers: &HeaderMap, api: &Api) -> Response {
    serve_with(path, headers, &content_security_policy(&api.hub.public_urls())).await
}

async fn serve_with(path: &str, headers: &HeaderMap, policy: &str) -> Response {
    match Web::get(path) {
        Some(file) => answer(path, file, headers, policy),
        None => layers::not_found().await.into_response(),
    }
}

fn answer(path: &str, file: EmbeddedFile, asked: &HeaderMap, policy: &str) -> Response {
    let etag = format!("\"{}\"", data_encoding::HEXLOWER.encode(&file.metadata.sha256_hash()[..12]));
    let unchanged = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut headers = HeaderMap::new();
    // A new version of the hub is seen at once: browsers ask each time whether theirs is still good.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend(HeaderValue::from_str(&etag).ok().map(|etag| (header::ETAG, etag)));
    if unchanged {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    let policy = HeaderValue::from_str(policy).ok();
    headers.extend(policy.map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    (headers, file.data).into_response()
}

/// The page may also connect to the other nodes, where the hub sends it when a node restarts.
fn content_security_policy(public_urls: &[String]) -> String {
    let origins = public_urls.iter().filter_map(|url| Url::parse(url).ok());
    let sources: String = origins.map(|url| format!(" {}", url.origin().ascii_serialization())).collect();
    format!("{CONTENT_SECURITY_POLICY}; connect-src 'self'{sources}")
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript",
        "css" => "text/css",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_needs_is_inside_and_nothing_else() {
        let paths: Vec<_> = Web::iter().collect();
        for needed in ["index.html", "hubbub.js", "msgpack.js", "operator/index.html"] {
            assert!(paths.iter().any(|path| path == needed), "{needed}");
        }
        for path in &paths {
            assert!(!path.starts_with("tests/") && !path.ends_with(".md"), "{path}");
            assert!(!path.starts_with("package/"), "{path}");
            assert_ne!(media_type(path), "application/octet-stream", "{path} has no media type");
        }
    }

    #[test]
    fn the_page_may_connect_to_the_nodes() {
        let policy = content_security_policy(&["wss://n1.example:8443/ws".into(), "nonsense".into()]);
        assert!(policy.ends_with("; connect-src 'self' wss://n1.example:8443"), "{policy}");
        assert!(policy.starts_with("default-src 'self'"));
    }
}
