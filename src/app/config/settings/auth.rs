//! Who may come in.

use std::time::Duration;

use url::Url;

use crate::app::config::auth::{AccountsMode, Issuers, SecretText};
use crate::app::config::codec::{Codec, List, OneOf, Optional, Path, Span, Text, Whole};
use crate::app::config::setting::{Secrecy, Setting, field};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// `https://…`; plain `http://` only on this machine.
pub(super) struct KeySetUrl;

pub(super) fn tokens() -> Vec<Setting> {
    vec![
        Setting::new("jwt_secret", field!(auth.jwt_secret), Optional(SECRET, ""))
            .secrecy(Secrecy::Whole)
            .about("The secret that signs tokens (HS256); the same on all nodes.")
            .because(
                "Unset, a hub that is all in one process makes a key and keeps it in the data directory. If another \
                 service signs tokens with the same secret, set jwt_issuer too. That turns registration here off, so \
                 that nobody can take a name which that service gave to somebody else.",
            ),
        Setting::new("jwt_key_file", field!(auth.jwt_key_file), Optional(Path, ""))
            .about("A PEM file instead of a secret: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA).")
            .because("A public key checks tokens; a private one makes them as well."),
        Setting::new("jwt_issuer", field!(auth.jwt_issuer), Optional(NAME, ""))
            .about("The issuer (`iss`) whose tokens are accepted.")
            .because("Unset, the key alone says whose tokens they are. Needed with jwks_url."),
        Setting::new("jwt_audience", field!(auth.jwt_audience), List(NAME))
            .about("Audiences (`aud`) of which a token must name one.")
            .because("Unset, tokens that name an audience are refused: they were made for somebody else."),
        Setting::new("jwks_url", field!(auth.jwks_url), Optional(KeySetUrl, ""))
            .about("Where the identity provider publishes its keys; followed when they rotate.")
            .because("Most providers tell it under /.well-known/openid-configuration as jwks_uri."),
        Setting::new("issuers", field!(auth.issuers), Issuers)
            .about("Further issuers beside the main one. Their users' ids are prefix|sub.")
            .because("A user is issuer and subject: without the prefix two people could be taken for one."),
    ]
}

const SECRET: SecretText =
    SecretText("at least 32 bytes, such as `openssl rand -base64 48` makes", crate::identity::tokens::MIN_SECRET_BYTES);

const NAME: Text = Text("a name", |text| !text.trim().is_empty());

pub(super) fn accounts() -> Vec<Setting> {
    const MODES: OneOf<AccountsMode> =
        OneOf(&[("auto", AccountsMode::Auto), ("on", AccountsMode::On), ("off", AccountsMode::Off)]);
    vec![
        Setting::new("accounts", field!(auth.accounts), MODES)
            .about("Whether people can register here with a username and a password.")
            .because(
                "auto: yes, unless an issuer or a key set is configured. on beside one of these: users' ids begin with \
                 local|.",
            ),
        Setting::new("account_token_ttl", field!(accounts.token_ttl), Span(60 * SECOND, 8760 * HOUR))
            .about("How long a login is good.")
            .because(
                "A working day. A page in use renews it before it ends; one that is closed is logged out the next day.",
            ),
        Setting::new("password_hashes", field!(accounts.hashes_at_once), Whole(1, 64))
            .about("Passwords hashed at the same time.")
            .because("Each takes a core and 19 MiB for some 20 ms; messages go on meanwhile."),
        Setting::new("login_burst", field!(accounts.per_address.burst), Whole(1, 1_000_000))
            .about("Logins and registrations that one client address may try at once.")
            .because("A classroom behind one address may register together."),
        Setting::new("login_interval", field!(accounts.per_address.every), Span(SECOND / 1000, HOUR))
            .about("After that, one in each such time.")
            .because("Too slow to guess, fast enough for people."),
    ]
}

impl Codec<Url> for KeySetUrl {
    fn expected(&self) -> String {
        "a URL that begins with https:// (http:// only on this machine: whoever can change keys can be anybody)".into()
    }

    fn parse(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok()?;
        let local = match url.host()? {
            url::Host::Domain(name) => name == "localhost",
            url::Host::Ipv4(ip) => ip.is_loopback(),
            url::Host::Ipv6(ip) => ip.is_loopback(),
        };
        (url.scheme() == "https" || url.scheme() == "http" && local).then_some(url)
    }

    fn show(&self, value: &Url) -> Option<toml::Value> {
        Some(toml::Value::String(value.to_string()))
    }
}
