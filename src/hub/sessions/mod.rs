//! Sessions begin and end.
//!
//! - `admission`: who may come in; `arrivals`: whoever says hello at the same time is looked up together.
//! - `registration`: sessions are registered under their users; `welcome`: what a session is shown first.
//! - `hello`: a session begins: registered first, memberships read then, `welcome`, replay; and ends.

mod admission;
mod arrivals;
mod hello;
mod metrics;
mod registration;
mod welcome;

pub(crate) use admission::{Admission, Refused, check_standing};
pub(crate) use arrivals::Arrivals;
pub(crate) use hello::{Opening, Sessions};
pub(crate) use metrics::SessionMetrics;
pub(crate) use registration::Registration;
pub(crate) use welcome::{Welcome, WelcomeConfig};
