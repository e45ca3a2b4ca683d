//! Which settings accept whom, and as whom.

use std::path::PathBuf;

use super::*;
use crate::app::config::{AccountsMode, Secret};
use crate::ports::Tokens;

const SECRET: &str = "a secret of more than thirty-two bytes";
const OTHER: &str = "another secret of more than thirty-two bytes";
const HOUR: Duration = Duration::from_secs(3600);

/// Embedded, in a data directory of its own.
fn embedded() -> (tempfile::TempDir, Config) {
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.storage.data_dir = directory.path().join("data");
    (directory, config)
}

fn with_secret() -> Config {
    let mut config = Config::default();
    config.auth.jwt_secret = Some(Secret::new(SECRET));
    config
}

fn test_key(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/identity/tokens/testdata").join(name)
}

fn key_set() -> Option<url::Url> {
    "http://127.0.0.1:1/keys".parse().ok()
}

async fn who(identities: &Identities, token: &str) -> Option<String> {
    identities.tokens.verify(token).await.ok().map(|identity| identity.user.to_string())
}

fn signed(secret: &str, issuer: Option<&str>, user: &str) -> String {
    let key = SigningKey::from_secret(secret.as_bytes()).unwrap().named(issuer, None);
    key.mint(user, &Profile::default(), HOUR).unwrap().token
}

#[tokio::test]
async fn an_embedded_hub_makes_a_key_and_keeps_it() {
    let (_directory, config) = embedded();
    let first = Identities::open(&config).unwrap();
    let token = first.own.as_ref().unwrap().mint("anna", &Profile::default(), HOUR).unwrap().token;
    let restarted = Identities::open(&config).unwrap();
    assert_eq!(who(&restarted, &token).await.as_deref(), Some("anna"));
    assert!(config.storage.data_dir.join("signing.key").exists());
}

#[tokio::test]
async fn a_configured_secret_makes_no_key_of_its_own() {
    let (_directory, mut config) = embedded();
    config.auth.jwt_secret = Some(Secret::new(SECRET));
    let identities = Identities::open(&config).unwrap();
    assert_eq!(who(&identities, &signed(SECRET, None, "anna")).await.as_deref(), Some("anna"));
    assert_eq!(who(&identities, &signed(SECRET, Some("any"), "anna")).await.as_deref(), Some("anna"));
    assert_eq!(who(&identities, &signed(OTHER, None, "anna")).await, None);
    assert!(!config.storage.data_dir.exists());
}

#[tokio::test]
async fn key_files_check_or_also_sign() {
    let mut config = Config::default();
    config.auth.jwt_key_file = Some(test_key("ed.pem"));
    let private = Identities::open(&config).unwrap();
    let token = private.own.as_ref().unwrap().mint("anna", &Profile::default(), HOUR).unwrap().token;
    config.auth.jwt_key_file = Some(test_key("ed.pub.pem"));
    config.auth.accounts = AccountsMode::Off;
    let public = Identities::open(&config).unwrap();
    assert!(public.own.is_none());
    assert_eq!(who(&public, &token).await.as_deref(), Some("anna"));
    config.auth.accounts = AccountsMode::On;
    assert!(matches!(Identities::open(&config), Err(IdentityError::NoKeyForAccounts)));
    config.auth.jwt_key_file = Some(test_key("no-such-file.pem"));
    let error = Identities::open(&config).err().unwrap().to_string();
    assert!(error.contains("no-such-file.pem"), "{error}");
    config.auth.jwt_key_file = Some(test_key("README.md"));
    let error = Identities::check(&config).err().unwrap().to_string();
    assert!(error.contains("README.md") && error.contains("PEM"), "{error}");
}

#[tokio::test]
async fn accounts_beside_an_issuer_with_the_same_key_are_never_its_users() {
    let mut config = with_secret();
    config.auth.jwt_issuer = Some("https://main".into());
    assert!(!config.auth.accounts_enabled(), "off by default then");
    config.auth.accounts = AccountsMode::On;
    let identities = Identities::open(&config).unwrap();
    let own = identities.own.as_ref().unwrap();
    assert_eq!(own.prefix, Some("local"));
    for name in ["anna", "local|anna"] {
        let token = own.mint(name, &Profile::default(), HOUR).unwrap().token;
        assert_eq!(who(&identities, &token).await.as_deref(), Some("local|anna"));
    }
    let main = signed(SECRET, Some("https://main"), "anna");
    assert_eq!(who(&identities, &main).await.as_deref(), Some("anna"));
    assert_eq!(who(&identities, &signed(SECRET, None, "anna")).await, None, "the issuer has a name");
}

#[tokio::test]
async fn beside_a_key_set_the_own_key_is_a_further_issuers() {
    let mut config = with_secret();
    config.auth.jwks_url = key_set();
    config.auth.jwt_issuer = Some("https://main".into());
    let identities = Identities::open(&config).unwrap();
    assert_eq!(identities.key_sets.len(), 1);
    let token = identities.own.as_ref().unwrap().mint("anna", &Profile::default(), HOUR).unwrap().token;
    assert_eq!(who(&identities, &token).await.as_deref(), Some("local|anna"));
    // The secret does not speak for the key set's issuer.
    assert_eq!(who(&identities, &signed(SECRET, Some("https://main"), "anna")).await, None);
}

#[tokio::test]
async fn with_an_identity_provider_alone_the_hub_makes_no_key() {
    let (_directory, mut config) = embedded();
    config.auth.jwks_url = key_set();
    config.auth.jwt_issuer = Some("https://main".into());
    assert!(Identities::open(&config).unwrap().own.is_none());
    assert!(!config.storage.data_dir.exists());
    config.auth.accounts = AccountsMode::On;
    let own = Identities::open(&config).unwrap().own.unwrap();
    assert_eq!(own.prefix, Some("local"));
}

#[tokio::test]
async fn further_issuers_have_their_own_keys_and_prefixes() {
    let mut config = with_secret();
    config.auth.jwt_issuer = Some("https://main".into());
    config.auth.issuers = vec![FurtherIssuer {
        issuer: "https://other".into(),
        prefix: "ex".into(),
        audience: vec![],
        jwks_url: None,
        key_file: None,
        secret: Some(Secret::new(OTHER)),
    }];
    let identities = Identities::open(&config).unwrap();
    let other = signed(OTHER, Some("https://other"), "anna");
    assert_eq!(who(&identities, &other).await.as_deref(), Some("ex|anna"));
    assert_eq!(who(&identities, &signed(SECRET, Some("https://other"), "anna")).await, None);
    assert_eq!(who(&identities, &signed(SECRET, Some("https://main"), "ex|anna")).await, None);
}
