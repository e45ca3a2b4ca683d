//! What settings must be to each other.

use std::collections::HashSet;

use super::auth::{AccountsMode, AuthConfig, FurtherIssuer, LOCAL_ISSUER, LOCAL_PREFIX};
use super::mistakes::Mistake;
use super::process::StorageConfig;
use super::values::Config;
use crate::ports::NodeRole;
use crate::transport::TransportConfig;

/// Adds what is wrong between settings that are right by themselves. Where one of those named is
/// `broken`, nothing can be said about them together.
pub(super) fn check(config: &Config, broken: &HashSet<&str>, mistakes: &mut Vec<Mistake>) {
    let mut wrong = |settings: &str, problem: &str| {
        if !settings.split(", ").any(|setting| broken.contains(setting)) {
            mistakes.push(Mistake::new(settings, problem));
        }
    };
    storage(&config.storage, &mut wrong);
    redis_over_tls(&config.storage, &mut wrong);
    roles(config, &mut wrong);
    keys(config, &mut wrong);
    further_issuers(&config.auth, &mut wrong);
    sizes(config, &mut wrong);
    network(&config.transport, &mut wrong);
}

fn network(transport: &TransportConfig, wrong: &mut dyn FnMut(&str, &str)) {
    let (listen, admission) = (&transport.listen, &transport.admission);
    if !listen.internal.ip().is_loopback() && transport.http.service_token.is_none() {
        let problem = format!(
            "{} can be reached from other machines: set service_token (HUBBUB_SERVICE_TOKEN), or listen on 127.0.0.1",
            listen.internal
        );
        wrong("internal_listen, service_token", &problem);
    }
    if listen.internal == listen.public && listen.public.port() != 0 {
        wrong("internal_listen, listen", "expected another address or port than that of listen");
    }
    if admission.proxy_protocol && admission.trusted_proxies.is_empty() {
        wrong("proxy_protocol, trusted_proxies", "set trusted_proxies too: only they are asked for such a header");
    }
    if transport.websocket.idle < 2 * transport.websocket.heartbeat {
        wrong(
            "idle, heartbeat",
            "expected idle to be at least twice the heartbeat: a client must have time to answer a ping",
        );
    }
}

fn storage(storage: &StorageConfig, wrong: &mut dyn FnMut(&str, &str)) {
    if storage.redis_url.is_some() && storage.mongodb_url.is_none() {
        wrong(
            "redis_url, mongodb_url",
            "Redis without MongoDB: nodes that share Redis but each have a SQLite of their own would each have a \
             history of their own. Set mongodb_url (HUBBUB_MONGODB_URL), or leave redis_url out to run one node",
        );
    }
}

fn roles(config: &Config, wrong: &mut dyn FnMut(&str, &str)) {
    let lacking: Vec<&str> = config.hub.roles.lacking().map(NodeRole::as_str).collect();
    if config.storage.redis_url.is_none() && !lacking.is_empty() {
        let problem = format!(
            "without Redis there is one node, and nobody else to be {}: leave node_roles out, or set redis_url",
            lacking.join(", ")
        );
        wrong("node_roles, redis_url", &problem);
    }
}

fn redis_over_tls(storage: &StorageConfig, wrong: &mut dyn FnMut(&str, &str)) {
    let over_tls = storage.redis_url.as_ref().is_some_and(|url| url.starts_with("rediss"));
    if storage.redis_ca_file.is_some() && !over_tls {
        wrong("redis_ca_file", "it is for Redis over TLS: let redis_url begin with rediss, or leave redis_ca_file out");
    }
}

