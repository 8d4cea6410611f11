//! What an operator can set about the HTTP surface, as plain values.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Limits, addresses and times of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 lets the system choose one.
    pub port: u16,
    /// Origins that browsers may call from; empty keeps cross-origin requests off.
    pub cors_origins: Vec<String>,
    /// Largest body of a request, in bytes.
    pub body_limit: usize,
    /// Largest body of a batch, in bytes.
    pub batch_body_limit: usize,
    /// Largest body that brings a job, a manifest or a workflow, in bytes.
    pub job_body_limit: usize,
    /// Time for one request to be received and answered.
    pub request_timeout: Duration,
    /// Connections served at once by one thread.
    pub max_connections: usize,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// Time given to requests in flight at shutdown.
    pub shutdown_grace: Duration,
    /// Server threads, at least 1.
    pub workers: usize,
    /// Where others reach this server, without a slash at the end; `None` if nobody said.
    pub base_url: Option<String>,
}

impl Default for HttpOptions {
    /// 127.0.0.1:8000, no cross-origin requests, bodies of 1 MiB, 16 MiB and 2 MiB, 30 seconds a request, two threads.
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8000,
            cors_origins: Vec::new(),
            body_limit: 1 << 20,
            batch_body_limit: 16 << 20,
            job_body_limit: 2 << 20,
            request_timeout: Duration::from_secs(30),
            max_connections: 10_000,
            keep_alive: Duration::from_secs(75),
            shutdown_grace: Duration::from_secs(30),
            workers: 2,
            base_url: None,
        }
    }
}
