//! Who asks, as far as the network tells.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use ipnet::IpNet;

use super::admission::{AddressPlace, Admission, ConnectionPermit};

/// What is known of the one who sent a request; an extension of every request.
#[derive(Debug, Clone)]
pub struct Client {
    /// The other end of the connection, or what a trusted proxy's PROXY header said.
    peer: IpAddr,
    place: Option<Arc<AddressPlace>>,
    admission: Arc<Admission>,
}

/// Why there is no place for a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The node has as many as it takes.
    Node,
    /// The client's address has.
    Address,
}

// === impl Client ===

impl Client {
    /// A client at this address. Its place is taken at once; `None` when there are far too many.
    /// Proxies have no cap: behind them are many.
    pub(super) fn arrived(admission: &Arc<Admission>, peer: IpAddr) -> Option<Self> {
        let place = if is_trusted(peer, &admission.config().trusted_proxies) {
            None
        } else {
            Some(Arc::new(admission.enter_from(peer)?))
        };
        Some(Self { peer, place, admission: admission.clone() })
    }

    /// Whether its address has more connections than it may.
    pub fn is_over(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.over)
    }

    /// The client's address: the peer's, or what a trusted proxy says of it.
    pub fn address(&self, headers: &HeaderMap) -> IpAddr {
        forwarded_for(self.peer, headers, &self.admission.config().trusted_proxies).0
    }

    /// Whether the client came over TLS, as far as trusted proxies say: what the one that the client itself reached heard.
    pub fn is_secure(&self, headers: &HeaderMap) -> bool {
        forwarded_proto(self.peer, headers, &self.admission.config().trusted_proxies).eq_ignore_ascii_case("https")
    }

    /// A place for this client as a WebSocket.
    ///
    /// # Errors
    /// The node or the address has too many.
    pub fn seat(&self, headers: &HeaderMap) -> Result<ConnectionPermit, Full> {
        let place = match &self.place {
            Some(place) => place.clone(),
            None => Arc::new(self.admission.enter_from(self.address(headers)).ok_or(Full::Address)?),
        };
        if place.over {
            return Err(Full::Address);
        }
        self.admission.seat(place).ok_or(Full::Node)
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

/// The nearest address that no trusted proxy vouches for, and how many of these stand before it: read from the right, since
/// what stands further left may be anybody's invention.
fn forwarded_for(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> (IpAddr, usize) {
    let (mut client, mut proxies) = (peer, 0);
    for hop in members(headers, "x-forwarded-for") {
        if !is_trusted(client, trusted) {
            break;
        }
        let Some(address) = parse_hop(hop) else { break };
        client = address;
        proxies += 1;
    }
    (client, proxies)
}

/// What the outermost trusted proxy says of how it was reached. Each proxy may add a member, or pass on what it was told.
fn forwarded_proto<'a>(peer: IpAddr, headers: &'a HeaderMap, trusted: &[IpNet]) -> &'a str {
    if !is_trusted(peer, trusted) {
        return "";
    }
    let (_, proxies) = forwarded_for(peer, headers, trusted);
    let told: Vec<&str> = members(headers, "x-forwarded-proto").collect();
    told.get(proxies.saturating_sub(1)).or(told.last()).copied().unwrap_or_default()
}

/// The members of a list that may stand in several lines (RFC 9110, 5.3), from the right. Empty ones count for nothing, and
/// quotation marks only hold one together.
fn members<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().rev().filter_map(|line| line.to_str().ok());
    let members = lines.flat_map(|line| line.rsplit(',')).map(|member| member.trim().trim_matches('"').trim());
    members.filter(|member| !member.is_empty())
}

/// An address, with or without brackets and a port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().or_else(|_| hop.parse().map(|with_port: std::net::SocketAddr| with_port.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, lines: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", axum::http::HeaderValue::from_static(line));
        }
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap()).into();
        forwarded_for(peer.parse().unwrap(), &headers, &trusted).0.to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client("8.8.8.8", &["1.2.3.4"]), "8.8.8.8");
        assert_eq!(client("10.0.0.1", &["1.2.3.4"]), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_list_is_read_from_the_right() {
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 1.2.3.4, 10.0.0.2"]), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "1.2.3.4 , fd00::1"]), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &["1.2.3.4:5678"]), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:99"]), "2001:db8::1");
    }

    #[test]
    fn lists_are_read_in_the_forms_that_proxies_write() {
        for (line, expected) in [
            ("1.2.3.4,10.0.0.2", "1.2.3.4"),
            (", 1.2.3.4 ,, 10.0.0.2,", "1.2.3.4"),
            ("\"[2001:db8::1]:99\"", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("\"1.2.3.4\"", "1.2.3.4"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("_hidden, 10.0.0.2", "10.0.0.2"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[line]), expected, "{line}");
        }
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "10.0.0.3", "10.0.0.2"]), "1.2.3.4", "lines are one list");
    }

    fn proto(peer: &str, hops: &'static str, protos: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", axum::http::HeaderValue::from_static(hops));
        for line in protos {
            headers.append("x-forwarded-proto", axum::http::HeaderValue::from_static(line));
        }
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        forwarded_proto(peer.parse().unwrap(), &headers, &trusted).to_ascii_lowercase()
    }

    #[test]
    fn how_the_client_came_is_told_by_the_outermost_proxy() {
        assert_eq!(proto("10.0.0.1", "1.2.3.4", &["https"]), "https");
        assert_eq!(proto("10.0.0.1", "1.2.3.4", &["HTTPS"]), "https");
        // Two proxies: TLS ended at the outer one.
        assert_eq!(proto("10.0.0.1", "1.2.3.4, 10.0.0.2", &["https, http"]), "https");
        assert_eq!(proto("10.0.0.1", "1.2.3.4, 10.0.0.2", &["https", "http"]), "https");
        // The inner one passes on what it was told.
        assert_eq!(proto("10.0.0.1", "1.2.3.4, 10.0.0.2", &["https"]), "https");
        // One proxy, and what the client itself made up before it.
        assert_eq!(proto("10.0.0.1", "6.6.6.6, 1.2.3.4", &["https, http"]), "http");
        assert_eq!(proto("10.0.0.1", "1.2.3.4", &[]), "");
        assert_eq!(proto("8.8.8.8", "1.2.3.4", &["https"]), "", "not a proxy of ours");
    }
}
