//! One client for every command that talks to a tower.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::time::Duration;

use jct_config::Secret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::request::Builder;
use ureq::http::{self, HeaderValue, Method, Response, header};
use ureq::{AsSendBody, Body};
use url::Url;

use super::problem;
use super::wire::unexpected;
use crate::exit::Exit;
use crate::failure::Failure;

/// A request that takes longer has failed; event streams have no such limit.
const REQUEST_LIMIT: Duration = Duration::from_secs(60);
/// A file of the largest size that a tower takes, over a slow line.
const UPLOAD_LIMIT: Duration = Duration::from_secs(900);
/// The largest answer that is read into memory: a page of 500 tasks with 256 KiB of inputs each, and a margin.
const ANSWER_MAX_BYTES: u64 = 192 * 1024 * 1024;

/// Talks to one tower with one key.
pub(crate) struct Client {
    agent: ureq::Agent,
    base: Url,
    key: Option<Secret>,
}

/// One request: what differs from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Request<'a> {
    pub(crate) path: &'a [&'a str],
    pub(crate) query: &'a [(&'a str, String)],
    pub(crate) body: Option<Vec<u8>>,
    /// What the body is; JSON unless it is said otherwise.
    pub(crate) content_type: Option<&'a str>,
    pub(crate) idempotency_key: Option<&'a str>,
    /// The version that must still be there for the request to be carried out.
    pub(crate) if_match: Option<&'a str>,
}

/// A successful answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    headers: http::HeaderMap,
    body: Vec<u8>,
}

/// An answer that means something of its own, whatever its status.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// A client of the tower at `base`. Redirects are not followed, so that the key goes nowhere else; a tower on this
    /// machine is never asked for through a proxy.
    pub(crate) fn new(base: &str, key: Option<Secret>) -> Result<Self, Failure> {
        let wrong = || {
            Failure::new(Exit::Usage, format!("`{base}` is not the address of a tower"))
                .hint("give it as `http://host:port` or `https://host`, with --url or JCT_URL")
        };
        let base = Url::parse(base).map_err(|_| wrong())?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() || base.query().is_some() {
            return Err(wrong());
        }
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(10)))
            .user_agent(concat!("jct/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&base) {
            config = config.proxy(None);
        }
        Ok(Self { agent: config.build().into(), base, key })
    }

    /// The address of the tower.
    pub(crate) fn base(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    pub(crate) fn get(&self, path: &[&str]) -> Result<Answer, Failure> {
        self.send(&Method::GET, Request { path, ..Request::default() })
    }

    pub(crate) fn post(&self, path: &[&str], body: &Value) -> Result<Answer, Failure> {
        self.send(&Method::POST, Request { path, body: Some(body.to_string().into_bytes()), ..Request::default() })
    }

    /// Sends a request and reads its answer; every status that is not a success becomes a failure.
    pub(crate) fn send(&self, method: &Method, request: Request<'_>) -> Result<Answer, Failure> {
        let response = self.start(method, request, Some(REQUEST_LIMIT), None)?;
        self.read_whole(response)
    }

    /// Sends a file as it is, without reading it into memory.
    pub(crate) fn upload(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        content_type: &str,
        file: File,
    ) -> Result<Answer, Failure> {
        let builder = self.head(&Method::POST, &Request { path, query, ..Request::default() })?;
        let response = self.run(builder.header(header::CONTENT_TYPE, content_type), file, Some(UPLOAD_LIMIT))?;
        self.read_whole(response)
    }

    /// Sends a message of a protocol that has errors of its own; every other answer without success is a failure.
    pub(crate) fn exchange(
        &self,
        path: &[&str],
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Exchange, Failure> {
        let builder = self.head(&Method::POST, &Request { path, ..Request::default() })?;
        let builder = builder.header(header::CONTENT_TYPE, "application/json");
        let builder = builder.header(header::ACCEPT, "application/json, text/event-stream");
        let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, value));
        let response = self.ask(builder, body, Some(REQUEST_LIMIT))?;
        let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        if !response.status().is_success() && !content_type.starts_with("application/json") {
            return Err(problem::failure(response));
        }
        Ok(Exchange { content_type, body: self.read_whole(response)?.body })
    }

    fn read_whole(&self, response: Response<Body>) -> Result<Answer, Failure> {
        let (head, mut body) = response.into_parts();
        let body =
            body.with_config().limit(ANSWER_MAX_BYTES).read_to_vec().map_err(|error| self.unreachable(&error))?;
        Ok(Answer { headers: head.headers, body })
    }

    /// Opens an event stream after the event `last`.
    pub(crate) fn stream(
        &self,
        path: &[&str],
        last: Option<&str>,
    ) -> Result<BufReader<impl std::io::Read + use<>>, Failure> {
        let request = Request { path, ..Request::default() };
        let response = self.start(&Method::GET, request, None, Some(last))?;
        Ok(BufReader::new(response.into_body().into_reader()))
    }

    /// The body of an answer, for files of any size.
    pub(crate) fn download(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<impl std::io::Read + use<>, Failure> {
        let request = Request { path, query, ..Request::default() };
        Ok(self.start(&Method::GET, request, None, None)?.into_body().into_reader())
    }

    fn start(
        &self,
        method: &Method,
        request: Request<'_>,
        limit: Option<Duration>,
        events: Option<Option<&str>>,
    ) -> Result<Response<Body>, Failure> {
        let mut builder = self.head(method, &request)?;
        if let Some(last) = events {
            builder = builder.header(header::ACCEPT, "text/event-stream");
            builder = last.into_iter().fold(builder, |builder, last| builder.header("Last-Event-ID", last));
        }
        match request.body {
            Some(body) => {
                let content_type = request.content_type.unwrap_or("application/json");
                self.run(builder.header(header::CONTENT_TYPE, content_type), body, limit)
            }
            None if *method == Method::GET => self.run(builder, (), limit),
            None => self.run(builder.header(header::CONTENT_LENGTH, 0), Vec::new(), limit),
        }
    }

    /// Address, key and conditions of a request.
    fn head(&self, method: &Method, request: &Request<'_>) -> Result<Builder, Failure> {
        let mut builder = http::Request::builder().method(method.clone()).uri(self.address(request).as_str());
        if let Some(key) = &self.key {
            builder = builder.header(header::AUTHORIZATION, bearer(key)?);
        }
        if let Some(key) = request.idempotency_key {
            builder = builder.header("Idempotency-Key", key);
        }
        if let Some(version) = request.if_match {
            builder = builder.header(header::IF_MATCH, version);
        }
        Ok(builder)
    }

    fn run(&self, builder: Builder, body: impl AsSendBody, limit: Option<Duration>) -> Result<Response<Body>, Failure> {
        let response = self.ask(builder, body, limit)?;
        if response.status().is_success() { Ok(response) } else { Err(problem::failure(response)) }
    }

    fn ask(&self, builder: Builder, body: impl AsSendBody, limit: Option<Duration>) -> Result<Response<Body>, Failure> {
        let ready = builder.body(body).map_err(|error| bad_request(&error))?;
        let sent = self.agent.run(self.agent.configure_request(ready).timeout_global(limit).build());
        sent.map_err(|error| self.unreachable(&error))
    }

    /// The address of a path given by its segments, so that no part of it can leave its place.
    fn address(&self, request: &Request<'_>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(request.path);
        }
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(request.query);
        }
        url
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::caused(Exit::Unavailable, format!("no answer from the tower at {}", self.base()), error)
            .hint("start one with `jct up`, or name a running one with --url or JCT_URL")
    }
}

fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn bearer(key: &Secret) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose()))
        .map_err(|_| Failure::new(Exit::Usage, "the API key has characters that no key has"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn bad_request(error: &http::Error) -> Failure {
    Failure::caused(Exit::Usage, "this cannot be sent as an HTTP request", error)
}

impl Answer {
    /// The value of a header, if it is there and readable.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as any JSON.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        self.read()
    }

    /// The body as `T`.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| unexpected(&error))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base())
            .field("has_key", &self.key.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn address(base: &str, path: &[&str], query: &[(&str, String)]) -> String {
        let client = Client::new(base, None).expect("a valid base");
        client.address(&Request { path, query, ..Request::default() }).to_string()
    }

    #[test]
    fn segments_stay_in_their_place() {
        assert_eq!(address("http://h:8000", &["tasks", "a/../b?c#d"], &[]), "http://h:8000/tasks/a%2F..%2Fb%3Fc%23d");
        assert_eq!(address("http://h/tower/", &["tasks"], &[]), "http://h/tower/tasks");
        assert_eq!(
            address("http://h", &["tasks"], &[("cursor", "a&b=c".to_owned())]),
            "http://h/tasks?cursor=a%26b%3Dc"
        );
    }

    #[test]
    fn only_web_addresses_name_a_tower() {
        for bad in ["", "localhost:8000", "ftp://h", "http://", "http://h?x=1"] {
            assert_eq!(Client::new(bad, None).expect_err(bad).exit(), Exit::Usage, "{bad}");
        }
    }

    #[test]
    fn the_key_is_not_in_debug_output() {
        let client = Client::new("http://h", "0123456789abcdef-secret".parse().ok()).expect("a valid base");
        assert!(!format!("{client:?}").contains("secret"), "{client:?}");
    }
}
