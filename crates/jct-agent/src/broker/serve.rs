//! Answers one request: decides, records, passes on.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use jct_connect::Stream;
use jct_exec::{EgressDecision, ExecutionIo};
use serde_json::json;
use tokio::time::timeout;

use super::body::{BodyError, Limited};
use super::credential::Credential;
use super::headers::{clean_query, clean_request, clean_response, upgrades};
use super::rules::{Asked, Origin, Rule, Rules};
use super::upstream::{ConnectError, Connector};

/// From the end of a request to the head of its answer. A model may think long before its first word.
const ANSWER_LIMIT: Duration = Duration::from_secs(600);

type Answer = Response<BoxBody<Bytes, BodyError>>;

/// What all requests of one attempt share.
pub(super) struct Gate {
    pub(super) rules: Rules,
    pub(super) connector: Connector,
    pub(super) credential: Option<Credential>,
    pub(super) io: ExecutionIo,
}

impl Gate {
    /// Answers a request, whatever it is.
    pub(super) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Answer, Infallible> {
        let host = request.headers().get(HOST).and_then(|value| value.to_str().ok());
        let asked = self.rules.asked(request.method(), request.uri(), host);
        let length = request.body().size_hint().exact();
        let rule = self.rules.decide(&asked, request.method(), upgrades(request.headers()), length);
        if rule != Rule::Allowed {
            self.record(&asked, rule);
            return Ok(refusal(rule));
        }
        // Recorded once it is known whether the address may be used, and before anything is sent to it.
        let stream = match self.connector.connect().await {
            Ok(stream) => stream,
            Err(ConnectError::Private) => {
                self.record(&asked, Rule::PrivateAddress);
                return Ok(refusal(Rule::PrivateAddress));
            }
            Err(error) => {
                self.record(&asked, Rule::Allowed);
                log::warn!(agent = self.rules.agent.as_str(), host = asked.host.as_str(); "{}", with_cause(&error));
                return Ok(failure(StatusCode::BAD_GATEWAY, &error.to_string()));
            }
        };
        self.record(&asked, Rule::Allowed);
        Ok(self.pass_on(request, stream).await)
    }

    async fn pass_on(&self, request: Request<Incoming>, stream: Stream) -> Answer {
        let Some(request) = self.prepared(request) else {
            return failure(StatusCode::BAD_REQUEST, "the request cannot be passed on");
        };
        let sent = async {
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            // Ends with the answer's body, or when the agent hangs up.
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    log::debug!(error:% = error; "a connection to an agent's upstream broke off");
                }
            });
            sender.send_request(request).await
        };
        match timeout(ANSWER_LIMIT, sent).await {
            Err(_) => failure(StatusCode::GATEWAY_TIMEOUT, "the upstream did not answer in time"),
            Ok(Err(error)) => {
                log::warn!(agent = self.rules.agent.as_str(), error:% = error; "an agent's request could not be passed on");
                failure(StatusCode::BAD_GATEWAY, "the upstream broke off")
            }
            Ok(Ok(answer)) if answer.body().size_hint().lower() > self.rules.response_bytes => {
                failure(StatusCode::BAD_GATEWAY, "the answer is too large")
            }
            Ok(Ok(mut answer)) => {
                clean_response(answer.headers_mut());
                answer.map(|body| Limited::new(body, self.rules.response_bytes).boxed())
            }
        }
    }

    /// The request as the upstream gets it.
    fn prepared(&self, request: Request<Incoming>) -> Option<Request<Limited>> {
        let (mut head, body) = request.into_parts();
        let upstream = &self.rules.upstream;
        let mut target = format!("{}{}", upstream.base, head.uri.path());
        let query = head.uri.query().map(clean_query).unwrap_or_default();
        if !query.is_empty() {
            target.push('?');
            target.push_str(&query);
        }
        head.uri = target.parse::<Uri>().ok()?;
        clean_request(&mut head.headers);
        let usual = match upstream.origin {
            Origin::Https => 443,
            Origin::Http => 80,
        };
        let bracketed =
            if upstream.host.contains(':') { format!("[{}]", upstream.host) } else { upstream.host.clone() };
        let host = if upstream.port == usual { bracketed } else { format!("{bracketed}:{}", upstream.port) };
        head.headers.insert(HOST, HeaderValue::from_str(&host).ok()?);
        if let Some(credential) = &self.credential {
            head.headers.insert(credential.name().clone(), credential.value()?);
        }
        Some(Request::from_parts(head, Limited::new(body, self.rules.request_bytes)))
    }

    fn record(&self, asked: &Asked, rule: Rule) {
        let Asked { host, port, method, path } = asked.clone();
        let allowed = rule == Rule::Allowed;
        if !allowed {
            log::info!(agent = self.rules.agent.as_str(), host = host.as_str(), method = method.as_str(); "refused an agent's request: {}", rule.as_str());
        }
        self.io.record().egress(EgressDecision {
            agent: self.rules.agent.clone(),
            host: crate::text::one_line(&host, 253),
            port,
            method: crate::text::one_line(&method, 32),
            path: crate::text::one_line(&path, 1024),
            allowed,
            reason: rule.as_str().to_owned(),
        });
    }
}

fn refusal(rule: Rule) -> Answer {
    failure(StatusCode::FORBIDDEN, rule.as_str())
}

/// An answer of our own. Several clients look for `error.message`.
fn failure(status: StatusCode, message: &str) -> Answer {
    let body = json!({"error": {"type": "jct_broker", "message": message}}).to_string();
    let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed();
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