fn keys(config: &Config, wrong: &mut dyn FnMut(&str, &str)) {
    let auth = &config.auth;
    let any = auth.jwt_secret.is_some() || auth.jwt_key_file.is_some();
    if auth.jwt_secret.is_some() && auth.jwt_key_file.is_some() {
        wrong("jwt_secret, jwt_key_file", "expected one of the two");
    }
    if auth.jwks_url.is_some() && auth.jwt_issuer.is_none() {
        wrong(
            "jwt_issuer, jwks_url",
            "the issuer is needed with jwks_url: it says whose tokens are accepted (their `iss`)",
        );
    }
    if !any && auth.jwks_url.is_none() && !config.storage.is_embedded() {
        wrong(
            "jwt_secret, jwt_key_file, jwks_url",
            "with Redis or MongoDB all nodes need the same key: set jwt_secret (HUBBUB_JWT_SECRET, such as `openssl \
             rand -base64 48` makes), or jwt_key_file, or jwks_url with jwt_issuer to use an identity provider",
        );
    }
    if auth.accounts == AccountsMode::On && !any && auth.jwks_url.is_some() && !config.storage.is_embedded() {
        wrong(
            "accounts, jwt_secret",
            "built-in accounts need a key to sign with: set jwt_secret or a private jwt_key_file",
        );
    }
    if auth.accounts == AccountsMode::On && auth.jwt_issuer.as_deref() == Some(LOCAL_ISSUER) {
        wrong(
            "jwt_issuer, accounts",
            "\"hubbub\" is how built-in accounts are told from the issuer's; take another name",
        );
    }
}

fn further_issuers(auth: &AuthConfig, wrong: &mut dyn FnMut(&str, &str)) {
    if !auth.issuers.is_empty() && auth.jwt_issuer.is_none() {
        wrong("jwt_issuer, issuers", "the main issuer needs a name beside others: it tells its tokens from theirs");
    }
    let mut names: HashSet<&str> = auth.jwt_issuer.as_deref().into_iter().collect();
    let mut prefixes = HashSet::new();
    if auth.accounts_enabled() {
        names.insert(LOCAL_ISSUER);
        prefixes.insert(LOCAL_PREFIX);
    }
    for issuer in &auth.issuers {
        let place = format!("issuers: {}", issuer.issuer);
        if !names.insert(&issuer.issuer) {
            wrong(&place, "this issuer is there already");
        }
        if !prefixes.insert(&issuer.prefix) {
            wrong(&place, "its prefix is another issuer's already");
        }
        one_issuer(&place, issuer, wrong);
    }
}

fn one_issuer(place: &str, issuer: &FurtherIssuer, wrong: &mut dyn FnMut(&str, &str)) {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let prefix = &issuer.prefix;
    if !(1..=32).contains(&prefix.len()) || !prefix.bytes().all(allowed) || prefix.starts_with("hub.") {
        wrong(place, "prefix: expected 1 to 32 characters of A-Z a-z 0-9 . _ -, not beginning with \"hub.\"");
    }
    let keys = [issuer.jwks_url.is_some(), issuer.key_file.is_some(), issuer.secret.is_some()];
    if keys.into_iter().filter(|given| *given).count() != 1 {
        wrong(place, "expected one of jwks_url, key_file and secret");
    }
    if let Some(url) = &issuer.jwks_url
        && !super::settings::is_key_set_url(url)
    {
        wrong(place, "jwks_url: expected a URL that begins with https:// (http:// only on this machine)");
    }
    let least = crate::identity::tokens::MIN_SECRET_BYTES;
    if issuer.secret.as_ref().is_some_and(|secret| secret.reveal().len() < least) {
        wrong(place, "secret: expected at least 32 bytes");
    }
}

fn sizes(config: &Config, wrong: &mut dyn FnMut(&str, &str)) {
    let hub = &config.hub;
    // Each character may take four bytes, and around text and data there is a frame.
    if hub.max_text * 4 + hub.max_data + 1024 > hub.max_frame {
        let needed = (hub.max_text * 4 + hub.max_data + 1024).div_ceil(1024);
        let problem = format!("the longest text and the largest data do not fit; expected at least {needed}KiB");
        wrong("max_frame, max_text, max_data", &problem);
    }
}
