//! Which hub is probed, and where its WebSocket is.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use url::Url;

use super::error::ProbeError;

/// The path that tells where to connect.
const LOCATION: &str = "/chat/location";
/// An answer of the hub's is short; what is longer is another server's page.
const LONGEST_DETAIL: usize = 200;

/// A hub as the operator names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A node's (or load balancer's) WebSocket.
    Socket(Url),
    /// Where to ask for one.
    Location(Url),
}

#[derive(Deserialize)]
struct Located {
    url: Url,
}

/// What a hub says when it refuses (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
    title: Option<String>,
}

// === impl Target ===

impl Target {
    /// Reads `http://host`, `http://host/chat/location`, `ws://host/ws` or the same with TLS. The
    /// error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected =
            || format!("{text:?}: expected a URL such as http://127.0.0.1:8080 or wss://chat.example.org/ws");
        let mut url = Url::parse(text).map_err(|_| expected())?;
        if url.host_str().is_none() {
            return Err(expected());
        }
        match (url.scheme(), url.path()) {
            ("ws" | "wss", path) => {
                if path == "/" {
                    url.set_path("/ws");
                }
                Ok(Target::Socket(url))
            }
            ("http" | "https", "/" | LOCATION) => {
                url.set_path(LOCATION);
                Ok(Target::Location(url))
            }
            ("http" | "https", path) => Err(format!("{text:?}: expected no path or {LOCATION}, not {path}")),
            _ => Err(expected()),
        }
    }

    /// The WebSocket to connect to; asked for with the token where that is needed.
    pub async fn socket(&self, token: &str, patience: Duration) -> Result<Url, ProbeError> {
        let url = match self {
            Target::Socket(url) => return Ok(url.clone()),
            Target::Location(url) => url,
        };
        let response = client_for(url, patience)?.get(url.clone()).bearer_auth(token).send().await;
        let response = response.map_err(|error| ProbeError::unreachable(url, &error))?;
        if !response.status().is_success() {
            return Err(refusal(url, response).await);
        }
        let located = response.json::<Located>().await.map_err(|_| ProbeError::no_hub(url))?;
        Ok(located.url)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Target::Socket(url) | Target::Location(url)) = self;
        url.fmt(f)
    }
}

/// A client that opens a connection of its own for each request: connecting is what is probed.
pub(super) fn client_for(url: &Url, patience: Duration) -> Result<Client, ProbeError> {
    // Refused when one is there already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder()
        .connect_timeout(patience)
        .pool_max_idle_per_host(0)
        .user_agent(concat!("hubbub-probe/", env!("CARGO_PKG_VERSION")));
    if matches!(url.scheme(), "http" | "ws") {
        // Needs no certificates, which a bare container does not have.
        client = client.tls_certs_only(None);
    }
    client.build().map_err(|error| ProbeError::unreachable(url, &error))
}

/// What an answer that is none of those hoped for means.
pub(super) async fn refusal(url: &Url, response: Response) -> ProbeError {
    let status = response.status();
    let detail = match response.json::<Problem>().await {
        Ok(problem) => problem.detail.or(problem.title).unwrap_or_default(),
        Err(_) => String::new(),
    };
    let detail: String = detail.chars().take(LONGEST_DETAIL).collect();
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ProbeError::Token { url: url.clone(), detail },
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => ProbeError::no_hub(url),
        status if detail.is_empty() => ProbeError::Refused { url: url.clone(), what: status.to_string() },
        status => ProbeError::Refused { url: url.clone(), what: format!("{} {detail}", status.as_u16()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubs_are_named_in_several_ways() {
        for (text, read) in [
            ("http://h:1", Target::Location(Url::parse("http://h:1/chat/location").unwrap())),
            ("https://h/chat/location", Target::Location(Url::parse("https://h/chat/location").unwrap())),
            ("ws://h:1", Target::Socket(Url::parse("ws://h:1/ws").unwrap())),
            ("wss://h/proxied/ws", Target::Socket(Url::parse("wss://h/proxied/ws").unwrap())),
        ] {
            assert_eq!(Target::parse(text), Ok(read));
        }
        for wrong in ["", "h:1", "127.0.0.1:8080", "ftp://h/", "http://h/other", "http://"] {
            assert!(Target::parse(wrong).unwrap_err().contains("expected"), "{wrong}");
        }
    }
}
