//! `GET /ws`: from an HTTP request to a WebSocket connection.

use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, HeaderMap, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
};
use axum::http::{StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::BASE64;
use futures::FutureExt;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::conn::Connections;
use super::handler::Sessions;
use super::task::start;
use crate::domain::{Code, Refusal};
use crate::hub::ConnectionInfo;
use crate::ports::Identity;
use crate::protocol::{Encoding, SUBPROTOCOLS};
use crate::transport::listen::{Admission, Client, ConnectionPermit, Full, origin};
use crate::transport::metrics::Refused;
use crate::transport::problem::Problem;

/// Opens WebSocket connections.
#[derive(Debug)]
pub struct Gateway<S> {
    /// Who answers them.
    pub sessions: S,
    /// What they share.
    pub connections: Arc<Connections>,
    /// Who may come.
    pub admission: Arc<Admission>,
    /// Their tasks, to wait for when draining.
    pub tasks: TaskTracker,
}

/// The route of WebSocket handshakes.
pub fn routes<S: Sessions>(gateway: Arc<Gateway<S>>) -> Router {
    Router::new().route("/ws", get(upgrade::<S>)).with_state(gateway)
}

async fn upgrade<S: Sessions>(
    State(gateway): State<Arc<Gateway<S>>>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Response {
    match gateway.open(&client, request).await {
        Ok(response) => response,
        Err((refused, problem)) => {
            // Full ones were counted where they are found.
            if let Some(reason) = refused {
                gateway.admission.metrics().refused(reason);
            }
            problem.into_response()
        }
    }
}

type Refusing = (Option<Refused>, Problem);

/// A connection's place, type and owner: all that is needed once the socket is there.
struct Opening {
    encoding: Encoding,
    info: ConnectionInfo,
    seat: ConnectionPermit,
}

// === impl Gateway ===

impl<S: Sessions> Gateway<S> {
    async fn open(self: &Arc<Self>, client: &Client, mut request: Request) -> Result<Response, Refusing> {
        check_handshake(&request).map_err(|problem| (Some(Refused::Handshake), problem))?;
        let headers = request.headers();
        self.check_origin(headers)?;
        let (encoding, subprotocol) = subprotocol(headers)?;
        let seat = client.seat(headers).map_err(full)?;
        let peer = client.address(headers);
        let identity = self.identify(request.headers(), request.uri().query()).await?;
        let opening = Opening { encoding, info: ConnectionInfo { peer, identity }, seat };

        let on_upgrade = hyper::upgrade::on(&mut request);
        let (response, _) = fastwebsockets::upgrade::upgrade(&mut request)
            .map_err(|_| (Some(Refused::Handshake), not_a_handshake()))?;
        let mut response = response.map(Body::new);
        if let Some(subprotocol) = subprotocol {
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
        }
        self.tasks.spawn(self.clone().run(on_upgrade, opening));
        Ok(response)
    }

    /// Waits for the socket, and has the connection run: in a task of its own, which is kept as long as the connection
    /// and so has no room for this. Nothing of the HTTP machinery is kept.
    async fn run(self: Arc<Self>, on_upgrade: OnUpgrade, opening: Opening) {
        let Some((stream, early)) = socket(on_upgrade).await else { return };
        let Opening { encoding, info, seat } = opening;
        let span = tracing::debug_span!("connection", peer = %info.peer, encoding = encoding.name());
        let connection = start(&self.connections, &self.sessions, stream, early, encoding, info);
        self.tasks.spawn(connection.map(move |()| drop(seat)).instrument(span));
    }

    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refusing> {
        let configured = &self.admission.config().allowed_origins;
        if origin::permits(headers, configured, &self.sessions.public_urls()) {
            return Ok(());
        }
        let refusal = Refusal::forbidden("pages of this origin may not connect");
        Err((Some(Refused::Origin), refusal.into()))
    }

    /// Who the client is, when the request proves it; what it shows must be valid.
    async fn identify(&self, headers: &HeaderMap, query: Option<&str>) -> Result<Option<Identity>, Refusing> {
        let identity = if let Some(header) = headers.get(AUTHORIZATION) {
            match bearer(header) {
                Some(token) => self.sessions.authenticate(token).await,
                None => Err(Refusal::new(Code::Unauthorized, "use `Authorization: Bearer <token>`")),
            }
        } else if let Some(ticket) = ticket(query) {
            self.sessions.redeem_ticket(&ticket).await
        } else {
            return Ok(None);
        };
        identity.map(Some).map_err(|refusal| (Some(Refused::Unauthorized), refusal.into()))
    }
}

/// The token of a Bearer `Authorization`.
pub(crate) fn bearer(header: &HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn ticket(query: Option<&str>) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query?.as_bytes());
    pairs.find(|(name, _)| name == "ticket").map(|(_, ticket)| ticket.into_owned())
}

/// The plain socket under an upgraded connection, and what was read from it already.
async fn socket(on_upgrade: OnUpgrade) -> Option<(TcpStream, Vec<u8>)> {
    // Errors are the client's: it went away before the answer.
    let parts = on_upgrade.await.ok()?.downcast::<TokioIo<TcpStream>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf.to_vec()))
}

