//! A connection to the upstream: a checked address, TLS, one request.

use std::io;
use std::time::Duration;

use jct_connect::{ConnectError as Failure, Stream, Target, Tls, machines_roots};
use tokio::time::timeout;

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

impl ConnectError {
    fn of(failure: Failure<()>) -> Self {
        match failure {
            Failure::Refused(()) => Self::Private,
            Failure::Resolve(cause) | Failure::Unreachable(cause) | Failure::Tls(cause) => Self::Unreachable(cause),
        }
    }
}

/// Opens connections to one upstream.
pub(super) struct Connector {
    target: Target,
    allow_private: bool,
}

impl Connector {
    /// Trusts the machine's own certificates: an operator's authority is trusted where the machine trusts it.
    pub(super) fn new(upstream: &Upstream, allow_private: bool) -> io::Result<Self> {
        let tls = match upstream.origin {
            Origin::Http => None,
            Origin::Https => Some(machines_tls()?),
        };
        let target = Target { host: upstream.host.clone(), port: upstream.port, tls };
        if target.tls.is_some() {
            // Whom no certificate can name is said now, not when an agent asks for it.
            target.server_name()?;
        }
        Ok(Self { target, allow_private })
    }

    pub(super) async fn connect(&self) -> Result<Stream, ConnectError> {
        let judge = |address| if self.allow_private || is_public(address) { Ok(()) } else { Err(()) };
        match timeout(CONNECT_LIMIT, self.target.connect(judge)).await {
            Ok(connected) => connected.map_err(ConnectError::of),
            Err(_) => Err(ConnectError::TooSlow),
        }
    }
}

fn machines_tls() -> io::Result<Tls> {
    let roots = machines_roots();
    if roots.is_empty() {
        return Err(io::Error::other("this machine has no certificates to check the upstream with"));
    }
    Tls::trusting(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(failure: Failure<()>, expect: &str) {
        assert_eq!(ConnectError::of(failure).to_string(), expect);
    }

    #[test]
    fn an_agent_hears_why_without_the_details() {
        let cause = || io::Error::other("details");
        check(Failure::Refused(()), "the upstream has no public address");
        for failure in [Failure::Resolve(cause()), Failure::Unreachable(cause()), Failure::Tls(cause())] {
            check(failure, "the upstream cannot be reached");
        }
    }
}
