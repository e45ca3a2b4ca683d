//! Where the hub is found.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

use crate::app::config::codec::{Codec, List, OneOf, Optional, Parsed, Switch, Text};
use crate::app::config::setting::{Secrecy, Setting, field};
use crate::domain::NodeName;
use crate::hub::config::FOLLOWERS;
use crate::ports::{NodeRole, NodeRoles};

/// Reads `https://host` and the like, and keeps `wss://host/ws`.
struct PublicUrl;

/// Reads a list of roles; a node without any would do nothing.
struct Roles;

/// Reads the name of a follower.
struct Follower;

/// A network, or an address for a network of one.
struct Network;

pub(super) fn settings() -> Vec<Setting> {
    vec![
        Setting::new("listen", field!(transport.listen.public), ADDRESS)
            .about("Where clients connect: WebSocket, HTTP API, chat page.")
            .because("Reachable from other machines, on the usual port of services behind a proxy."),
        Setting::new("internal_listen", field!(transport.listen.internal), ADDRESS)
            .about("Where services, operators and monitoring connect.")
            .because("Reachable from this machine alone; beyond it a service_token is needed."),
        Setting::new("service_token", field!(transport.http.service_token), Optional(SERVICE_TOKEN, ""))
            .secrecy(Secrecy::Whole)
            .about("What services show as Bearer token on the internal listener, or its hash as sha256:<hex>.")
            .because("On this machine alone none is needed. Metrics and health need none anywhere."),
        Setting::new("internal_hosts", field!(transport.listen.internal_hosts), List(HOST))
            .about("Host names by which services call the internal listener, beyond addresses and localhost.")
            .because("A page in an operator's browser must not reach it under a name of its own."),
        Setting::new("public_url", field!(hub.public_url), Optional(PublicUrl, ""))
            .about("Where clients reach this node, such as https://chat1.example.org.")
            .because(
                "Unset, clients are told the host name that they asked for. Nodes behind one address need none; nodes \
                 with addresses of their own each need theirs, for clients to be sent there. Browsers may come from \
                 these origins.",
            ),
        Setting::new("node", field!(hub.node), NODE)
            .about("This node's name, unique among the nodes.")
            .because("Under Kubernetes and Compose host names differ by themselves.")
            .default_note("the host's name"),
        Setting::new("zone", field!(hub.zone), Optional(Text("a name", |text| !text.trim().is_empty()), ""))
            .about("This node's availability zone, told to operators and other nodes.")
            .because("Nothing depends on it."),
        Setting::new("node_roles", field!(hub.roles), Roles)
            .about(
                "What this node does: `clients` (WebSockets and the public API), `owner` (stores messages and routes them), \
                 `followers` (what works on stored messages beside that, such as `retention`).",
            )
            .because(
                "Unset, each node does everything, and one is enough. A node with fewer roles needs Redis, and others that \
                 have the rest.",
            ),
        Setting::new("followers", field!(hub.followers), Optional(List(Follower), "all"))
            .about("Which followers this node runs, where it has that role.")
            .because("Whoever can run one can run any."),
        Setting::new("allowed_origins", field!(transport.admission.allowed_origins), List(ORIGIN))
            .about("Origins of pages that may use this hub, beyond its own.")
            .because("The host asked and every node's public_url are allowed by themselves."),
        Setting::new("trusted_proxies", field!(transport.admission.trusted_proxies), List(Network))
            .about(
                "Proxies whose word about a client is believed: its address (X-Forwarded-For), and that it came over TLS \
                 (X-Forwarded-Proto: https).",
            )
            .because(
                "Anybody can write such headers. Behind a proxy that is not named here, all clients share its address and \
                 so its limits, and are sent to ws:// where wss:// is meant.",
            ),
        Setting::new("proxy_protocol", field!(transport.admission.proxy_protocol), Switch)
            .about("Trusted proxies begin each connection with a PROXY protocol header (version 1 or 2).")
            .because("HTTP proxies write X-Forwarded-For instead."),
    ]
}

const ADDRESS: Parsed = Parsed("an address and a port, such as 0.0.0.0:8080 or [::1]:8080");

const HOST: Text = Text("a host name", |text| {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
});

