//! A client that holds each answer to its description, and knows what it has asked.

use std::collections::BTreeSet;

use reqwest::{Method, Response};
use serde_json::Value;

use crate::support::http;

/// Asks one listener.
pub struct Caller {
    client: reqwest::Client,
    base: String,
    token: Option<String>,
    description: Value,
    asked: BTreeSet<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Caller {
    /// Asks the listener at `base`, as described by its own /openapi.json.
    pub async fn new(base: String) -> Self {
        let client = http::client();
        let description = client.get(format!("{base}/openapi.json")).send().await.unwrap().json().await.unwrap();
        Self { client, base, token: None, description, asked: BTreeSet::new() }
    }

    /// Shows this token from now on.
    pub fn bearer(&mut self, token: impl Into<String>) {
        self.token = Some(token.into());
    }

    /// What the listener says of itself.
    pub fn description(&self) -> &Value {
        &self.description
    }

    pub async fn get(&mut self, operation: &str, path: &str) -> Answer {
        self.ask(Method::GET, operation, path, None, &[]).await
    }

    pub async fn post(&mut self, operation: &str, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, operation, path, Some(body), &[]).await
    }

    /// Asks `path`, which is the operation's with its variables filled in, and checks the answer.
    pub async fn ask(
        &mut self,
        method: Method,
        operation: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = Answer::read(request.send().await.expect("an answer")).await;
        self.check(&method, operation, &answer);
        self.asked.insert(format!("{method} {operation}"));
        answer
    }

    fn check(&self, method: &Method, operation: &str, answer: &Answer) {
        let what = format!("{method} {operation} → {}", answer.status);
        let described = &self.description["paths"][operation][method.as_str().to_lowercase()]["responses"];
        let class = format!("{}XX", answer.status / 100);
        let response = described.get(answer.status.to_string()).or_else(|| described.get(&class));
        let response = response.unwrap_or_else(|| panic!("{what} is not described"));
        if answer.status == 204 {
            assert_eq!((response.get("content"), &answer.body), (None, &Value::String(String::new())), "{what}");
            return;
        }
        let media = answer.headers["content-type"].to_str().unwrap();
        let bare = media.split(';').next().unwrap();
        let content = response["content"].get(bare).unwrap_or_else(|| panic!("{what}: {media} is not described"));
        let mut schema = content["schema"].clone();
        schema["components"] = self.description["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&answer.body).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{what}: {} is not as described: {errors:?}", answer.body);
        if answer.status >= 400 {
            assert_eq!(answer.body["status"], answer.status, "{what}");
            assert_eq!(bare, "application/problem+json", "{what}");
        }
    }

    /// Operations that are described and were never asked.
    pub fn not_asked(&self) -> Vec<String> {
        let paths = self.description["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        });
        operations.filter(|operation| !self.asked.contains(operation)).collect()
    }
}

impl Answer {
    /// Reads an answer; text that is not JSON becomes a JSON string.
    pub async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a body");
        let is_json = headers.get("content-type").is_some_and(|media| media.to_str().unwrap().contains("json"));
        let body = if is_json { serde_json::from_str(&text).expect("JSON") } else { Value::String(text) };
        Self { status, headers, body }
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The code of a problem with this status.
    #[track_caller]
    pub fn problem(self, status: u16) -> String {
        self.expect(status)["code"].as_str().expect("a code").to_owned()
    }
}
