//! What is let through. Pure: a request line and its host go in, a decision comes out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hyper::{Method, Uri};

/// How the broker speaks to the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Over TLS.
    Https,
    /// In plain text: only where an operator says so, for a model on a network of their own.
    Http,
}

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// How it is spoken to.
    pub origin: Origin,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What is put before the path of each request; `""` for nothing.
    pub base: String,
}

/// What an agent may ask of its upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The adapter's name, for the record.
    pub agent: String,
    /// Where requests go.
    pub upstream: Upstream,
    /// Methods that are let through.
    pub methods: Vec<Method>,
    /// What a path must begin with: up to a slash or its end, unless the beginning itself ends with a slash.
    pub paths: Vec<String>,
    /// Whether the upstream may have an address that is not public.
    pub allow_private: bool,
    /// The longest body of a request, in bytes.
    pub request_bytes: u64,
    /// The longest body of an answer, in bytes.
    pub response_bytes: u64,
}

/// The rule that decided, by the name that the record and the agent get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Allowed,
    Tunnel,
    Upgrade,
    Host,
    Path,
    Method,
    TooLarge,
    PrivateAddress,
}

impl Rule {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Tunnel => "tunnels are refused",
            Self::Upgrade => "other protocols are refused",
            Self::Host => "host is not on the list",
            Self::Path => "path is not on the list",
            Self::Method => "method is not on the list",
            Self::TooLarge => "request is too large",
            Self::PrivateAddress => "address is not public",
        }
    }
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) method: String,
    pub(crate) path: String,
}

impl Rules {
    /// What a request asks for. Without a foreign name in it that is the upstream.
    pub(crate) fn asked(&self, method: &Method, uri: &Uri, host: Option<&str>) -> Asked {
        let named = uri.host().map(|name| (name.to_owned(), uri.port_u16()));
        let named = named.or_else(|| host.and_then(split_host)).filter(|(name, _)| !is_relay(name));
        let (host, port) = named.unwrap_or_else(|| (self.upstream.host.clone(), Some(self.upstream.port)));
        Asked {
            host: host.to_ascii_lowercase(),
            port: port.unwrap_or(self.upstream.port),
            method: method.as_str().to_owned(),
            path: uri.path().to_owned(),
        }
    }

    /// Decides over the head of a request.
    pub(crate) fn decide(&self, asked: &Asked, method: &Method, upgrades: bool, length: Option<u64>) -> Rule {
        if *method == Method::CONNECT {
            return Rule::Tunnel;
        }
        if asked.host != self.upstream.host.to_ascii_lowercase() || asked.port != self.upstream.port {
            return Rule::Host;
        }
        if upgrades {
            return Rule::Upgrade;
        }
        if !self.is_path_listed(&asked.path) {
            return Rule::Path;
        }
        if !self.methods.contains(method) {
            return Rule::Method;
        }
        if length.is_some_and(|length| length > self.request_bytes) {
            return Rule::TooLarge;
        }
        Rule::Allowed
    }

    fn is_path_listed(&self, path: &str) -> bool {
        // An upstream may read `%2e%2e` or `//` otherwise than we do, so such a path begins with nothing.
        let is_plain = !path.contains(['%', '\\']) && !path.contains("//") && !path.split('/').any(is_dots);
        is_plain && self.paths.iter().any(|listed| begins_with(path, listed))
    }
}

fn is_dots(part: &str) -> bool {
    part == "." || part == ".."
}

