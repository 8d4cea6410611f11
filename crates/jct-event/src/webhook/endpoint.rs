//! Where messages go: a URL that is judged when it is kept, and rules that judge every address it leads to.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde::{Serialize, Serializer};
use url::{Host, Url};

use super::AddressClass;

const MAX_CHARS: usize = 2_048;
/// Names that no public DNS answers for. Below them are machines of this network.
const LOCAL_SUFFIXES: [&str; 8] =
    ["localhost", "local", "internal", "intranet", "lan", "home.arpa", "corp", "localdomain"];

/// What an operator allows beyond the rule. Empty unless the operator says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressRules {
    /// Whether `http` is taken as well as `https`.
    pub allow_http: bool,
    /// Hosts, names or addresses as they stand in a URL, that are spoken to wherever they are. Compared in lower case.
    pub allowed_hosts: BTreeSet<String>,
}

/// The address of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointUrl(Url);

/// Why an address is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// Too long.
    #[error("a webhook's URL has at most {MAX_CHARS} characters")]
    TooLong,
    /// Not a URL.
    #[error("not an absolute URL with a host")]
    NoUrl,
    /// Another scheme.
    #[error("a webhook's URL begins with `https://`")]
    Scheme,
    /// A user name or password, which would end up in logs.
    #[error("a webhook's URL has no user name and no password; messages are signed instead")]
    Credentials,
    /// A fragment, which is never sent.
    #[error("a webhook's URL has no fragment")]
    Fragment,
    /// Port 0.
    #[error("a webhook's URL has no port 0")]
    Port,
    /// A name that only this network knows.
    #[error("the host is a name of a local network, and the operator has not allowed it")]
    LocalName,
    /// An address that is not on the public internet.
    #[error("the host is {0}, and the operator has not allowed it")]
    Address(AddressClass),
}

impl EndpointUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// The first of [`InvalidEndpoint`] that applies, in the order of its variants.
    pub fn parse(text: &str, rules: &AddressRules) -> Result<Self, InvalidEndpoint> {
        if text.chars().nth(MAX_CHARS).is_some() {
            return Err(InvalidEndpoint::TooLong);
        }
        let url = Url::parse(text).map_err(|_| InvalidEndpoint::NoUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if rules.allow_http => {}
            _ => return Err(InvalidEndpoint::Scheme),
        }
        let host = url.host().ok_or(InvalidEndpoint::NoUrl)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidEndpoint::Credentials);
        }
        if url.fragment().is_some() {
            return Err(InvalidEndpoint::Fragment);
        }
        if url.port() == Some(0) {
            return Err(InvalidEndpoint::Port);
        }
        if !rules.allow_host(&host) {
            match host {
                Host::Domain(name) if is_local(name) => return Err(InvalidEndpoint::LocalName),
                Host::Domain(_) => {}
                Host::Ipv4(address) => public(address.into())?,
                Host::Ipv6(address) => public(address.into())?,
            }
        }
        Ok(Self(url))
    }

    /// Judges an address that the host has resolved to, at the moment of connecting. The connection has to be made to
    /// this very address, not to the name again.
    ///
    /// # Errors
    /// [`InvalidEndpoint::Address`] if it is not public and the operator has not allowed the host.
    pub fn judge(&self, resolved: IpAddr, rules: &AddressRules) -> Result<(), InvalidEndpoint> {
        match self.0.host() {
            Some(host) if rules.allow_host(&host) => Ok(()),
            _ => public(resolved),
        }
    }

    /// The URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// Scheme, host and port, for logs: paths and queries of receivers are often secrets.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl AddressRules {
    fn allow_host<S: AsRef<str>>(&self, host: &Host<S>) -> bool {
        let host = host.to_string().to_ascii_lowercase();
        let plain = host.trim_end_matches('.').trim_matches(['[', ']']);
        self.allowed_hosts
            .iter()
            .any(|allowed| allowed.to_ascii_lowercase().trim_end_matches('.').trim_matches(['[', ']']) == plain)
    }
}

