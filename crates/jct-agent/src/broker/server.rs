//! Listens on one private UNIX socket for as long as one attempt runs.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jct_exec::ExecutionIo;
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::credential::{CredentialError, CredentialSource};
use super::rules::Rules;
use super::serve::Gate;
use super::upstream::Connector;

/// Connections of one agent at once; a further one waits.
const MOST_CONNECTIONS: usize = 64;
/// For the head of a request.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// Bytes of a request's head.
const MOST_HEAD_BYTES: usize = 64 * 1024;

/// Why there is no broker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The credential cannot be read.
    #[error("the broker has no credential")]
    Credential(#[from] CredentialError),
    /// The socket or the client cannot be made.
    #[error("the broker cannot be started")]
    Start(#[source] io::Error),
}

/// A broker that runs. Dropping it ends every connection and removes the socket.
#[derive(Debug)]
pub struct Broker {
    folder: TempDir,
    serving: JoinHandle<()>,
}

impl Broker {
    /// Starts a broker with a socket in a folder of its own, which only this user may enter.
    ///
    /// # Errors
    ///
    /// [`BrokerError`].
    pub fn start(rules: Rules, credential: Option<&CredentialSource>, io: &ExecutionIo) -> Result<Self, BrokerError> {
        let credential = credential.map(CredentialSource::load).transpose()?;
        let connector = Connector::new(&rules.upstream, rules.allow_private).map_err(BrokerError::Start)?;
        let folder = tempfile::Builder::new()
            .prefix("jct-broker-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .map_err(|error| BrokerError::Start(error.kind().into()))?;
        let listener = UnixListener::bind(folder.path().join(SOCKET)).map_err(BrokerError::Start)?;
        let gate = Arc::new(Gate { rules, connector, credential, io: io.clone() });
        Ok(Self { folder, serving: tokio::spawn(serve(listener, gate)) })
    }

    /// The socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(SOCKET)
    }

    /// The folder of the socket, and of nothing else.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

const SOCKET: &str = "broker.sock";

async fn serve(listener: UnixListener, gate: Arc<Gate>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    // Dropped with this future, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Mostly too many open files: worth another try, not a busy loop.
                log::warn!(error:% = error; "a broker could not take a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let gate = Arc::clone(&gate);
        connections.spawn(async move {
            let _place = place;
            let service = service_fn(move |request| Arc::clone(&gate).answer(request));
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_LIMIT)
                .max_buf_size(MOST_HEAD_BYTES)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                log::debug!(error:% = error; "an agent's connection broke off");
            }
        });
    }
}
