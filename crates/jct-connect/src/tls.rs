//! How TLS is spoken, and who is trusted.

use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::stream::Stream;

/// How TLS is spoken.
#[derive(Clone, Debug)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Trusts whoever one of these roots vouches for.
    ///
    /// # Errors
    /// [`io::Error`] if TLS cannot be prepared.
    pub fn trusting(roots: RootCertStore) -> io::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        Ok(Self(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
    }

    pub(crate) async fn handshake(&self, name: ServerName<'static>, tcp: TcpStream) -> io::Result<Stream> {
        let stream = TlsConnector::from(Arc::clone(&self.0)).connect(name, tcp).await?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

/// The roots that this machine trusts, as far as they can be read; it may have none.
#[must_use]
pub fn machines_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
