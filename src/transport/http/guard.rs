//! Who may ask on the internal listener: a browser on an operator's machine is a way in.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::Api;
use super::extract::bearer_of;
use crate::domain::{Code, Refusal};
use crate::transport::config::TransportConfig;
use crate::transport::listen::origin;
use crate::transport::problem::Problem;

/// How a configured token begins that is given as its hash.
const HASHED: &str = "sha256:";

/// Lets through what names this listener itself (against DNS rebinding), comes from no other page
/// (against cross-site posts), and, beyond loopback, shows the service token.
pub(super) async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    match check(request.headers(), &api.config) {
        Ok(()) => next.run(request).await,
        Err(refusal) => Problem::from(refusal).into_response(),
    }
}

/// The same without the token.
pub(super) async fn names(State(api): State<Api>, request: Request, next: Next) -> Response {
    match check_names(request.headers(), &api.config) {
        Ok(()) => next.run(request).await,
        Err(refusal) => Problem::from(refusal).into_response(),
    }
}

fn check(headers: &HeaderMap, config: &TransportConfig) -> Result<(), Refusal> {
    check_names(headers, config)?;
    if config.listen.internal.ip().is_loopback() || shows_token(headers, config.http.service_token.as_deref()) {
        return Ok(());
    }
    Err(Refusal::new(Code::Unauthorized, "this needs the service token as `Authorization: Bearer <token>`"))
}

fn check_names(headers: &HeaderMap, config: &TransportConfig) -> Result<(), Refusal> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| is_own(host, &config.listen.internal_hosts)) {
        return Err(Refusal::forbidden(
            "name this listener by its address, by localhost, or by a configured internal host",
        ));
    }
    let foreign = |origin| !origin::is_allowed(origin, headers.get(HOST), &[], &[]);
    if headers.get_all(ORIGIN).iter().any(foreign) {
        return Err(Refusal::forbidden("pages of other origins may not ask here"));
    }
    Ok(())
}

/// Whether a `Host` names this listener in a way that no foreign DNS name can.
fn is_own(host: &str, configured: &[String]) -> bool {
    let Ok(authority) = host.parse::<axum::http::uri::Authority>() else { return false };
    let name = authority.host();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || configured.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Whether the request shows the configured token. Nobody does where none is configured.
fn shows_token(headers: &HeaderMap, configured: Option<&str>) -> bool {
    let (Some(shown), Some(configured)) = (bearer_of(headers), configured) else { return false };
    let expected = match configured.strip_prefix(HASHED) {
        Some(hex) => hex.to_ascii_lowercase(),
        None => hash(configured),
    };
    // Hashes of what is secret: how long their comparison takes tells nothing about it.
    hash(shown) == expected
}

fn hash(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn checked(internal: &str, token: Option<&str>, headers: &[(&'static str, &'static str)]) -> Result<(), Code> {
        let mut config = TransportConfig::default();
        config.listen.internal = internal.parse().unwrap();
        config.listen.internal_hosts = vec!["hub-1.internal".into()];
        config.http.service_token = token.map(str::to_owned);
        let pairs = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        check(&pairs.collect(), &config).map_err(|refusal| refusal.code)
    }

    #[test]
    fn on_loopback_own_names_are_enough() {
        for host in ["127.0.0.1:8081", "localhost:8081", "[::1]:8081", "LOCALHOST", "hub-1.internal:8081"] {
            assert_eq!(checked("127.0.0.1:8081", None, &[("host", host)]), Ok(()), "{host}");
        }
    }

    #[test]
    fn foreign_names_and_pages_are_refused() {
        let here = ("host", "127.0.0.1:8081");
        for host in ["evil.example", "127.0.0.1.evil.example:8081", "", "localhost.evil.example", "a b"] {
            assert_eq!(checked("127.0.0.1:8081", None, &[("host", host)]), Err(Code::Forbidden), "{host}");
        }
        assert_eq!(checked("127.0.0.1:8081", None, &[]), Err(Code::Forbidden));
        for origin in ["https://evil.example", "null", "http://127.0.0.1:9999"] {
            assert_eq!(checked("127.0.0.1:8081", None, &[here, ("origin", origin)]), Err(Code::Forbidden));
        }
        assert_eq!(checked("127.0.0.1:8081", None, &[here, ("origin", "http://127.0.0.1:8081")]), Ok(()));
    }

    #[test]
    fn beyond_loopback_the_token_is_needed_and_without_one_nobody_passes() {
        let host = ("host", "10.0.0.5:8081");
        let shown = ("authorization", "Bearer s3cret");
        let beyond = "0.0.0.0:8081";
        assert_eq!(checked(beyond, Some("s3cret"), &[host, shown]), Ok(()));
        let hashed = format!("sha256:{}", hash("s3cret").to_uppercase());
        assert_eq!(checked(beyond, Some(&hashed), &[host, shown]), Ok(()));
        assert_eq!(checked(beyond, Some("s3cret"), &[host]), Err(Code::Unauthorized));
        assert_eq!(checked(beyond, Some("other"), &[host, shown]), Err(Code::Unauthorized));
        assert_eq!(checked(beyond, None, &[host, shown]), Err(Code::Unauthorized));
    }
}