fn public(address: IpAddr) -> Result<(), InvalidEndpoint> {
    let class = AddressClass::of(address);
    if class.is_public() { Ok(()) } else { Err(InvalidEndpoint::Address(class)) }
}

/// Whether the name is one of a local network: a single label, or below a suffix that is never public.
fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let below = |suffix: &str| name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !name.contains('.') || LOCAL_SUFFIXES.into_iter().any(below)
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.as_str())
    }
}

impl Serialize for EndpointUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allow_http: bool, allowed: &[&str]) -> AddressRules {
        AddressRules { allow_http, allowed_hosts: allowed.iter().map(|&host| host.to_owned()).collect() }
    }

    #[track_caller]
    fn check(text: &str, expect: &Result<&str, InvalidEndpoint>) {
        let parsed = EndpointUrl::parse(text, &AddressRules::default()).map(|url| url.to_string());
        assert_eq!(&parsed.as_deref().map_err(Clone::clone), expect, "{text}");
    }

    #[test]
    fn a_url_of_the_public_internet_is_taken() {
        check("https://example.org/hooks?token=a", &Ok("https://example.org/hooks?token=a"));
        check("HTTPS://EXAMPLE.org:8443", &Ok("https://example.org:8443/"));
        check("https://1.1.1.1/", &Ok("https://1.1.1.1/"));
        check("https://[2606:4700::1]/", &Ok("https://[2606:4700::1]/"));
    }

    #[test]
    fn what_is_no_such_url_is_not() {
        use InvalidEndpoint as E;
        check("example.org/hooks", &Err(E::NoUrl));
        check("https://", &Err(E::NoUrl));
        check("http://example.org/", &Err(E::Scheme));
        check("file:///etc/passwd", &Err(E::Scheme));
        check("https://user:secret@example.org/", &Err(E::Credentials));
        check("https://example.org/#there", &Err(E::Fragment));
        check("https://example.org:0/", &Err(E::Port));
        check(&format!("https://example.org/{}", "a".repeat(2_048)), &Err(E::TooLong));
        for local in
            ["localhost", "LOCALHOST.", "a.localhost", "printer", "db.internal", "metadata.google.internal", "x.local"]
        {
            check(&format!("https://{local}/"), &Err(E::LocalName));
        }
    }

    #[test]
    fn an_address_in_any_spelling_is_the_address() {
        use AddressClass as C;
        for (host, class) in [
            ("127.0.0.1", C::Loopback),
            ("2130706433", C::Loopback),
            ("0x7f.1", C::Loopback),
            ("0177.0.0.1", C::Loopback),
            ("[::ffff:7f00:1]", C::Loopback),
            ("169.254.169.254", C::LinkLocal),
            ("[fe80::1]", C::LinkLocal),
            ("10.1.2.3", C::Private),
            ("0", C::Unspecified),
        ] {
            check(&format!("https://{host}/"), &Err(InvalidEndpoint::Address(class)));
        }
    }

    #[test]
    fn the_operator_may_name_hosts() {
        let rules = rules(true, &["db.internal", "10.0.0.5", "::1"]);
        for allowed in ["http://db.internal/x", "https://DB.internal./", "http://10.0.0.5/", "http://[::1]:8080/"] {
            assert!(EndpointUrl::parse(allowed, &rules).is_ok(), "{allowed}");
        }
        for refused in ["http://x.db.internal/", "http://10.0.0.6/", "http://localhost/"] {
            assert!(EndpointUrl::parse(refused, &rules).is_err(), "{refused}");
        }
    }

    #[test]
    fn what_a_name_resolves_to_is_judged_again() {
        let strict = AddressRules::default();
        let url = EndpointUrl::parse("https://rebind.example.org/", &strict).unwrap();
        assert_eq!(url.judge([1, 1, 1, 1].into(), &strict), Ok(()));
        assert_eq!(url.judge([10, 0, 0, 1].into(), &strict), Err(InvalidEndpoint::Address(AddressClass::Private)));
        assert_eq!(url.judge([10, 0, 0, 1].into(), &rules(false, &["rebind.example.org"])), Ok(()));
        assert_eq!(url.origin(), "https://rebind.example.org");
    }
}