fn begins_with(path: &str, listed: &str) -> bool {
    match path.strip_prefix(listed) {
        // `:` as in `/models/name:generate` never follows a listed part without a slash.
        Some(rest) => listed.ends_with('/') || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// The name and port of a `Host` header.
fn split_host(text: &str) -> Option<(String, Option<u16>)> {
    let authority: hyper::http::uri::Authority = text.parse().ok()?;
    Some((authority.host().to_owned(), authority.port_u16()))
}

/// The names under which the agent sees the relay. Asking for them is asking for the upstream.
fn is_relay(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1" || host == "[::1]"
}

/// Whether an address is one of the internet's, not of this machine or of a network behind it.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    let is_special = a == 0 || a >= 240 || (a, b, c) == (192, 0, 0);
    !(address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || is_shared
        || is_benchmark
        || is_special)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    // Everything global is in 2000::/3; of that, addresses that carry a version 4 address in them (6to4, Teredo) and
    // those of documentation lead elsewhere.
    let [a, b, ..] = address.segments();
    let is_transition = a == 0x2002 || (a, b) == (0x2001, 0);
    let is_documentation = (a, b) == (0x2001, 0xdb8);
    (a & 0xe000) == 0x2000 && !is_transition && !is_documentation
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules() -> Rules {
        Rules {
            agent: "demo".to_owned(),
            upstream: Upstream {
                origin: Origin::Https,
                host: "api.example.org".to_owned(),
                port: 443,
                base: String::new(),
            },
            methods: vec![Method::POST],
            paths: vec!["/v1/messages".to_owned(), "/v1beta/models/".to_owned()],
            allow_private: false,
            request_bytes: 1000,
            response_bytes: 1000,
        }
    }

    #[track_caller]
    fn check(method: &str, uri: &str, host: Option<&str>, expect: Rule) {
        let (method, uri): (Method, Uri) = (method.parse().unwrap(), uri.parse().unwrap());
        let rules = rules();
        let asked = rules.asked(&method, &uri, host);
        assert_eq!(rules.decide(&asked, &method, false, Some(10)), expect, "{asked:?}");
    }

    #[test]
    fn only_what_is_listed_is_let_through() {
        let relay = Some("127.0.0.1:40001");
        check("POST", "/v1/messages", relay, Rule::Allowed);
        check("POST", "/v1/messages?beta=true", relay, Rule::Allowed);
        check("POST", "/v1/messages/count_tokens", None, Rule::Allowed);
        check("POST", "/v1beta/models/m:generateContent", Some("localhost"), Rule::Allowed);
        check("POST", "/v1/messages", Some("api.example.org"), Rule::Allowed);
        check("POST", "http://api.example.org:443/v1/messages", relay, Rule::Allowed);
        check("POST", "/v1/messages", Some("api.example.org:8443"), Rule::Host);
        check("POST", "/v1/messages", Some("evil.example.org"), Rule::Host);
        check("POST", "http://evil.example.org/v1/messages", relay, Rule::Host);
        check("POST", "http://api.example.org.evil.net:443/v1/messages", relay, Rule::Host);
        check("POST", "http://api.example.org:80/v1/messages", relay, Rule::Host);
        check("CONNECT", "api.example.org:443", None, Rule::Tunnel);
        check("POST", "/v1/messagesx", relay, Rule::Path);
        check("POST", "/v1/files", relay, Rule::Path);
        check("POST", "/", relay, Rule::Path);
        check("POST", "/v1/messages/../files", relay, Rule::Path);
        check("POST", "/v1/messages/%2e%2e/files", relay, Rule::Path);
        check("POST", "//v1/messages", relay, Rule::Path);
        check("GET", "/v1/messages", relay, Rule::Method);
        check("DELETE", "/v1/messages", relay, Rule::Method);
    }

    #[test]
    fn upgrades_and_large_bodies_are_refused() {
        let rules = rules();
        let uri = "/v1/messages".parse().unwrap();
        let asked = rules.asked(&Method::POST, &uri, None);
        assert_eq!(rules.decide(&asked, &Method::POST, true, None), Rule::Upgrade);
        assert_eq!(rules.decide(&asked, &Method::POST, false, Some(1001)), Rule::TooLarge);
    }

    #[track_caller]
    fn address(text: &str, expect: bool) {
        assert_eq!(is_public(text.parse().unwrap()), expect, "{text}");
    }

    #[test]
    fn addresses_behind_the_worker_are_not_public() {
        for text in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001::1",
            "2001:db8::1",
        ] {
            address(text, false);
        }
        for text in ["1.1.1.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            address(text, true);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_let_through_begins_with_a_listed_path(path in "/[a-z0-9./%:_-]{0,40}", host in "[a-z0-9.:]{0,20}") {
            let Ok(uri) = path.parse::<Uri>() else { return Ok(()) };
            let rules = rules();
            let asked = rules.asked(&Method::POST, &uri, Some(&host));
            if rules.decide(&asked, &Method::POST, false, None) == Rule::Allowed {
                prop_assert!(rules.paths.iter().any(|listed| asked.path.starts_with(listed.as_str())));
                prop_assert_eq!(asked.host, "api.example.org");
                prop_assert!(!asked.path.contains(".."));
            }
        }
    }
}
