//! Layers, mistakes, masks, and the page that is made of the table.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::ports::NodeRole;

const SECRET: &str = "a secret of more than thirty-two bytes";

fn environment(variables: &[(&str, &str)]) -> Sources {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources { environment, ..Sources::default() }
}

fn file(contents: &str) -> Sources {
    Sources { file: Some(("hubbub.toml".into(), contents.to_owned())), ..Sources::default() }
}

fn mistakes(sources: &Sources) -> Vec<String> {
    load(sources).err().map(|mistakes| mistakes.0.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

fn only_mistake(sources: &Sources) -> String {
    let mistakes = mistakes(sources);
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    mistakes.into_iter().next().unwrap_or_default()
}

#[test]
fn with_nothing_set_everything_has_its_default() {
    let loaded = load(&Sources::default()).unwrap();
    assert_eq!(loaded.config.hub.max_text, 4_000);
    assert!(loaded.config.storage.is_embedded());
    assert!(loaded.config.auth.accounts_enabled());
    assert!(loaded.origins.is_empty());
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let mut sources = file("max_text = 1\nmax_members = 2\nzone = 'a'\n");
    sources.environment = environment(&[("HUBBUB_MAX_TEXT", "3"), ("HUBBUB_MAX_MEMBERS", "4")]).environment;
    sources.flags = vec![("max_text".into(), "5".into())];
    let loaded = load(&sources).unwrap();
    let hub = &loaded.config.hub;
    assert_eq!((hub.max_text, hub.max_members, hub.zone.as_deref()), (5, 4, Some("a")));
    assert_eq!(loaded.origins["max_text"], Origin::Flag("max-text".into()));
    assert_eq!(loaded.origins["max_members"], Origin::Variable("HUBBUB_MAX_MEMBERS".into()));
    assert_eq!(loaded.origins["zone"], Origin::File("hubbub.toml".into()));
}

#[test]
fn every_kind_of_value_can_stand_in_a_file() {
    let loaded = load(&file(
        "max_text = 1_000\nmax_data = '8KiB'\nheartbeat = '10s'\nretention = '30d'\njwt_audience = ['a', 'b']\n\
         jwt_issuer = 'https://main'\n\
         [[issuers]]\nissuer = 'https://ex'\nprefix = 'ex'\nkey_file = 'ex.pem'\naudience = ['a']\n",
    ));
    let config = loaded.unwrap().config;
    assert_eq!((config.hub.max_text, config.hub.max_data), (1_000, 8 * 1024));
    assert_eq!(config.hub.heartbeat, Duration::from_secs(10));
    assert_eq!(config.hub.retention, Some(Duration::from_secs(30 * 86_400)));
    assert_eq!(config.auth.jwt_audience, ["a", "b"]);
    assert_eq!(config.auth.issuers[0].key_file, Some(PathBuf::from("ex.pem")));
}

#[test]
fn all_mistakes_are_told_at_once() {
    let mut sources = file("max_txt = 1\nheartbeat = 5\nnothing_like_it = true\n");
    sources.environment = environment(&[
        ("HUBBUB_REDIS_URL", "redis://localhost"),
        ("HUBBUB_MAX_MEMBERS", "many"),
        ("HUBBUB_REDISURL", "x"),
        ("HUBBUB_LISTEN", "8080"),
        ("HUBBUB_LOG_FORMAT", "xml"),
        ("HUBBUB_NODE_ROLES", "clients, ears"),
        ("HUBBUB_FOLLOWERS", "nobody"),
    ])
    .environment;
    sources.flags = vec![("partitions".into(), "0".into())];
    let told = mistakes(&sources);
    let expected = [
        "hubbub.toml: max_txt: no such setting; did you mean max_text?",
        "hubbub.toml: nothing_like_it: no such setting",
        "hubbub.toml: heartbeat: expected a duration from 1s to 1m",
        "HUBBUB_MAX_MEMBERS: expected a whole number from 2 to 100000, got \"many\"",
        "HUBBUB_REDISURL: no such variable; did you mean HUBBUB_REDIS_URL?",
        "HUBBUB_LISTEN: expected an address and a port",
        "HUBBUB_LOG_FORMAT: expected one of text, json, got \"xml\"",
        "HUBBUB_NODE_ROLES: expected a list (or, separated by commas, several) of: one of clients, owner, followers, got",
        "HUBBUB_FOLLOWERS: expected all, or a list",
        "--partitions: expected a whole number from 1 to 1024, got \"0\"",
        "redis_url, mongodb_url: Redis without MongoDB",
        "jwt_secret, jwt_key_file, jwks_url: with Redis or MongoDB all nodes need the same key",
    ];
    for beginning in expected {
        assert!(told.iter().any(|mistake| mistake.starts_with(beginning)), "{beginning} is missing in {told:#?}");
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    let report = load(&sources).unwrap_err().to_string();
    assert!(report.contains("12 mistakes"), "{report}");
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_line() {
    let told = only_mistake(&file("max_text = 1\nmax_members\n"));
    assert!(told.starts_with("hubbub.toml: ") && told.contains("line 2"), "{told}");
}

#[test]
fn what_others_set_is_no_mistake() {
    let loaded = load(&environment(&[
        ("HUBBUB_CONFIG", "hubbub.toml"),
        ("HUBBUB_TEST_MONGODB_URL", "mongodb://x"),
        ("HUBBUB_REDIS_URL", ""),
        ("HUBBUB_SERVICE_HOST", "10.0.0.1"),
        ("HUBBUB_SERVICE_PORT_HTTP", "80"),
        ("HUBBUB_PORT", "tcp://10.0.0.1:80"),
        ("HUBBUB_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("HUBBUB_REDIS_SERVICE_PORT", "6379"),
    ]));
    assert!(loaded.unwrap().config.storage.is_embedded());
}

#[test]
fn storage_must_be_shared_as_a_whole() {
    let secret = ("HUBBUB_JWT_SECRET", SECRET);
    let redis = ("HUBBUB_REDIS_URL", "redis-cluster://h:7000?node=h:7001");
    let mongodb = ("HUBBUB_MONGODB_URL", "mongodb://a,b/?replicaSet=rs0");
    let told = only_mistake(&environment(&[redis, secret]));
    assert!(told.contains("history") && told.contains("HUBBUB_MONGODB_URL"), "{told}");
    assert!(mistakes(&environment(&[redis, mongodb, secret])).is_empty());
    assert!(mistakes(&environment(&[mongodb, secret])).is_empty(), "one node on MongoDB");
    let told = only_mistake(&environment(&[mongodb]));
    assert!(told.contains("HUBBUB_JWT_SECRET"), "{told}");
    let authorities = ("HUBBUB_REDIS_CA_FILE", "ca.pem");
    let told = only_mistake(&environment(&[redis, mongodb, secret, authorities]));
    assert!(told.contains("redis_ca_file") && told.contains("rediss"), "{told}");
    let over_tls = ("HUBBUB_REDIS_URL", "rediss://h:7000");
    assert!(mistakes(&environment(&[over_tls, mongodb, secret, authorities])).is_empty());
    let told = only_mistake(&environment(&[("HUBBUB_REDIS_PREFIX", "a{b}")]));
    assert!(told.contains("1 to 40 characters"), "{told}");
    for wrong in [("HUBBUB_REDIS_URL", "localhost:6379"), ("HUBBUB_MONGODB_URL", "localhost")] {
        assert!(only_mistake(&environment(&[wrong])).contains("expected a URL"));
    }
}

#[test]
fn a_node_has_some_roles_and_all_where_it_is_alone() {
    let (redis, secret) = (("HUBBUB_REDIS_URL", "redis://h"), ("HUBBUB_JWT_SECRET", SECRET));
    let shared = |roles: &str| {
        environment(&[redis, ("HUBBUB_MONGODB_URL", "mongodb://m"), secret, ("HUBBUB_NODE_ROLES", roles)])
    };
    let hub = load(&shared("owner,followers")).unwrap().config.hub;
    assert!(hub.roles.has(NodeRole::Owner) && !hub.roles.has(NodeRole::Clients));
    assert_eq!((hub.capacity(), hub.followers), (0, None));
    assert!(only_mistake(&shared(",")).contains("expected a list"));
    assert!(only_mistake(&file("node_roles = []")).contains("expected a list"));
    let told = only_mistake(&file("node_roles = ['owner']"));
    assert!(told.contains("nobody else to be clients, followers") && told.contains("redis_url"), "{told}");
    assert!(mistakes(&file("node_roles = ['owner', 'clients', 'followers']")).is_empty());
}

#[test]
fn keys_and_issuers_must_fit_together() {
    let told = |variables: &[(&str, &str)]| only_mistake(&environment(variables));
    assert!(told(&[("HUBBUB_JWT_SECRET", "short")]).contains("at least 32 bytes"));
    assert!(told(&[("HUBBUB_JWT_SECRET", SECRET), ("HUBBUB_JWT_KEY_FILE", "x")]).contains("one of the two"));
    let keys = ("HUBBUB_JWKS_URL", "https://id.example.org/keys");
    assert!(told(&[keys]).contains("needed with jwks_url"));
    let issuer = ("HUBBUB_JWT_ISSUER", "https://id.example.org");
    let config = load(&environment(&[keys, issuer])).unwrap().config;
    assert!(!config.auth.accounts_enabled(), "off by default beside an identity provider");
    let plain = ("HUBBUB_JWKS_URL", "http://id.example.org/keys");
    assert!(mistakes(&environment(&[plain, issuer]))[0].contains("https://"));
    let mongodb = ("HUBBUB_MONGODB_URL", "mongodb://m");
    assert!(told(&[keys, issuer, mongodb, ("HUBBUB_ACCOUNTS", "on")]).contains("key to sign with"));
    assert!(
        told(&[("HUBBUB_JWT_SECRET", SECRET), ("HUBBUB_JWT_ISSUER", "hubbub"), ("HUBBUB_ACCOUNTS", "on")])
            .contains("another name")
    );
}

#[test]
fn further_issuers_must_differ() {
    let told = mistakes(&file(
        "jwt_issuer = 'https://main'\n\
         issuers = [\n\
           { issuer = 'https://main', prefix = 'a', key_file = 'x' },\n\
           { issuer = 'https://b', prefix = 'a', key_file = 'x' },\n\
           { issuer = 'https://c', prefix = 'c|c', key_file = 'x' },\n\
           { issuer = 'https://d', prefix = 'd' },\n\
           { issuer = 'https://e', prefix = 'e', jwks_url = 'http://e' },\n\
           { issuer = 'https://f', prefix = 'f', secret = 'short' },\n\
         ]\n",
    ));
    for part in ["https://main: this issuer", "https://b: its prefix", "https://c: prefix", "https://d: expected one"] {
        assert!(told.iter().any(|mistake| mistake.contains(part)), "{part} is missing in {told:#?}");
    }
    assert!(told.iter().any(|mistake| mistake.contains("https://e: jwks_url")), "{told:#?}");
    assert!(told.iter().any(|mistake| mistake.contains("https://f: secret")), "{told:#?}");
    assert_eq!(told.len(), 6, "{told:#?}");
    let misspelled = only_mistake(&file("issuers = [{ isuer = 'x', prefix = 'y' }]\n"));
    assert!(misspelled.contains("expected a list of tables"), "{misspelled}");
}

#[test]
fn a_frame_holds_the_longest_message() {
    assert!(only_mistake(&environment(&[("HUBBUB_MAX_TEXT", "20000")])).contains("at least 96KiB"));
    assert!(mistakes(&environment(&[("HUBBUB_MAX_TEXT", "20000"), ("HUBBUB_MAX_FRAME", "96KiB")])).is_empty());
}

#[test]
fn listeners_are_guarded() {
    let told = |variables: &[(&str, &str)]| only_mistake(&environment(variables));
    let open = ("HUBBUB_INTERNAL_LISTEN", "0.0.0.0:8081");
    assert!(told(&[open]).contains("HUBBUB_SERVICE_TOKEN"));
    assert!(told(&[open, ("HUBBUB_SERVICE_TOKEN", "short")]).contains("HUBBUB_SERVICE_TOKEN"));
    let hash = format!("sha256:{}", "ab".repeat(32));
    assert!(mistakes(&environment(&[open, ("HUBBUB_SERVICE_TOKEN", &hash)])).is_empty());
    assert!(told(&[("HUBBUB_LISTEN", "127.0.0.1:8081")]).contains("another address"));
    assert!(told(&[("HUBBUB_PROXY_PROTOCOL", "true")]).contains("trusted_proxies"));
    assert!(told(&[("HUBBUB_HEARTBEAT", "20s")]).contains("twice the heartbeat"));
    let config = load(&environment(&[
        ("HUBBUB_TRUSTED_PROXIES", "10.0.0.1, 192.168.0.0/16"),
        ("HUBBUB_ALLOWED_ORIGINS", "https://app.example.org"),
        ("HUBBUB_MAX_FRAME", "1MiB"),
        ("HUBBUB_MAX_CONNECTIONS", "7"),
    ]));
    let transport = config.unwrap().config.transport;
    assert_eq!(transport.admission.trusted_proxies[0].to_string(), "10.0.0.1/32");
    assert_eq!((transport.websocket.max_message, transport.http.max_body), (1 << 20, 1 << 20));
    assert_eq!(transport.admission.max_connections, 7);
    for wrong in [
        "*",
        "app.example.org",
        "https://app.example.org/page",
        "https://*.example.org",
        "https://a:b@app.example.org",
        "file:///app",
        "capacitor:localhost",
    ] {
        assert!(told(&[("HUBBUB_ALLOWED_ORIGINS", wrong)]).contains("scheme://host, such as"), "{wrong}");
    }
    let apps = ("HUBBUB_ALLOWED_ORIGINS", "capacitor://localhost,tauri://localhost,https://app.example.org:8443");
    assert!(mistakes(&environment(&[apps])).is_empty());
}

#[test]
fn what_is_shown_makes_the_same_configuration_and_tells_no_secret() {
    let loaded = load(&environment(&[
        ("HUBBUB_JWT_SECRET", SECRET),
        ("HUBBUB_REDIS_URL", "redis://hub:s3cret@r:6379"),
        ("HUBBUB_MONGODB_URL", "mongodb://hub:s3cret@m/?replicaSet=rs0"),
        ("HUBBUB_MAX_TEXT", "3000"),
        ("HUBBUB_RETENTION", "30d"),
        ("HUBBUB_JWT_AUDIENCE", "a,b"),
    ]))
    .unwrap();
    let shown = show::show(&loaded);
    assert!(!shown.contains("s3cret") && !shown.contains(SECRET), "{shown}");
    assert!(!format!("{:?}", loaded.config.auth).contains(SECRET));
    assert!(shown.contains("max_text = 3000  # HUBBUB_MAX_TEXT"), "{shown}");
    assert!(shown.contains("max_members = 150  # default"), "{shown}");
    let again = load(&file(&shown.replace("****", SECRET))).unwrap();
    let (was, is) = (&loaded.config.hub, &again.config.hub);
    assert_eq!((was.max_text, was.retention, was.max_frame), (is.max_text, is.retention, is.max_frame));
    assert_eq!(again.config.auth.jwt_audience, ["a", "b"]);
}

#[test]
fn a_wrong_secret_is_not_repeated() {
    let told = only_mistake(&environment(&[("HUBBUB_JWT_SECRET", "nearly right")]));
    assert!(!told.contains("nearly right"), "{told}");
    let told = only_mistake(&environment(&[("HUBBUB_REDIS_URL", "rdis://hub:s3cret@r")]));
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn every_setting_is_described_and_can_be_read_back() {
    let mut seen = std::collections::HashSet::new();
    let defaults = Config::default();
    for setting in settings::all() {
        assert!(seen.insert(setting.name), "{} is there twice", setting.name);
        assert!(setting.about.ends_with('.') && setting.reason.ends_with('.'), "{}", setting.name);
        if setting.secrecy == Secrecy::Open
            && setting.default_note.is_none()
            && let Some(value) = setting.masked(&defaults)
        {
            let sources = file(&format!("{} = {value}", setting.name));
            assert_eq!(mistakes(&sources), Vec::<String>::new());
        }
    }
}

#[test]
fn the_page_is_the_one_that_the_code_makes() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, docs::markdown()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == docs::markdown(), "run this test again with UPDATE_DOCS=1");
}
