//! How requests are read: whatever is wrong becomes a problem document.

use std::error::Error;

use axum::RequestExt;
use axum::body::HttpBody;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::Api;
use crate::domain::{Code, GroupId, PAGE_MAX, Refusal, Seq, requested_seq_if_any, requested_size};
use crate::hub::HistoryQuery;
use crate::ports::Identity;
use crate::transport::listen::Client;
use crate::transport::problem::Problem;
use crate::transport::ws::bearer;

/// Events on a page when the request does not say.
const PAGE_DEFAULT: usize = 50;

/// Who asks, proven by a Bearer token.
pub(super) struct Caller(pub Identity);

/// A JSON body: an object.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// A JSON body that may be left out.
pub(super) struct MaybeBody<T>(pub Option<T>);

/// A query.
pub(super) struct Asked<T>(pub T);

/// A path's one variable part.
pub(super) struct Segment<T>(pub T);

/// Which page of a history.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryParams {
    /// A page by its number; page 0 is the newest.
    page: Option<u64>,
    /// Events on a page (50; at most 200).
    #[param(minimum = 1, maximum = 200)]
    per_page: Option<usize>,
    /// Events before this seq, the newest of them.
    #[serde(default, deserialize_with = "requested_seq_if_any")]
    before: Option<Seq>,
    /// Events after this seq, the oldest of them.
    #[serde(default, deserialize_with = "requested_seq_if_any")]
    after: Option<Seq>,
    /// Events with `before` or `after` (50; at most 200).
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// True for the sequence as it was said: first texts, and nothing of what became of events.
    raw: Option<bool>,
}

/// To what all of a page replies.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RepliesParams {
    /// An event of the group, `<group>:<seq>`: the replies to it alone, which have no pages by number.
    #[serde(rename = "ref")]
    reference: Option<String>,
}

/// A page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct PageParams {
    /// Which page, from 0.
    page: Option<usize>,
    /// Entries on a page (50; at most 200).
    #[param(minimum = 1, maximum = 200)]
    per_page: Option<usize>,
}

// === impl Caller ===

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let token = bearer_of(&parts.headers)
            .ok_or_else(|| Refusal::new(Code::Unauthorized, "this needs `Authorization: Bearer <token>`"))?;
        let identity = api.hub.authenticate(token).await?;
        api.hub.count_call(&identity.user)?;
        api.hub.ensure_known(&identity).await?;
        Ok(Self(identity))
    }
}

/// The Bearer token of a request.
pub(super) fn bearer_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).and_then(bearer)
}

/// Who the client is, as far as the network tells. Every listener says so.
pub(super) fn client(parts: &Parts) -> Result<&Client, Problem> {
    let client = parts.extensions.get::<Client>();
    client.ok_or_else(|| Refusal::new(Code::Internal, "the listener did not say who the client is").into())
}

// === impl Body ===

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.with_limited_body().into_parts();
        let body = whole(body).await?;
        // A list of the fields' values, which serde would take as well, is refused as it is of frames.
        let is_object = body.trim_ascii_start().first() == Some(&b'{');
        // What is no field is passed over without a look.
        let is_text = std::str::from_utf8(&body).is_ok();
        let request = Request::from_parts(parts, body.into());
        match axum::Json::from_request(request, state).await {
            Ok(axum::Json(body)) if is_object && is_text => Ok(Self(body)),
            Ok(_) => Err(Refusal::bad_frame("the body must be a JSON object, in UTF-8").into()),
            Err(rejection) => Err(rejected(&rejection)),
        }
    }
}

// === impl MaybeBody ===

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for MaybeBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if request.body().is_end_stream() {
            return Ok(Self(None));
        }
        Body::from_request(request, state).await.map(|Body(body)| Self(Some(body)))
    }
}

/// The body in one piece, copied as it comes: each piece that arrives keeps a read buffer of some KB
/// for as long as it is held, and a body may come in pieces of one byte.
async fn whole(mut body: axum::body::Body) -> Result<Vec<u8>, Problem> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| unread(error.into_inner().as_ref()))?;
        whole.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
    }
    Ok(whole)
}

fn unread(error: &(dyn Error + 'static)) -> Problem {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    if causes.any(<dyn Error>::is::<LengthLimitError>) {
        return too_large();
    }
    Refusal::bad_frame(format!("the body did not come whole: {error}")).into()
}

fn too_large() -> Problem {
    Refusal::too_large("the body is larger than this hub takes").into()
}

fn rejected(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::MissingJsonContentType(_) => {
            let refusal = Refusal::new(Code::Unsupported, "send the body as `Content-Type: application/json`");
            Problem::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal)
        }
        _ if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Refusal::bad_frame(rejection.body_text()).into(),
    }
}

