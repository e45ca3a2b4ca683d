//! Brings orders to whoever can carry them out.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::admin_command::{AdminCommand, Report};
use super::admin_service::AdminService;
use super::route::PATH;
use crate::app::backends;
use crate::app::config::Config;
use crate::ports::StartError;

/// A hub that runs answers its own machine at once.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Deleting a large group takes a while.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// Where orders go: to the running hub's internal listener, else to the store.
pub struct AdminClient {
    url: Url,
    token: Option<String>,
    /// The URL was named: nothing else will do.
    named: bool,
}

/// A refusal as the internal listener tells it.
#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
    title: Option<String>,
}

/// Why an order was not carried out, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// No hub listens where it is to be.
    #[error("no hub answers at {0}")]
    NobodyThere(Url),
    /// The same, and the store alone will not do.
    #[error(
        "no hub answers at {0}. Only a running hub can do this, for it is about what nodes hold: start one, or name its \
         internal listener with --hub"
    )]
    NeedsHub(Url),
    /// Something else listens there.
    #[error("{0}: no hub takes orders there")]
    NoHub(Url),
    /// A hub, or what was taken for one, cannot be asked, or not be understood.
    #[error("{0}: {1}")]
    Failed(String, String),
    /// The hub, or the rules of the house, said no.
    #[error("{0}")]
    Refused(String),
    /// The hub knows the token's hash, and was shown that instead of the token.
    #[error("{0}. Configured is its hash; give the token itself in HUBBUB_SERVICE_TOKEN")]
    HashShown(String),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StartError),
}

enum Answer {
    Report(Report),
    NobodyThere,
}

// === impl AdminClient ===

impl AdminClient {
    /// The hub that these settings describe, or the one whose internal listener is named.
    pub fn new(config: &Config, named: Option<Url>) -> Result<Self, OrderError> {
        let url = match &named {
            Some(url) => url.clone(),
            None => own_listener(config.transport.listen.internal)?,
        };
        let token = config.transport.http.service_token.clone();
        Ok(Self { url, token, named: named.is_some() })
    }

    /// Has an order carried out.
    pub async fn carry_out(&self, config: &Config, order: AdminCommand) -> Result<Report, OrderError> {
        match self.ask_hub(&order).await? {
            Answer::Report(report) => Ok(report),
            Answer::NobodyThere if self.named => Err(OrderError::NobodyThere(self.url.clone())),
            Answer::NobodyThere if order.needs_hub() => Err(OrderError::NeedsHub(self.url.clone())),
            Answer::NobodyThere => {
                let store = backends::open_store(config).await?;
                let carried_out = AdminService::of_store(store).carry_out(order).await;
                carried_out.map_err(|refusal| OrderError::Refused(refusal.message.into_owned()))
            }
        }
    }

    async fn ask_hub(&self, order: &AdminCommand) -> Result<Answer, OrderError> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).timeout(ANSWER_TIMEOUT).no_proxy();
        if self.url.scheme() == "http" {
            // Needs no certificates, which a bare container does not have.
            client = client.tls_certs_only(None);
        }
        let client = client.build().map_err(|error| self.failed(&error))?;
        let url = self.url.join(PATH).map_err(|error| self.failed(&error))?;
        let mut request = client.post(url).json(order);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        match request.send().await {
            Ok(response) => self.read(response).await.map(Answer::Report),
            Err(error) if error.is_connect() => Ok(Answer::NobodyThere),
            Err(error) => Err(self.failed(&error)),
        }
    }

    async fn read(&self, response: reqwest::Response) -> Result<Report, OrderError> {
        let status = response.status();
        let body = response.bytes().await.map_err(|error| self.failed(&error))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| self.failed(&format_args!("not a hub: {error}")));
        }
        let problem: Option<Problem> = serde_json::from_slice(&body).ok();
        let why = problem.and_then(|problem| problem.detail.or(problem.title)).unwrap_or_else(|| status.to_string());
        match status.as_u16() {
            401 if self.token.as_deref().is_some_and(|token| token.starts_with("sha256:")) => {
                Err(OrderError::HashShown(why))
            }
            404 if problem_is_of_another(&body) => Err(OrderError::NoHub(self.url.clone())),
            _ => Err(OrderError::Refused(why)),
        }
    }

    fn failed(&self, why: &dyn Display) -> OrderError {
        OrderError::Failed(self.url.to_string(), why.to_string())
    }
}

/// Whether a 404 is none of ours.
fn problem_is_of_another(body: &[u8]) -> bool {
    serde_json::from_slice::<Problem>(body).is_err()
}

/// The listener of the hub on this machine.
fn own_listener(listen: SocketAddr) -> Result<Url, OrderError> {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    let address = SocketAddr::new(ip, listen.port());
    Url::parse(&format!("http://{address}/"))
        .map_err(|error| OrderError::Failed(address.to_string(), error.to_string()))
}
