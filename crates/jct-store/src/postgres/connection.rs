//! Connections to the server, encrypted where the address asks for it.

use std::sync::Arc;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::SimpleAsyncConnection;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Conn;

/// A commit that was acknowledged is on disk; nothing may hang for ever. A plan is made for the values at hand: the
/// generic plan of a claim does not know its limit and would read the whole queue.
const SETUP: &str = "SET synchronous_commit = on; SET statement_timeout = '60s'; SET lock_timeout = '10s'; \
     SET idle_in_transaction_session_timeout = '60s'; SET plan_cache_mode = force_custom_plan; SET application_name = 'jct';";

/// Connects.
///
/// `sslmode=disable` never encrypts and `sslmode=require` always does. The default, `prefer`, encrypts to other
/// machines when their server offers it and does not on this machine. Whenever the connection is encrypted the
/// server's certificate is verified, against the system's roots or those of `SSL_CERT_FILE`.
pub(crate) async fn establish(url: &str) -> ConnectionResult<Conn> {
    let config: Config = url.parse().map_err(|_| ConnectionError::InvalidConnectionUrl("unreadable".to_owned()))?;
    let bad = |error: tokio_postgres::Error| ConnectionError::BadConnection(chain(&error));
    let mut conn = if is_plain(&config) {
        let (client, connection) = config.connect(NoTls).await.map_err(bad)?;
        Conn::try_from_client_and_connection(client, connection).await?
    } else {
        let (client, connection) = config.connect(tls()?).await.map_err(bad)?;
        Conn::try_from_client_and_connection(client, connection).await?
    };
    conn.batch_execute(SETUP).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

fn is_plain(config: &Config) -> bool {
    let is_local = |host: &Host| match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        Host::Unix(_) => true,
    };
    match config.get_ssl_mode() {
        SslMode::Disable => true,
        SslMode::Prefer => config.get_hosts().iter().all(is_local),
        _ => false,
    }
}

fn tls() -> ConnectionResult<MakeRustlsConnect> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectionError::BadConnection(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The driver keeps the interesting part of an error in its source.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
