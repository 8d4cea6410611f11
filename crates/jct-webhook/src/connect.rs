//! A connection to an address that was judged.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use jct_event::webhook::{AddressRules, EndpointUrl, InvalidEndpoint};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is none that can be connected to.
    #[error("the URL has no host or port")]
    NoHost,
    /// The name is not known, or nobody could be asked.
    #[error("the receiver's name cannot be resolved")]
    Resolve(#[source] io::Error),
    /// None of the addresses may be spoken to; the reason is that of the first.
    #[error("the receiver may not be spoken to: {0}")]
    Refused(InvalidEndpoint),
    /// Nobody answers there.
    #[error("the receiver cannot be reached")]
    Unreachable(#[source] io::Error),
    /// Whoever answers is not who it should be, or speaks no TLS.
    #[error("the TLS handshake with the receiver failed")]
    Tls(#[source] io::Error),
}

/// A connection with or without TLS.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// How TLS is spoken.
pub(crate) fn client_config(roots: RootCertStore) -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// Connects to the first address of the endpoint that may be spoken to and answers.
pub(crate) async fn connect(
    endpoint: &EndpointUrl,
    rules: &AddressRules,
    tls: &Arc<ClientConfig>,
) -> Result<Stream, ConnectError> {
    let url = endpoint.url();
    let (host, port) = url.host().zip(url.port_or_known_default()).ok_or(ConnectError::NoHost)?;
    let found = addresses(&host, port).await?;
    let mut refused = None;
    let allowed: Vec<SocketAddr> = found
        .into_iter()
        .filter(|address| match endpoint.judge(address.ip(), rules) {
            Ok(()) => true,
            Err(why) => {
                refused.get_or_insert(why);
                false
            }
        })
        .collect();
    if allowed.is_empty() {
        let nothing = || ConnectError::Resolve(io::Error::other("the name has no addresses"));
        return Err(refused.map_or_else(nothing, ConnectError::Refused));
    }
    let tcp = TcpStream::connect(allowed.as_slice()).await.map_err(ConnectError::Unreachable)?;
    // Small requests are sent at once; without it they are only slower.
    let _ = tcp.set_nodelay(true);
    if url.scheme() != "https" {
        return Ok(Stream::Plain(tcp));
    }
    let name = server_name(&host)?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await.map_err(ConnectError::Tls)?;
    Ok(Stream::Tls(Box::new(stream)))
}

async fn addresses(host: &Host<&str>, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
    let literal = |address: IpAddr| vec![SocketAddr::new(address, port)];
    match host {
        Host::Domain(name) => Ok(lookup_host((*name, port)).await.map_err(ConnectError::Resolve)?.collect()),
        Host::Ipv4(address) => Ok(literal((*address).into())),
        Host::Ipv6(address) => Ok(literal((*address).into())),
    }
}

fn server_name(host: &Host<&str>) -> Result<ServerName<'static>, ConnectError> {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_owned();
            ServerName::try_from(name).map_err(|error| ConnectError::Tls(io::Error::other(error)))
        }
        Host::Ipv4(address) => Ok(ServerName::from(IpAddr::from(*address))),
        Host::Ipv6(address) => Ok(ServerName::from(IpAddr::from(*address))),
    }
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
