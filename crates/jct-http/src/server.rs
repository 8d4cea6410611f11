//! The server: bound first, so that its address is known, and then run until it is told to stop.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer, web};
use tokio::sync::watch;

use crate::auth::Guarded;
use crate::edge::{Edge, edge};
use crate::metrics::Metrics;
use crate::routes::{Closing, Documents, Uptime, configure};
use crate::{AppState, HttpOptions, openapi_json};

/// Connections that may wait for a thread.
const BACKLOG: u32 = 1024;

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("failed to listen on {address}")]
pub struct BindError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct BoundServer {
    listener: TcpListener,
    address: SocketAddr,
    options: HttpOptions,
    app: AppState,
}

/// Listens on the configured address. Port 0 lets the system choose; [`BoundServer::address`] tells which.
///
/// # Errors
/// [`BindError`] when the address is taken or not ours.
pub fn bind(options: HttpOptions, app: AppState) -> Result<BoundServer, BindError> {
    let address = SocketAddr::new(options.host, options.port);
    let bound =
        TcpListener::bind(address).and_then(|listener| listener.local_addr().map(|address| (listener, address)));
    let (listener, address) = bound.map_err(|source| BindError { address, source })?;
    Ok(BoundServer { listener, address, options, app })
}

impl BoundServer {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `shutdown` is ready; then finishes those in flight within the configured grace. Event
    /// streams are ended at once: their clients come back and go on where they were.
    ///
    /// Needs a tokio runtime; the server's own threads do the work.
    ///
    /// # Errors
    /// When the listening socket fails.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let (close, closing) = watch::channel(false);
        let server = self.start(Closing(closing))?;
        let handle = server.handle();
        let running = tokio::spawn(server);
        tokio::pin!(running);
        tokio::select! {
            ended = &mut running => return ended.map_err(io::Error::other)?,
            () = shutdown => {}
        }
        log::info!("shutting down");
        // Without receivers there is no stream left to end.
        let _ = close.send(true);
        handle.stop(true).await;
        running.await.map_err(io::Error::other)?
    }

    fn start(self, closing: Closing) -> io::Result<Server> {
        let Self { listener, address, options, app } = self;
        let shared = Shared::new(options.clone(), app, closing);
        log::info!(address = address.to_string().as_str(); "listening");
        let make = move || {
            let shared = shared.clone();
            App::new().wrap(from_fn(edge)).configure(move |config| shared.register(config))
        };
        let server = HttpServer::new(make)
            .workers(options.workers.max(1))
            .backlog(BACKLOG)
            .max_connections(options.max_connections)
            .keep_alive(options.keep_alive)
            .client_request_timeout(options.request_timeout)
            .shutdown_timeout(options.shutdown_grace.as_secs())
            .disable_signals()
            .listen(listener)?;
        Ok(server.run())
    }
}

/// What all threads share.
#[derive(Clone)]
pub(crate) struct Shared {
    guarded: web::Data<Guarded>,
    edge: web::Data<Edge>,
    documents: web::Data<Documents>,
    uptime: web::Data<Uptime>,
    closing: web::Data<Closing>,
}

impl Shared {
    pub(crate) fn new(options: HttpOptions, app: AppState, closing: Closing) -> Self {
        let openapi = openapi_json(&options, app.version).to_string();
        Self {
            guarded: web::Data::new(Guarded::new(app)),
            edge: web::Data::new(Edge { options: Arc::new(options), metrics: Arc::new(Metrics::new()) }),
            documents: web::Data::new(Documents::new(openapi.into())),
            uptime: web::Data::new(Uptime(Instant::now())),
            closing: web::Data::new(closing),
        }
    }

    pub(crate) fn register(self, config: &mut ServiceConfig) {
        let Self { guarded, edge, documents, uptime, closing } = self;
        config
            .app_data(guarded)
            .app_data(edge)
            .app_data(documents)
            .app_data(uptime)
            .app_data(closing)
            .configure(configure);
    }
}
