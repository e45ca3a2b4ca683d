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
        forwarded_for(self.peer, headers, &self.admission.config().trusted_proxies)
    }

    /// Whether the client came over TLS, as far as a trusted proxy says.
    pub fn is_secure(&self, headers: &HeaderMap) -> bool {
        let told = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
        told && is_trusted(self.peer, &self.admission.config().trusted_proxies)
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

/// The nearest address that no trusted proxy vouches for: read from the right, since what stands
/// further left may be anybody's invention.
fn forwarded_for(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer;
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    for hop in lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.rsplit(',')) {
        if !is_trusted(client, trusted) {
            return client;
        }
        match parse_hop(hop.trim()) {
            Some(address) => client = address,
            None => return client,
        }
    }
    client
}

/// An address, with or without a port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let address = hop.parse().or_else(|_| hop.parse().map(|with_port: std::net::SocketAddr| with_port.ip()));
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
        forwarded_for(peer.parse().unwrap(), &headers, &trusted).to_string()
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
}
