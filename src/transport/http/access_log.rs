//! A line for each request, in Apache's combined format, without anything that is secret or was said.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::header::{HeaderName, REFERER, USER_AGENT};
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::Response;

use crate::transport::listen::Client;

/// The target of these events, at level `debug`.
pub const REQUESTS: &str = "hubbub::requests";

/// Parameters whose numbers are logged. All others may be tickets, tokens, or somebody's name.
const PLAIN_PARAMETERS: [&str; 5] = ["page", "perPage", "before", "after", "limit"];
/// Nobody reads on after so many characters.
const LONGEST: usize = 512;
/// Every JWT begins so: it is `{"` in base64url.
const JWT_START: &str = "eyJ";
const HIDDEN: &str = "***";
/// Behind this stands by what people join.
const INVITES: &str = "/invites/";
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Logs what was asked and how it was answered.
pub(super) async fn log(request: Request, next: Next) -> Response {
    if !tracing::enabled!(target: REQUESTS, tracing::Level::DEBUG) {
        return next.run(request).await;
    }
    let asked = Asked::of(&request);
    let response = next.run(request).await;
    let (status, size) = (response.status().as_u16(), response.body().size_hint().exact().unwrap_or(0));
    tracing::debug!(target: REQUESTS, "{}", Line { asked: &asked, status, size });
    response
}

/// What the line says of the request.
struct Asked {
    from: Option<IpAddr>,
    at: SystemTime,
    request: String,
    referer: String,
    agent: String,
}

/// The whole line, without its end.
struct Line<'a> {
    asked: &'a Asked,
    status: u16,
    size: u64,
}

// === impl Asked ===

impl Asked {
    fn of(request: &Request) -> Self {
        let headers = request.headers();
        let client = request.extensions().get::<Client>();
        Self {
            from: client.map(|client| client.address(headers)),
            at: SystemTime::now(),
            request: format!("{} {} {:?}", request.method(), target(request.uri()), request.version()),
            referer: header(headers, &REFERER, without_query),
            agent: header(headers, &USER_AGENT, |agent| Some(agent)),
        }
    }
}

/// Path and query, as far as they may be told.
fn target(uri: &Uri) -> String {
    let path = match uri.path().strip_prefix(INVITES) {
        Some(_) => format!("{INVITES}{HIDDEN}"),
        None => public(uri.path()),
    };
    match uri.query() {
        Some(query) => format!("{path}?{}", parameters(query)),
        None => path,
    }
}

fn parameters(query: &str) -> String {
    let plain = |pair: &&str| {
        let number = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        pair.split_once('=').is_some_and(|(name, value)| PLAIN_PARAMETERS.contains(&name) && number(value))
    };
    let mut shown: Vec<_> = query.split('&').filter(plain).collect();
    if shown.len() < query.split('&').count() {
        shown.push(HIDDEN);
    }
    shown.join("&")
}

fn header(headers: &HeaderMap, name: &HeaderName, told: impl Fn(&str) -> Option<&str>) -> String {
    let value = headers.get(name).map_or(Cow::Borrowed(""), |value| String::from_utf8_lossy(value.as_bytes()));
    match told(&value) {
        Some(text) if !text.is_empty() => public(text),
        _ => "-".into(),
    }
}

/// A page's address up to its query; nothing of one with a password in it.
fn without_query(referer: &str) -> Option<&str> {
    let end = referer.find(['?', '#']).unwrap_or(referer.len());
    Some(&referer[..end]).filter(|page| !page.contains('@'))
}

/// What may be shown of a text, as Apache escapes it: quotes, backslashes, and all that is not plain ASCII.
fn public(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(JWT_START) {
        escape(&rest[..start], &mut shown);
        shown.push_str(HIDDEN);
        let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        rest = rest[start..].trim_start_matches(token);
    }
    escape(rest, &mut shown);
    shown.truncate(LONGEST);
    shown
}

/// Adds plain ASCII only, so that it may be cut anywhere.
fn escape(text: &str, shown: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => shown.extend(['\\', char::from(byte)]),
            b' '..=b'~' => shown.push(char::from(byte)),
            // A String takes whatever it is given.
            _ => drop(write!(shown, "\\x{byte:02x}")),
        }
    }
}

// === impl Line ===

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Asked { from, at, request, referer, agent } = self.asked;
        match from {
            Some(address) => write!(f, "{address}")?,
            None => f.write_str("-")?,
        }
        write!(f, " - - [{}] \"{request}\" {} ", Time(*at), self.status)?;
        match self.size {
            0 => f.write_str("-")?,
            size => write!(f, "{size}")?,
        }
        write!(f, " \"{referer}\" \"{agent}\"")
    }
}

/// A time as `10/Oct/2000:13:55:36 +0000`.
struct Time(SystemTime);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = date(days);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{day:02}/{}/{year}:{hour:02}:{minute:02}:{second:02} +0000", MONTHS[month])
    }
}

/// Year, month (from 0) and day of a number of days since 1970, by the Gregorian calendar.
fn date(mut days: u64) -> (u64, usize, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn line(uri: &str, headers: &[(&str, &str)]) -> String {
        let mut request = Request::builder().method("GET").uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let asked = Asked::of(&request.body(axum::body::Body::empty()).unwrap());
        let asked = Asked { at: UNIX_EPOCH + Duration::from_secs(971_186_136), ..asked };
        Line { asked: &asked, status: 200, size: 2326 }.to_string()
    }

    #[test]
    fn a_line_is_apaches() {
        assert_eq!(
            line(
                "/chat/message?page=0&perPage=50",
                &[("referer", "https://a.example/x"), ("user-agent", "Curl/8 \"x\"")]
            ),
            "- - - [10/Oct/2000:13:55:36 +0000] \"GET /chat/message?page=0&perPage=50 HTTP/1.1\" 200 2326 \
             \"https://a.example/x\" \"Curl/8 \\\"x\\\"\"",
        );
    }

    #[test]
    fn secrets_and_names_are_hidden() {
        for uri in [
            "/ws?ticket=secret",
            "/ws?token=eyJsecret.a.b&page=1",
            "/users?username=secret",
            "/ws?eyJsecret",
            "/ws?page=secret",
            "/ws/eyJsecret.secret-secret_",
            "/invites/secret",
        ] {
            let line = line(uri, &[]);
            assert!(!line.contains("secret") && line.contains(HIDDEN), "{line}");
        }
        let line = line("/", &[("referer", "https://a/x?token=secret"), ("user-agent", "eyJsecret.x.y z")]);
        assert!(!line.contains("secret") && line.contains("\"https://a/x\" \"*** z\""), "{line}");
        assert_eq!(without_query("https://me:secret@a/"), None);
    }

    #[test]
    fn a_line_is_one_line_of_plain_ascii() {
        assert_eq!(public("a\n\u{e9}\\"), "a\\x0a\\xc3\\xa9\\\\");
        assert_eq!(public(&"x".repeat(10_000)).len(), LONGEST);
    }

    #[test]
    fn days_are_dates() {
        let days = |seconds: u64| date(seconds / 86_400);
        assert_eq!(days(0), (1970, 0, 1));
        assert_eq!(days(951_782_400), (2000, 1, 29));
        assert_eq!(days(951_868_800), (2000, 2, 1));
        assert_eq!(days(4_107_542_399), (2100, 1, 28));
        assert_eq!(days(4_107_542_400), (2100, 2, 1));
        assert_eq!(days(1_798_761_599), (2026, 11, 31));
    }
}