// An app in a web view has a scheme of its own. A star would be taken for a name and match nothing.
const ORIGIN: Text =
    Text("an origin, scheme://host, such as https://app.example.org or capacitor://localhost", |text| {
        let url = Url::parse(text).ok().filter(|url| url.host_str().is_some_and(|host| !host.is_empty()));
        let bare = |url: Url| matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let alone = |url: &Url| url.username().is_empty() && url.password().is_none() && url.scheme() != "file";
        !text.contains('*') && url.filter(alone).is_some_and(bare)
    });

const SERVICE_TOKEN: Text =
    Text("at least 32 bytes, or sha256: and 64 hexadecimal digits", |text| match text.strip_prefix("sha256:") {
        Some(hash) => hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => text.len() >= 32,
    });

// An epoch is added to it.
const NODE: Text =
    Text("1 to 64 characters of A-Z a-z 0-9 . _ -", |text| text.len() <= 64 && NodeName::parse(text).is_ok());

impl Codec<String> for PublicUrl {
    fn expected(&self) -> String {
        "a URL such as https://chat1.example.org".into()
    }

    fn parse(&self, text: &str) -> Option<String> {
        let url = Url::parse(text).ok()?;
        let scheme = match url.scheme() {
            "https" | "wss" => "wss",
            "http" | "ws" => "ws",
            _ => return None,
        };
        let plain = url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
        let host = url.host_str().filter(|_| plain)?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let path = url.path().trim_end_matches('/').trim_end_matches("/ws");
        Some(format!("{scheme}://{host}{port}{path}/ws"))
    }

    fn show(&self, value: &String) -> Option<toml::Value> {
        Some(toml::Value::String(value.clone()))
    }
}

/// Roles by their names.
const ROLE: OneOf<NodeRole> =
    OneOf(&[("clients", NodeRole::Clients), ("owner", NodeRole::Owner), ("followers", NodeRole::Followers)]);

impl Codec<NodeRoles> for Roles {
    fn expected(&self) -> String {
        List(ROLE).expected()
    }

    fn parse(&self, text: &str) -> Option<NodeRoles> {
        let roles: Vec<NodeRole> = List(ROLE).parse(text)?;
        (!roles.is_empty()).then(|| roles.into_iter().collect())
    }

    fn show(&self, value: &NodeRoles) -> Option<toml::Value> {
        List(ROLE).show(&NodeRole::ALL.into_iter().filter(|role| value.has(*role)).collect())
    }
}

impl Codec<String> for Follower {
    fn expected(&self) -> String {
        match FOLLOWERS {
            [] => "the name of a follower (this version has none)".into(),
            names => format!("one of {}", names.join(", ")),
        }
    }

    fn parse(&self, text: &str) -> Option<String> {
        FOLLOWERS.contains(&text).then(|| text.to_owned())
    }

    fn show(&self, value: &String) -> Option<toml::Value> {
        Some(toml::Value::String(value.clone()))
    }
}

impl Codec<IpNet> for Network {
    fn expected(&self) -> String {
        "an address or a network such as 10.0.0.0/8".into()
    }

    fn parse(&self, text: &str) -> Option<IpNet> {
        text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    }

    fn show(&self, value: &IpNet) -> Option<toml::Value> {
        Some(toml::Value::String(value.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_urls_become_those_of_sockets() {
        for (given, kept) in [
            ("https://chat.example.org", "wss://chat.example.org/ws"),
            ("http://127.0.0.1:8080/", "ws://127.0.0.1:8080/ws"),
            ("wss://chat.example.org/ws", "wss://chat.example.org/ws"),
            ("https://example.org/chat/", "wss://example.org/chat/ws"),
            ("https://[::1]:8443", "wss://[::1]:8443/ws"),
        ] {
            assert_eq!(PublicUrl.parse(given).as_deref(), Some(kept));
            assert_eq!(PublicUrl.parse(kept).as_deref(), Some(kept));
        }
        for wrong in ["chat.example.org", "ftp://x", "https://u:p@x", "https://x?y", "https://x#y", ""] {
            assert_eq!(PublicUrl.parse(wrong), None, "{wrong}");
        }
    }
}
