//! Brings orders to whoever can carry them out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::desk::Desk;
use super::order::{Order, Report};
use super::route::PATH;
use crate::app::config::Config;
use crate::app::parts;

/// A hub that runs answers its own machine at once.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Deleting a large group takes a while.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// Where orders go: to the running hub's internal listener, else to the store.
pub struct Office {
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

enum Answer {
    Report(Report),
    NobodyThere(String),
}

// === impl Office ===

impl Office {
    /// The hub that these settings describe, or the one whose internal listener is named.
    pub fn new(config: &Config, named: Option<Url>) -> Result<Self, String> {
        let url = match &named {
            Some(url) => url.clone(),
            None => own_listener(config.transport.listen.internal)?,
        };
        let token = config.transport.http.service_token.clone();
        Ok(Self { url, token, named: named.is_some() })
    }

    /// Has an order carried out. The error is a sentence for the operator.
    pub async fn carry_out(&self, config: &Config, order: Order) -> Result<Report, String> {
        match self.ask_hub(&order).await? {
            Answer::Report(report) => Ok(report),
            Answer::NobodyThere(why) if self.named => Err(why),
            Answer::NobodyThere(why) if order.needs_hub() => Err(format!(
                "{why}. Only a running hub can do this, for it changes what nodes hold: start one, or name its \
                 internal listener with --hub"
            )),
            Answer::NobodyThere(_) => {
                let store = parts::open_store(config).await?;
                Desk::of_store(store).carry_out(order).await.map_err(|refusal| refusal.message.into_owned())
            }
        }
    }

    async fn ask_hub(&self, order: &Order) -> Result<Answer, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).timeout(ANSWER_TIMEOUT).no_proxy();
        if self.url.scheme() == "http" {
            // Needs no certificates, which a bare container does not have.
            client = client.tls_certs_only(None);
        }
        let client = client.build().map_err(|error| error.to_string())?;
        let url = self.url.join(PATH).map_err(|error| format!("{}: {error}", self.url))?;
        let mut request = client.post(url).json(order);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        match request.send().await {
            Ok(response) => self.read(response).await.map(Answer::Report),
            Err(error) if error.is_connect() => Ok(Answer::NobodyThere(format!("no hub answers at {}", self.url))),
            Err(error) => Err(format!("{}: {error}", self.url)),
        }
    }

    async fn read(&self, response: reqwest::Response) -> Result<Report, String> {
        let status = response.status();
        let body = response.bytes().await.map_err(|error| format!("{}: {error}", self.url))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| format!("{}: not a hub: {error}", self.url));
        }
        let problem: Option<Problem> = serde_json::from_slice(&body).ok();
        let why = problem.and_then(|problem| problem.detail.or(problem.title)).unwrap_or_else(|| status.to_string());
        match status.as_u16() {
            401 if self.token.as_deref().is_some_and(|token| token.starts_with("sha256:")) => {
                Err(format!("{why}. Configured is its hash; give the token itself in HUBBUB_SERVICE_TOKEN"))
            }
            404 if problem_is_of_another(&body) => Err(format!("{}: no hub takes orders there", self.url)),
            _ => Err(why),
        }
    }
}

/// Whether a 404 is none of ours.
fn problem_is_of_another(body: &[u8]) -> bool {
    serde_json::from_slice::<Problem>(body).is_err()
}

/// The listener of the hub on this machine.
fn own_listener(listen: SocketAddr) -> Result<Url, String> {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    let address = SocketAddr::new(ip, listen.port());
    Url::parse(&format!("http://{address}/")).map_err(|error| format!("{address}: {error}"))
}
