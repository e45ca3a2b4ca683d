//! The HTTP APIs.
//!
//! - [`public_router`]: what clients ask: history, sending, people, accounts, tickets, the page.
//! - [`internal_router`]: what services and operators ask, behind [`guard`].
//! - [`starting`]: what both answer before there is a hub; [`elsewhere()`]: what a node that takes no clients answers them.
//! - [`views`]: bodies of requests and answers, [`message_views`] those with messages; `bundles`: the same page of several groups; [`extract`]: how requests are read.
//! - [`descriptions`]: OpenAPI, made from the code.

mod access_log;
mod bundles;
pub mod descriptions;
mod elsewhere;
mod extract;
#[doc(hidden)]
pub mod fuzzing;
mod group_views;
mod guard;
mod internal;
mod invite_views;
mod layers;
mod me_views;
pub mod message_views;
mod pages;
mod people_views;
mod public;
mod revalidation;
mod routers;
pub mod starting;
pub mod views;

use std::sync::Arc;

pub use access_log::REQUESTS;
pub use elsewhere::elsewhere;
pub use extract::Body;
pub use routers::{internal_router, public_router};

use super::TransportMetrics;
use super::config::TransportConfig;
use crate::hub::Hub;
use crate::ports::Accounts;

/// What the HTTP APIs stand on.
#[derive(Clone)]
pub struct Api {
    /// The use cases.
    pub hub: Arc<Hub>,
    /// Accounts of the hub's own, where there are any.
    pub accounts: Option<Arc<dyn Accounts>>,
    /// Settings.
    pub config: Arc<TransportConfig>,
    /// What is counted.
    pub metrics: TransportMetrics,
    /// Everything that is counted, for `/metrics`.
    pub registry: prometheus::Registry,
}