// === impl Asked ===

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(Refusal::bad_frame(rejection.body_text()).into()),
        }
    }
}

// === impl Segment ===

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segment<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(segment)) => Ok(Self(segment)),
            Err(rejection) => Err(Refusal::bad_frame(rejection.body_text()).into()),
        }
    }
}

// === impl HistoryParams ===

impl HistoryParams {
    /// Whether the sequence is asked for as it was said.
    pub fn raw(&self) -> bool {
        self.raw.unwrap_or(false)
    }

    /// The page asked for.
    pub fn query(&self) -> Result<HistoryQuery, Refusal> {
        let numbered = self.page.is_some() || self.per_page.is_some();
        let by_seq = self.before.is_some() || self.after.is_some() || self.limit.is_some();
        if numbered && by_seq {
            return Err(Refusal::bad_frame("give `page` and `perPage`, or `before` or `after` and `limit`"));
        }
        match self.by_seq()? {
            Some(query) => Ok(query),
            None => {
                let per_page = size(self.per_page, "perPage")?;
                Ok(HistoryQuery::Numbered { page: self.page.unwrap_or(0), per_page })
            }
        }
    }

    /// The page asked for by seq, where it is.
    fn by_seq(&self) -> Result<Option<HistoryQuery>, Refusal> {
        let limit = || size(self.limit, "limit");
        match (self.before, self.after) {
            (Some(_), Some(_)) => Err(Refusal::bad_frame("give `before` or `after`, not both")),
            (Some(before), None) => Ok(Some(HistoryQuery::Before(before, limit()?))),
            (None, Some(after)) => Ok(Some(HistoryQuery::After(after, limit()?))),
            (None, None) if self.limit.is_some() => Ok(Some(HistoryQuery::Before(Seq::MAX, limit()?))),
            (None, None) => Ok(None),
        }
    }
}

// === impl RepliesParams ===

impl RepliesParams {
    /// The page asked for of the replies to an event, where one is named.
    pub fn query(&self, page: &HistoryParams) -> Result<Option<(&str, HistoryQuery)>, Refusal> {
        let Some(reference) = self.reference.as_deref() else { return Ok(None) };
        if page.page.is_some() || page.per_page.is_some() {
            return Err(Refusal::bad_frame("replies have no pages by number: give `before` or `after` and `limit`"));
        }
        let query = match page.by_seq()? {
            Some(query) => query,
            None => HistoryQuery::Before(Seq::MAX, PAGE_DEFAULT),
        };
        Ok(Some((reference, query)))
    }
}

// === impl PageParams ===

impl PageParams {
    /// Number and size of the page asked for.
    pub fn page(&self) -> Result<(usize, usize), Refusal> {
        Ok((self.page.unwrap_or(0), size(self.per_page, "perPage")?))
    }
}

/// How many, within what is answered at once.
pub(super) fn size(asked: Option<usize>, name: &str) -> Result<usize, Refusal> {
    requested_size(name, asked.unwrap_or(PAGE_DEFAULT), PAGE_MAX)
}

/// A seq in a path: what is none names no message.
pub(super) fn seq(text: &str) -> Result<Seq, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("there is no such message"))
}

/// A group's id in a path or query: what is no id names no group.
pub(super) fn group_id(text: &str) -> Result<GroupId, Refusal> {
    GroupId::parse(text).map_err(|_| Refusal::not_found("there is no such group, or you are not in it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Result<HistoryQuery, Refusal> {
        let uri = format!("/?{text}").parse().unwrap();
        axum::extract::Query::<HistoryParams>::try_from_uri(&uri).unwrap().query()
    }

    #[test]
    fn a_page_is_asked_for_by_number_or_by_seq() {
        assert_eq!(query("").unwrap(), HistoryQuery::Numbered { page: 0, per_page: 50 });
        assert_eq!(query("page=2&perPage=10").unwrap(), HistoryQuery::Numbered { page: 2, per_page: 10 });
        assert_eq!(query("before=7").unwrap(), HistoryQuery::Before(7, 50));
        assert_eq!(query("after=0&limit=200").unwrap(), HistoryQuery::After(0, 200));
        assert_eq!(query("limit=5").unwrap(), HistoryQuery::Before(Seq::MAX, 5));
        for wrong in [
            "page=0&before=1",
            "perPage=0",
            "limit=201",
            "before=1&after=2",
            "limit=0",
            "perPage=201",
            "page=1&limit=2",
        ] {
            assert_eq!(query(wrong).unwrap_err().code, Code::BadFrame, "{wrong}");
        }
    }
}
