//! A connection to the upstream: a checked address, TLS, one request.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::rules::{Origin, Upstream, is_public};

/// For a name, a connection and a handshake together.
const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// Why the upstream cannot be reached.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("the upstream has no public address")]
    Private,
    #[error("the upstream did not answer in time")]
    TooSlow,
    #[error("the upstream cannot be reached")]
    Unreachable(#[source] io::Error),
}

/// Opens connections to one upstream.
pub(super) struct Connector {
    upstream: Upstream,
    allow_private: bool,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// Trusts the machine's own certificates: an operator's authority is trusted where the machine trusts it.
    pub(super) fn new(upstream: &Upstream, allow_private: bool) -> io::Result<Self> {
        Self::trusting(machines_roots, upstream, allow_private)
    }

    fn trusting(
        roots: impl FnOnce() -> io::Result<RootCertStore>,
        upstream: &Upstream,
        allow_private: bool,
    ) -> io::Result<Self> {
        let tls = match upstream.origin {
            Origin::Http => None,
            Origin::Https => {
                let name = ServerName::try_from(upstream.host.clone()).map_err(io::Error::other)?;
                Some((TlsConnector::from(Arc::new(client_config(roots()?)?)), name))
            }
        };
        Ok(Self { upstream: upstream.clone(), allow_private, tls })
    }

    pub(super) async fn connect(&self) -> Result<Stream, ConnectError> {
        timeout(CONNECT_LIMIT, self.connect_at_last()).await.unwrap_or(Err(ConnectError::TooSlow))
    }

    async fn connect_at_last(&self) -> Result<Stream, ConnectError> {
        let target = (self.upstream.host.as_str(), self.upstream.port);
        let found = lookup_host(target).await.map_err(ConnectError::Unreachable)?;
        // The address that was checked is the one that is used: a name could have another the next time.
        let usable: Vec<SocketAddr> = found.filter(|address| self.allow_private || is_public(address.ip())).collect();
        if usable.is_empty() {
            return Err(ConnectError::Private);
        }
        let tcp = TcpStream::connect(usable.as_slice()).await.map_err(ConnectError::Unreachable)?;
        // Small requests are sent at once; without it they are only slower.
        let _ = tcp.set_nodelay(true);
        match &self.tls {
            None => Ok(Stream::Plain(tcp)),
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), tcp).await.map_err(ConnectError::Unreachable)?;
                Ok(Stream::Tls(Box::new(stream)))
            }
        }
    }
}

fn machines_roots() -> io::Result<RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err(io::Error::other("this machine has no certificates to check the upstream with"));
    }
    Ok(roots)
}

fn client_config(roots: RootCertStore) -> io::Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// A connection with or without TLS.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, buffer),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::ServerConfig;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    /// A server that echoes four bytes over TLS, and its certificate for `name`.
    async fn server(name: &str) -> (u16, CertificateDer<'static>) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust us ends here.
            let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else { return };
            let mut bytes = [0; 4];
            stream.read_exact(&mut bytes).await.unwrap();
            stream.write_all(&bytes).await.unwrap();
            stream.shutdown().await.unwrap();
        });
        (port, made.cert.der().clone())
    }

    async fn connect(port: u16, trusted: Option<CertificateDer<'static>>) -> Result<Stream, ConnectError> {
        let upstream = Upstream { origin: Origin::Https, host: "localhost".to_owned(), port, base: String::new() };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted);
        Connector::trusting(|| Ok(roots), &upstream, true).unwrap().connect().await
    }

    #[tokio::test]
    async fn an_upstream_is_spoken_to_over_tls() {
        let (port, certificate) = server("localhost").await;
        let mut stream = connect(port, Some(certificate)).await.unwrap();
        assert!(matches!(stream, Stream::Tls(_)));
        stream.write_all(b"echo").await.unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"echo");
    }

    #[tokio::test]
    async fn an_upstream_that_is_not_what_it_says_is_not_spoken_to() {
        let (port, _) = server("localhost").await;
        assert!(matches!(connect(port, None).await, Err(ConnectError::Unreachable(_))));
        let (port, certificate) = server("other.example.org").await;
        assert!(matches!(connect(port, Some(certificate)).await, Err(ConnectError::Unreachable(_))));
    }
}
