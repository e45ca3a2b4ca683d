//! Which pages a browser may come from: one list for WebSockets and CORS.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use url::Url;

/// Whether a request may be served: it names no origin (not a browser, or not across origins), or one
/// that is allowed ([`is_allowed`]).
pub fn permits(headers: &HeaderMap, configured: &[String], public_urls: &[String]) -> bool {
    headers.get_all(ORIGIN).iter().all(|origin| is_allowed(origin, headers.get(HOST), configured, public_urls))
}

/// Whether an origin is the host asked, a live node's public URL, or one that is configured.
pub fn is_allowed(
    origin: &HeaderValue,
    host: Option<&HeaderValue>,
    configured: &[String],
    public_urls: &[String],
) -> bool {
    // `null` and everything else that has no host belongs to nobody.
    let Some(origin) = origin.to_str().ok().and_then(Origin::parse) else { return false };
    let own = host.and_then(|host| host.to_str().ok()).is_some_and(|host| origin.is_host(host));
    own || configured.iter().chain(public_urls).any(|url| Origin::parse(url).is_some_and(|url| url == origin))
}

/// Scheme, host and port of a URL; `ws` counts as `http`, and an app's own scheme (`capacitor`, `tauri` …) as itself.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

// === impl Origin ===

impl Origin {
    fn parse(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let scheme = match url.scheme() {
            "wss" => "https",
            "ws" => "http",
            // A local file belongs to nobody, whatever host it names.
            "file" => return None,
            other => other,
        };
        let host = url.host_str().filter(|host| !host.is_empty())?.to_ascii_lowercase();
        Some(Self { scheme: scheme.to_owned(), host, port: url.port_or_known_default() })
    }

    /// Whether it is the origin of pages that `host` (as in the `Host` header) serves. The scheme is not
    /// compared: a proxy may have taken TLS off.
    fn is_host(&self, host: &str) -> bool {
        let web = matches!(self.scheme.as_str(), "http" | "https");
        web && Origin::parse(&format!("{}://{host}", self.scheme)).is_some_and(|own| own == *self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(origin: &'static str, host: &'static str) -> bool {
        let configured = ["https://app.example.org".to_owned()];
        let public = ["wss://n1.example.org/ws".to_owned(), "ws://n2.example.org:8080/ws".to_owned()];
        let host = HeaderValue::from_static(host);
        is_allowed(&HeaderValue::from_static(origin), Some(&host), &configured, &public)
    }

    #[test]
    fn the_own_host_the_nodes_and_the_configured_are_allowed() {
        for origin in [
            "https://app.example.org",
            "https://app.example.org:443",
            "https://n1.example.org",
            "http://n2.example.org:8080",
            "http://hub.local:8080",
            "https://HUB.local:8080",
        ] {
            assert!(allowed(origin, "hub.local:8080"), "{origin}");
        }
    }

    #[test]
    fn everybody_else_is_not() {
        for origin in [
            "null",
            "",
            "https://evil.example",
            "http://app.example.org",
            "https://app.example.org.evil.example",
            "http://hub.local",
            "file://hub.local:8080",
        ] {
            assert!(!allowed(origin, "hub.local:8080"), "{origin}");
        }
    }

    #[test]
    fn apps_in_a_web_view_are_let_in_by_their_own_scheme() {
        let configured = ["capacitor://localhost", "ionic://localhost", "tauri://localhost"].map(str::to_owned);
        let host = HeaderValue::from_static("localhost");
        let allowed =
            |origin: &'static str| is_allowed(&HeaderValue::from_static(origin), Some(&host), &configured, &[]);
        assert!(allowed("capacitor://localhost") && allowed("tauri://localhost") && allowed("http://localhost"));
        assert!(!allowed("app://localhost") && !allowed("capacitor://elsewhere") && !allowed("file://localhost"));
    }

    #[test]
    fn no_origin_is_no_browser_and_one_bad_of_two_is_bad() {
        let mut headers = HeaderMap::new();
        assert!(permits(&headers, &[], &[]));
        headers.append(HOST, HeaderValue::from_static("a"));
        headers.append(ORIGIN, HeaderValue::from_static("http://a"));
        assert!(permits(&headers, &[], &[]));
        headers.append(ORIGIN, HeaderValue::from_static("http://b"));
        assert!(!permits(&headers, &[], &[]));
    }
}