fn full(full: Full) -> Refusing {
    let problem = match full {
        Full::Node => Refusal::overloaded("this node holds as many connections as it takes").into(),
        Full::Address => too_many_from_address(),
    };
    (None, problem)
}

/// Too many connections from one address.
pub(crate) fn too_many_from_address() -> Problem {
    Refusal::new(Code::RateLimited, "too many connections from this address").retry_after(5_000).into()
}

fn not_a_handshake() -> Problem {
    Refusal::bad_frame("this is a WebSocket endpoint: send an RFC 6455 handshake").into()
}

fn check_handshake(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    if request.version() < Version::HTTP_11 || !fastwebsockets::upgrade::is_upgrade_request(request) {
        return Err(not_a_handshake());
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let refusal = Refusal::new(Code::Unsupported, "only version 13 of the WebSocket protocol is spoken");
        return Err(Problem::with_status(StatusCode::UPGRADE_REQUIRED, refusal)
            .header(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")));
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).and_then(|key| BASE64.decode(key.as_bytes()).ok());
    match key {
        Some(key) if key.len() == 16 => Ok(()),
        _ => Err(not_a_handshake()),
    }
}

/// The encoding that the client gets, and the subprotocol to answer with: its first that is known.
fn subprotocol(headers: &HeaderMap) -> Result<(Encoding, Option<&'static str>), Refusing> {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL);
    let mut offered =
        offers.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).map(str::trim);
    let known = |offer: &str| SUBPROTOCOLS.iter().find(|(name, _)| *name == offer);
    if let Some((name, encoding)) = offered.find_map(known) {
        return Ok((*encoding, Some(name)));
    }
    if offers.iter().next().is_none() {
        return Ok((Encoding::Json, None));
    }
    let refusal = Refusal::bad_frame("offer hubbub.v1.json or hubbub.v1.msgpack as subprotocol");
    Err((Some(Refused::Subprotocol), refusal.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(lines: &[&'static str]) -> Option<(Encoding, Option<&'static str>)> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(line));
        }
        subprotocol(&headers).ok()
    }

    #[test]
    fn the_first_known_subprotocol_decides() {
        assert_eq!(chosen(&[]), Some((Encoding::Json, None)));
        assert_eq!(
            chosen(&["x, hubbub.v1.msgpack, hubbub.v1.json"]),
            Some((Encoding::MsgPack, Some("hubbub.v1.msgpack")))
        );
        assert_eq!(chosen(&["x", "hubbub.v1.json"]), Some((Encoding::Json, Some("hubbub.v1.json"))));
        assert_eq!(chosen(&["hubbub.v2.json, chat"]), None);
        assert_eq!(chosen(&[""]), None);
    }

    #[test]
    fn tokens_and_tickets_are_found() {
        assert_eq!(bearer(&HeaderValue::from_static("bearer a.b.c")), Some("a.b.c"));
        assert_eq!(bearer(&HeaderValue::from_static("Basic abc")), None);
        assert_eq!(ticket(Some("a=b&ticket=t%2B1")), Some("t+1".into()));
        assert_eq!(ticket(Some("a=b")), None);
    }
}
