//! The one middleware, step by step.

use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use jct_contract::TraceId;

use super::origin::{Source, is_allowed};
use super::{cors, patience, trace};
use crate::HttpOptions;
use crate::auth::Guarded;
use crate::metrics::Metrics;
use crate::problem::{ErrorCode, Located, Problem};

/// When the body of a request must have arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(pub(crate) tokio::time::Instant);

/// What the edge needs.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) options: Arc<HttpOptions>,
    pub(crate) metrics: Arc<Metrics>,
}

/// What is known about a request before it is routed.
struct Arrival {
    started: Instant,
    trace_id: TraceId,
    method: &'static str,
    path: String,
    origin: Option<HeaderValue>,
}

/// Wraps every route.
pub(crate) async fn edge(
    app: web::Data<Guarded>,
    edge: web::Data<Edge>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (trace_id, bad_trace) = trace::of(request.headers());
    let arrival = Arrival {
        started: Instant::now(),
        trace_id,
        method: method_label(request.method().as_str()),
        path: request.path().to_owned(),
        origin: cors::listed_origin(request.headers(), &edge.options.cors_origins),
    };
    request.extensions_mut().insert(arrival.trace_id.clone());
    let refused = match bad_trace {
        Some(problem) => Some(problem),
        None => refusal(&app, &edge, &request),
    };
    let response = match refused {
        Some(problem) => request.error_response(problem),
        None if arrival.origin.is_some() && cors::is_preflight(request.method(), request.headers()) => {
            request.into_response(cors::preflight_answer())
        }
        None => {
            let now = tokio::time::Instant::now();
            request.extensions_mut().insert(Deadline(now + edge.options.request_timeout));
            let answered_by = now + patience::of(request.path(), edge.options.request_timeout);
            match tokio::time::timeout_at(answered_by, next.call(request)).await {
                Ok(answer) => answer?.map_into_boxed_body(),
                Err(_) => return Err(timed_out(&edge, arrival)),
            }
        }
    };
    Ok(finish(&edge, response, &arrival))
}

/// What must not even be routed.
fn refusal(app: &Guarded, edge: &Edge, request: &ServiceRequest) -> Option<Problem> {
    // What is known must do: a probe has to be answered even while the database hangs.
    let loopback_only = edge.options.host.to_canonical().is_loopback() && !app.is_known_keyed();
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let source = Source::of(request.method(), request.headers(), authority);
    let fine = is_allowed(source, &edge.options.cors_origins, loopback_only);
    (!fine).then(|| {
        let detail = "a change from a page of this origin, or a request for this host, is not allowed";
        Problem::new(ErrorCode::OriginNotAllowed, detail)
    })
}

/// The deadline passed: the handler is gone, and the request with it.
fn timed_out(edge: &Edge, arrival: Arrival) -> Error {
    let Arrival { started, trace_id, method, path, .. } = arrival;
    edge.metrics.requests.observe(method, "(timed out)".to_owned(), StatusCode::SERVICE_UNAVAILABLE, started.elapsed());
    log::warn!(trace_id = trace_id.as_str(), method = method, path = path.as_str(); "request timed out");
    let detail = "the tower did not answer in time; a change may have been made, so look before you try again";
    Located { problem: Problem::new(ErrorCode::OutcomeUnknown, detail), path, trace_id }.into()
}

/// Puts the last touches on an answer.
fn finish(edge: &Edge, response: ServiceResponse<BoxBody>, arrival: &Arrival) -> ServiceResponse<BoxBody> {
    let mut response = with_problem_body(response, arrival);
    trace::stamp(response.headers_mut(), &arrival.trace_id);
    if let Some(origin) = arrival.origin.clone() {
        cors::allow(response.headers_mut(), origin);
    }
    let status = response.status();
    let took = arrival.started.elapsed();
    let route = response.request().match_pattern().unwrap_or_else(|| "(none)".to_owned());
    edge.metrics.requests.observe(arrival.method, route, status, took);
    log::debug!(
        trace_id = arrival.trace_id.as_str(), method = arrival.method, path = arrival.path.as_str(),
        status = status.as_u16(), took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        "request answered"
    );
    response
}

/// Renders errors, ours with what they say and the framework's with what their status says.
fn with_problem_body(response: ServiceResponse<BoxBody>, arrival: &Arrival) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error() else { return response };
    let rendered = match error.as_error::<Problem>() {
        Some(problem) => {
            log_failure(problem, arrival);
            problem.response(&arrival.path, arrival.trace_id.as_str())
        }
        None => {
            let problem = of_framework(response.status(), error);
            log_failure(&problem, arrival);
            problem.response(&arrival.path, arrival.trace_id.as_str())
        }
    };
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, rendered)
}

fn of_framework(status: StatusCode, error: &Error) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::plain(ErrorCode::NotFound),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::plain(ErrorCode::BodyTooLarge),
        status if status.is_client_error() => Problem::plain(ErrorCode::MalformedRequest),
        _ => Problem::internal(error.to_string()),
    }
}

/// A failure of the tower is logged here, once, with all its causes.
fn log_failure(problem: &Problem, arrival: &Arrival) {
    let Some(cause) = problem.cause_chain() else { return };
    log::error!(
        trace_id = arrival.trace_id.as_str(), code = problem.code().as_str(), method = arrival.method,
        path = arrival.path.as_str(), cause = cause.as_str();
        "request failed"
    );
}

/// Methods come from outside; a label must not.
fn method_label(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("OTHER")
}
