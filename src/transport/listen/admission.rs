//! How many connections, in all and from one address.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use dashmap::DashMap;

use crate::domain::customer_of;
use crate::transport::config::AdmissionConfig;
use crate::transport::metrics::{AdmissionMetrics, Refused};

/// So many connections beyond an address's cap are told that they are too many; more are dropped
/// without a word.
const TOLD: usize = 16;

/// Counts connections and keeps them within their caps.
#[derive(Debug)]
pub struct Admission {
    config: AdmissionConfig,
    metrics: AdmissionMetrics,
    http: AtomicUsize,
    websockets: AtomicUsize,
    addresses: DashMap<IpAddr, usize>,
}

/// A place for one connection that is not a WebSocket; given back when dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<Admission>);

/// A connection's place among those of its address; given back when dropped.
#[derive(Debug)]
pub(super) struct AddressPlace {
    admission: Arc<Admission>,
    address: IpAddr,
    /// Whether it is beyond the cap, and let in only to be told so.
    pub over: bool,
}

/// A WebSocket's place on the node; given back when dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    admission: Arc<Admission>,
    _address: Arc<AddressPlace>,
}

// === impl Admission ===

impl Admission {
    /// Nobody is in yet.
    pub fn new(config: AdmissionConfig, metrics: AdmissionMetrics) -> Arc<Self> {
        let (http, websockets) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { config, metrics, http, websockets, addresses: DashMap::new() })
    }

    /// Its settings.
    pub fn config(&self) -> &AdmissionConfig {
        &self.config
    }

    /// Its metrics.
    pub fn metrics(&self) -> &AdmissionMetrics {
        &self.metrics
    }

    /// WebSockets that are open or being opened.
    pub fn websockets(&self) -> usize {
        self.websockets.load(Relaxed)
    }

    /// A place for a new connection; `None` when there are too many that are not WebSockets.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Place> {
        if !take_one(&self.http, self.config.max_http_connections) {
            self.metrics.refused(Refused::HttpFull);
            return None;
        }
        self.metrics.http_connections.inc();
        Some(Place(self.clone()))
    }

    /// A place among those of an address; `None` when there are so many that it is not even told.
    pub(super) fn enter_from(self: &Arc<Self>, address: IpAddr) -> Option<AddressPlace> {
        let address = customer_of(address);
        let cap = self.config.max_connections_per_address;
        let mut count = self.addresses.entry(address).or_insert(0);
        if *count >= cap {
            self.metrics.refused(Refused::AddressFull);
        }
        if *count >= cap.saturating_add(TOLD) {
            return None;
        }
        *count += 1;
        Some(AddressPlace { admission: self.clone(), address, over: *count > cap })
    }

    /// A WebSocket's place on the node; `None` when the node is full.
    pub(super) fn seat(self: &Arc<Self>, address: Arc<AddressPlace>) -> Option<ConnectionPermit> {
        if !take_one(&self.websockets, self.config.max_connections) {
            self.metrics.refused(Refused::NodeFull);
            return None;
        }
        Some(ConnectionPermit { admission: self.clone(), _address: address })
    }
}

fn take_one(count: &AtomicUsize, cap: usize) -> bool {
    count.fetch_update(Relaxed, Relaxed, |count| (count < cap).then_some(count + 1)).is_ok()
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.http.fetch_sub(1, Relaxed);
        self.0.metrics.http_connections.dec();
    }
}

impl Drop for AddressPlace {
    fn drop(&mut self) {
        self.admission.addresses.remove_if_mut(&self.address, |_, count| {
            *count -= 1;
            *count == 0
        });
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.admission.websockets.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::transport::TransportMetrics;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn admission(config: AdmissionConfig) -> Arc<Admission> {
        let metrics = TransportMetrics::register(&prometheus::Registry::new()).unwrap();
        Admission::new(config, metrics.admission)
    }

    #[test]
    fn an_address_has_its_cap_and_gets_its_places_back() {
        let admission = admission(AdmissionConfig { max_connections_per_address: 2, ..Default::default() });
        let within: Vec<_> = (0..2).map(|_| admission.enter_from(HERE).unwrap()).collect();
        assert!(within.iter().all(|place| !place.over));
        let told: Vec<_> = (0..TOLD).map(|_| admission.enter_from(HERE).unwrap()).collect();
        assert!(told.iter().all(|place| place.over));
        assert!(admission.enter_from(HERE).is_none());
        assert!(!admission.enter_from(Ipv4Addr::new(10, 0, 0, 1).into()).unwrap().over);
        drop((within, told));
        assert!(admission.addresses.is_empty());
    }

    #[test]
    fn a_network_of_one_customer_is_one_address() {
        let admission = admission(AdmissionConfig { max_connections_per_address: 1, ..Default::default() });
        let enter = |address: &str| admission.enter_from(address.parse().unwrap()).unwrap();
        let first = enter("2001:db8:1:2::1");
        assert!(!first.over && enter("2001:db8:1:2:ffff::9").over);
        assert!(!enter("2001:db8:1:3::1").over);
        drop(first);
        assert!(admission.addresses.is_empty());
    }

    #[test]
    fn the_node_has_its_caps() {
        let config = AdmissionConfig { max_connections: 1, max_http_connections: 1, ..Default::default() };
        let admission = admission(config);
        let place = admission.enter().unwrap();
        assert!(admission.enter().is_none());
        drop(place);
        assert!(admission.enter().is_some());
        let address = Arc::new(admission.enter_from(HERE).unwrap());
        let seat = admission.seat(address.clone()).unwrap();
        assert!(admission.seat(address.clone()).is_none());
        drop(seat);
        assert!(admission.seat(address).is_some());
    }
}
