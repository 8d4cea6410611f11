//! The load generator: keep-alive HTTP/1.1 connections, each with one request under way at a time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::latency::Latencies;
use crate::exit::Exit;
use crate::failure::Failure;

/// A request of a load.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: hyper::Method,
    pub(super) path: String,
    pub(super) body: Bytes,
}

/// Makes the requests of one connection; called from one connection at a time.
pub(super) type Calls = Box<dyn FnMut() -> Call + Send>;

/// How long to put load on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) warm_up: Duration,
    pub(super) measured: Duration,
}

/// What a load found out.
#[derive(Debug)]
pub(super) struct LoadReport {
    /// Successful requests of the measured span.
    pub(super) requests: u64,
    /// Successful requests of the warm-up, and of requests that began in the span and ended after it.
    pub(super) outside: u64,
    /// The measured span, in seconds.
    pub(super) seconds: f64,
    pub(super) latencies: Latencies,
}

impl LoadReport {
    #[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
    pub(super) fn rate(&self, items_per_request: u32) -> f64 {
        self.requests as f64 * f64::from(items_per_request) / self.seconds
    }
}

/// Puts load on `address`, one connection for each element of `connections`. Everything but `expect` is a failure:
/// a number measured over errors means nothing.
pub(super) fn run(
    address: SocketAddr,
    connections: Vec<Calls>,
    span: Span,
    expect: StatusCode,
) -> Result<LoadReport, Failure> {
    // One thread, so that the load takes one core at most and the server has the others.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::caused(Exit::Local, "the load cannot be started", &error))?;
    runtime.block_on(async {
        let begin = Instant::now() + span.warm_up;
        let window = Arc::new(Window { begin, end: begin + span.measured, expect });
        let mut tasks = JoinSet::new();
        for calls in connections {
            let connection = Connection::open(address).await?;
            tasks.spawn(connection.work(calls, Arc::clone(&window)));
        }
        let mut report =
            LoadReport { requests: 0, outside: 0, seconds: span.measured.as_secs_f64(), latencies: Latencies::new()? };
        while let Some(part) = tasks.join_next().await {
            let part = part.map_err(|error| Failure::caused(Exit::Local, "the load broke off", &error))??;
            report.requests += part.requests;
            report.outside += part.outside;
            report.latencies.add(&part.latencies)?;
        }
        if report.requests == 0 {
            // Percentiles of nothing would look like a perfect score.
            return Err(Failure::new(Exit::Negative, "no request began and ended within the measured span")
                .hint("measure longer, with --seconds"));
        }
        Ok(report)
    })
}

struct Window {
    begin: Instant,
    end: Instant,
    expect: StatusCode,
}

struct Part {
    requests: u64,
    outside: u64,
    latencies: Latencies,
}

/// One keep-alive connection.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    /// What is shown with every request.
    bearer: Option<String>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await.map_err(|error| broken(&error))?;
        stream.set_nodelay(true).map_err(|error| broken(&error))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
        // The requests report what breaks; the connection only has to be driven.
        drop(tokio::spawn(connection));
        Ok(Self { sender, host: address.to_string(), bearer: None })
    }

    /// The same, with a key or token in every request.
    pub(super) fn with_bearer(self, token: &str) -> Self {
        Self { bearer: Some(format!("Bearer {token}")), ..self }
    }

    async fn work(mut self, mut calls: Calls, window: Arc<Window>) -> Result<Part, Failure> {
        let mut part = Part { requests: 0, outside: 0, latencies: Latencies::new()? };
        loop {
            let started = Instant::now();
            if started >= window.end {
                return Ok(part);
            }
            let call = calls();
            let (status, body) = self.send(call.clone()).await?;
            if status != window.expect {
                let body = String::from_utf8_lossy(&body).chars().take(400).collect::<String>();
                return Err(Failure::new(
                    Exit::Unavailable,
                    format!("{} {} answered {status}", call.method, call.path),
                )
                .detail(body));
            }
            let ended = Instant::now();
            if started >= window.begin && ended <= window.end {
                part.requests += 1;
                part.latencies.record(ended - started);
            } else {
                part.outside += 1;
            }
        }
    }

    /// Sends one request and reads the whole answer.
    pub(super) async fn send(&mut self, call: Call) -> Result<(StatusCode, Bytes), Failure> {
        let mut request = Request::builder().method(call.method).uri(call.path).header(header::HOST, &self.host);
        if !call.body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(bearer) = &self.bearer {
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let request = request.body(Full::new(call.body)).map_err(|error| broken(&error))?;
        self.sender.ready().await.map_err(|error| broken(&error))?;
        let response: Response<_> = self.sender.send_request(request).await.map_err(|error| broken(&error))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| broken(&error))?.to_bytes();
        Ok((status, body))
    }
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused(Exit::Unavailable, "a connection to the measured server broke", error)
}
