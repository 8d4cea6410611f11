//! A connection to an address that was judged.

use std::io;

use jct_connect::{ConnectError as Failure, Stream, Target, Tls};
use jct_event::webhook::{AddressRules, EndpointUrl, InvalidEndpoint};

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

impl ConnectError {
    fn of(failure: Failure<InvalidEndpoint>) -> Self {
        match failure {
            Failure::Resolve(cause) => Self::Resolve(cause),
            Failure::Refused(why) => Self::Refused(why),
            Failure::Unreachable(cause) => Self::Unreachable(cause),
            Failure::Tls(cause) => Self::Tls(cause),
        }
    }
}

/// Connects to the first address of the endpoint that may be spoken to and answers.
pub(crate) async fn connect(endpoint: &EndpointUrl, rules: &AddressRules, tls: &Tls) -> Result<Stream, ConnectError> {
    let url = endpoint.url();
    let (host, port) = url.host_str().zip(url.port_or_known_default()).ok_or(ConnectError::NoHost)?;
    let host = host.trim_matches(['[', ']']).to_owned();
    let target = Target { host, port, tls: (url.scheme() == "https").then(|| tls.clone()) };
    target.connect(|address| endpoint.judge(address, rules)).await.map_err(ConnectError::of)
}
