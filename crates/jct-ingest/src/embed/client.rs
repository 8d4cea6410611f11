//! One call of the service, and as many more as its lack of time makes necessary. Runs on a thread of its own.

use std::sync::Arc;
use std::time::Duration;

use jct_exec::{FailureReason, Stop};
use ureq::Agent;
use ureq::http::{HeaderMap, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::endpoint::Endpoint;
use super::wire::{Question, Vectors, read};
use crate::control::Control;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// For one call, unless the run has to end sooner.
const CALL_LIMIT: Duration = Duration::from_secs(120);
/// No longer than this is waited between two calls.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Of an answer, in bytes: this much, and as much again for every text.
const ANSWER_BYTES: u64 = 1024 * 1024;
const ANSWER_BYTES_A_TEXT: u64 = 256 * 1024;

/// Calls the service. Clones share its connections.
#[derive(Clone)]
pub(super) struct Client {
    agent: Agent,
    endpoint: Arc<Endpoint>,
    model: Arc<str>,
}

/// Why a call gave no vectors. The messages hold nothing that the service said.
enum Failure {
    /// Another call may go better, after the time that the service asks for.
    Busy(String, Option<Duration>),
    /// The same call will never go better.
    Refused(String),
    /// The answer makes no sense.
    Nonsense(String),
}

impl Client {
    pub(super) fn new(endpoint: Endpoint, model: &str) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_LIMIT))
            .user_agent(concat!("jct-ingest/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls());
        if endpoint.is_loopback() {
            config = config.proxy(None);
        }
        Self { agent: config.build().into(), endpoint: Arc::new(endpoint), model: model.into() }
    }

    /// The vectors of `texts`.
    pub(super) fn embed(&self, texts: &[String], control: &Control) -> Result<Vectors, Stop> {
        let question = Question { model: &self.model, input: texts };
        let body = serde_json::to_vec(&question)
            .map_err(|error| Stop::failed(FailureReason::InvalidInput, format!("the texts cannot be sent: {error}")))?;
        let retries = self.endpoint.retries();
        let mut wait = retries.first_wait;
        let mut calls = 1;
        loop {
            control.check()?;
            let (message, asked) = match self.call(&body, texts.len(), control) {
                Ok(vectors) => return Ok(vectors),
                Err(Failure::Refused(what)) => return Err(stop(FailureReason::InvalidInput, &what)),
                Err(Failure::Nonsense(what)) => return Err(stop(FailureReason::ServiceFailed, &what)),
                Err(Failure::Busy(what, asked)) => (what, asked),
            };
            control.check()?;
            if calls >= retries.most {
                return Err(stop(FailureReason::ServiceFailed, &format!("{message}, {calls} times in a row")));
            }
            calls += 1;
            let jittered = wait.mul_f64(0.75 + 0.5 * rand::random::<f64>());
            control.pause(asked.unwrap_or_default().max(jittered).min(LONGEST_WAIT))?;
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }

    fn call(&self, body: &[u8], count: usize, control: &Control) -> Result<Vectors, Failure> {
        let limit = control.remaining().min(CALL_LIMIT).max(Duration::from_millis(1));
        let mut request = self
            .agent
            .post(self.endpoint.address())
            .config()
            .timeout_global(Some(limit))
            .build()
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json");
        if let Some(authorization) = self.endpoint.authorization() {
            request = request.header(header::AUTHORIZATION, authorization.as_str());
        }
        // What went wrong is told by its kind: an error's own text may name more than it should.
        let mut response = request.send(body).map_err(|error| Failure::Busy(kind_of(&error), None))?;
        let status = response.status().as_u16();
        match status {
            200..=299 => {}
            408 | 425 | 429 | 500..=599 => {
                return Err(Failure::Busy(format!("answered with status {status}"), retry_after(response.headers())));
            }
            _ => return Err(Failure::Refused(format!("refused the call with status {status}"))),
        }
        let texts = u64::try_from(count).unwrap_or(u64::MAX);
        let most = texts.saturating_mul(ANSWER_BYTES_A_TEXT).saturating_add(ANSWER_BYTES);
        let body = response.body_mut().with_config().limit(most).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => Failure::Nonsense("gave an answer that is far too long".to_owned()),
            error => Failure::Busy(kind_of(&error), None),
        })?;
        read(&body, count).map_err(Failure::Nonsense)
    }
}

fn stop(reason: FailureReason, what: &str) -> Stop {
    Stop::failed(reason, format!("the endpoint for embeddings {what}"))
}

fn kind_of(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "did not answer in time".to_owned(),
        ureq::Error::HostNotFound => "has a name that cannot be looked up".to_owned(),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "could not be trusted".to_owned(),
        ureq::Error::Io(error) => format!("could not be reached ({})", error.kind()),
        _ => "could not be reached".to_owned(),
    }
}

/// How long the service asks to be left alone, where it says so in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Trusts the machine's own certificates, as everything else of the worker does.
fn tls() -> TlsConfig {
    let found = rustls_native_certs::load_native_certs().certs;
    let builder = TlsConfig::builder();
    if found.is_empty() {
        return builder.build();
    }
    let certificates: Vec<_> = found.iter().map(|found| Certificate::from_der(found).to_owned()).collect();
    builder.root_certs(RootCerts::Specific(Arc::new(certificates))).build()
}
