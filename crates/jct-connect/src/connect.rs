//! One connection, to an address that was judged.

use std::io;
use std::net::{IpAddr, SocketAddr};

use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};

use crate::stream::Stream;
use crate::tls::Tls;

/// Why there is no connection; `R` is why an address was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError<R> {
    /// The name is not known, or nobody could be asked.
    #[error("the host's name cannot be resolved")]
    Resolve(#[source] io::Error),
    /// None of the addresses may be spoken to; the reason is that of the first.
    #[error("the host may not be spoken to: {0}")]
    Refused(R),
    /// Nobody answers there.
    #[error("the host cannot be reached")]
    Unreachable(#[source] io::Error),
    /// Whoever answers is not who it should be, or speaks no TLS.
    #[error("the TLS handshake with the host failed")]
    Tls(#[source] io::Error),
}

/// Whom to connect to, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How TLS is spoken; `None` for plain text.
    pub tls: Option<Tls>,
}

impl Target {
    /// What the certificate has to name.
    ///
    /// # Errors
    /// [`io::Error`] if no certificate can name this host.
    pub fn server_name(&self) -> io::Result<ServerName<'static>> {
        // A name may end with the dot of the root; in a certificate it never does.
        ServerName::try_from(self.host.trim_end_matches('.').to_owned()).map_err(io::Error::other)
    }

    /// Connects to the first address of the host that may be spoken to and answers.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect<R>(&self, judge: impl Fn(IpAddr) -> Result<(), R>) -> Result<Stream, ConnectError<R>> {
        let found = lookup_host((self.host.as_str(), self.port)).await.map_err(ConnectError::<R>::Resolve)?;
        // The address that was judged is the one that is used: a name could have another the next time.
        let usable = usable(found, judge)?;
        let tcp = TcpStream::connect(usable.as_slice()).await.map_err(ConnectError::<R>::Unreachable)?;
        // Small requests are sent at once; without it they are only slower.
        let _ = tcp.set_nodelay(true);
        let Some(tls) = &self.tls else { return Ok(Stream::Plain(tcp)) };
        let name = self.server_name().map_err(ConnectError::<R>::Tls)?;
        tls.handshake(name, tcp).await.map_err(ConnectError::Tls)
    }
}

/// The addresses that may be spoken to; an error if there are none.
fn usable<R>(
    found: impl Iterator<Item = SocketAddr>,
    judge: impl Fn(IpAddr) -> Result<(), R>,
) -> Result<Vec<SocketAddr>, ConnectError<R>> {
    let mut refused = None;
    let usable: Vec<SocketAddr> = found
        .filter(|address| match judge(address.ip()) {
            Ok(()) => true,
            Err(why) => {
                refused.get_or_insert(why);
                false
            }
        })
        .collect();
    if usable.is_empty() {
        let nothing = || ConnectError::Resolve(io::Error::other("the name has no addresses"));
        return Err(refused.map_or_else(nothing, ConnectError::Refused));
    }
    Ok(usable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::sync::Arc;

    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{RootCertStore, ServerConfig};
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

    async fn connect(port: u16, trusted: Option<CertificateDer<'static>>) -> Result<Stream, ConnectError<Infallible>> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted);
        let tls = Tls::trusting(roots).unwrap();
        Target { host: "localhost".to_owned(), port, tls: Some(tls) }.connect(|_| Ok(())).await
    }

    #[tokio::test]
    async fn a_host_is_spoken_to_over_tls() {
        let (port, certificate) = server("localhost").await;
        let mut stream = connect(port, Some(certificate)).await.unwrap();
        assert!(matches!(stream, Stream::Tls(_)));
        stream.write_all(b"echo").await.unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"echo");
    }

    #[tokio::test]
    async fn a_host_that_is_not_what_it_says_is_not_spoken_to() {
        let (port, _) = server("localhost").await;
        assert!(matches!(connect(port, None).await, Err(ConnectError::Tls(_))));
        let (port, certificate) = server("other.example.org").await;
        assert!(matches!(connect(port, Some(certificate)).await, Err(ConnectError::Tls(_))));
    }

    #[test]
    fn only_what_was_judged_well_is_used() {
        let found = ["10.0.0.1:1", "1.1.1.1:1", "10.0.0.2:1"].map(|text| text.parse::<SocketAddr>().unwrap());
        let [inner, outer, _] = found;
        let strict = |address: IpAddr| if address == outer.ip() { Ok(()) } else { Err(address) };
        assert_eq!(usable(found.into_iter(), strict).unwrap(), [outer]);
        let refused = usable(found.into_iter(), Err::<(), _>).unwrap_err();
        assert!(matches!(refused, ConnectError::Refused(first) if first == inner.ip()), "{refused:?}");
        let nobody = usable(std::iter::empty(), strict).unwrap_err();
        assert!(matches!(nobody, ConnectError::Resolve(_)), "{nobody:?}");
    }

    #[track_caller]
    fn named(host: &str, expect: Option<&str>) {
        let target = Target { host: host.to_owned(), port: 443, tls: None };
        assert_eq!(target.server_name().ok().map(|name| name.to_str().into_owned()).as_deref(), expect, "{host}");
    }

    #[test]
    fn a_certificate_names_the_host() {
        named("example.org", Some("example.org"));
        named("example.org.", Some("example.org"));
        named("127.0.0.1", Some("127.0.0.1"));
        named("::1", Some("::1"));
        named("[::1]", None);
        named("a b", None);
    }
}
