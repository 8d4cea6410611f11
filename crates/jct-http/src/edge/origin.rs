//! What a browser may send: a page of another origin must not drive a tower that the browser can reach.
//!
//! A tower without keys listens on a loopback address, where every page that its user opens could post to it. Two
//! rules stop that: a change with a foreign `Origin` is refused, and without keys the `Host` must be this machine by
//! name or address, so that no foreign name can be pointed at it (DNS rebinding).

use std::net::IpAddr;

use actix_web::http::Method;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};

/// What has to be known about a request to judge where it comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) method: &'a Method,
    pub(super) origin: Option<&'a str>,
    pub(super) host: Option<&'a str>,
}

impl<'a> Source<'a> {
    pub(super) fn of(method: &'a Method, headers: &'a HeaderMap, authority: Option<&'a str>) -> Self {
        // A value that is no text is no origin and no host, but it was sent.
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        Self { method, origin: text(ORIGIN), host: text(HOST).or(authority) }
    }
}

/// Whether the request may be answered. `loopback_only`: there is no key, and the server listens on loopback.
pub(super) fn is_allowed(source: Source<'_>, allowed: &[String], loopback_only: bool) -> bool {
    if loopback_only && !source.host.is_none_or(is_this_machine) {
        return false;
    }
    let changes = !matches!(*source.method, Method::GET | Method::HEAD | Method::OPTIONS);
    match source.origin {
        Some(origin) if changes => allowed.iter().any(|entry| entry == origin) || is_same(origin, source.host),
        _ => true,
    }
}

fn is_same(origin: &str, host: Option<&str>) -> bool {
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| host.is_some_and(|host| authority.eq_ignore_ascii_case(host)))
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(name, _)| name),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &Method, origin: Option<&str>, host: &str, loopback_only: bool, expect: bool) {
        let source = Source { method, origin, host: Some(host) };
        assert_eq!(is_allowed(source, &["https://console.example".to_owned()], loopback_only), expect);
    }

    #[test]
    fn a_page_of_another_origin_cannot_change_anything() {
        let host = "127.0.0.1:8000";
        for method in [Method::POST, Method::PATCH, Method::DELETE] {
            check(&method, Some("https://evil.example"), host, false, false);
            check(&method, Some("null"), host, false, false);
            check(&method, Some("https://console.example"), host, false, true);
            check(&method, Some("http://127.0.0.1:8000"), host, false, true);
            check(&method, None, host, false, true);
        }
        check(&Method::GET, Some("https://evil.example"), host, false, true);
    }

    #[test]
    fn without_keys_only_names_of_this_machine_are_served() {
        for host in ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]", "127.0.0.1"] {
            check(&Method::GET, None, host, true, true);
        }
        for host in ["evil.example", "evil.example:8000", "localhost.evil.example", "10.0.0.1:8000", "", "?"] {
            check(&Method::GET, None, host, true, false);
            check(&Method::GET, None, host, false, true);
        }
    }
}
