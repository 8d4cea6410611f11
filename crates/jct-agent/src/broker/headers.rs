//! Which headers pass, and what is cut out of a query.

use hyper::header::{CONNECTION, HeaderMap, HeaderName, UPGRADE};

/// Headers that belong to one connection.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Headers by which an agent could bring a credential or a name of its own.
const AGENTS_OWN: [&str; 11] = [
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-goog-user-project",
    "openai-organization",
    "openai-project",
    "cookie",
    "forwarded",
    "host",
    "expect",
];
/// Members of a query that carry a credential.
const SECRET_MEMBERS: [&str; 4] = ["key", "api_key", "apikey", "access_token"];

/// Takes out what must not reach the upstream.
pub(super) fn clean_request(headers: &mut HeaderMap) {
    drop_connection(headers);
    for name in AGENTS_OWN {
        headers.remove(name);
    }
    let forwarded: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("x-forwarded")).cloned().collect();
    for name in forwarded {
        headers.remove(name);
    }
}

/// Takes out what must not reach the agent.
pub(super) fn clean_response(headers: &mut HeaderMap) {
    drop_connection(headers);
    headers.remove("set-cookie");
    headers.remove("alt-svc");
}

/// Whether a request asks for another protocol on its connection.
pub(super) fn upgrades(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE) || named_by_connection(headers).iter().any(|name| name == "upgrade")
}

/// The query without the members that carry a credential.
pub(super) fn clean_query(query: &str) -> String {
    let is_secret = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        // A name in another spelling is decoded by the upstream, so it is taken for the worst.
        SECRET_MEMBERS.contains(&name.as_str()) || name.contains('%')
    };
    query.split('&').filter(|pair| !is_secret(pair)).collect::<Vec<_>>().join("&")
}

fn drop_connection(headers: &mut HeaderMap) {
    for name in named_by_connection(headers) {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// The headers that `Connection` names as its own.
fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(CONNECTION).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn headers(names: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in names {
            map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn an_agents_credentials_and_connection_do_not_pass() {
        let mut map = headers(&[
            ("authorization", "Bearer stolen"),
            ("x-api-key", "stolen"),
            ("x-goog-api-key", "stolen"),
            ("cookie", "a=b"),
            ("connection", "close, x-mine"),
            ("x-mine", "1"),
            ("te", "trailers"),
            ("host", "127.0.0.1"),
            ("x-forwarded-for", "1.2.3.4"),
            ("anthropic-version", "2023-06-01"),
            ("content-type", "application/json"),
        ]);
        assert!(!upgrades(&map));
        clean_request(&mut map);
        let mut left: Vec<&str> = map.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["anthropic-version", "content-type"]);
        assert!(upgrades(&headers(&[("upgrade", "websocket")])));
        assert!(upgrades(&headers(&[("connection", "Upgrade")])));
        let mut answer = headers(&[("set-cookie", "a=b"), ("transfer-encoding", "chunked"), ("x-request-id", "1")]);
        clean_response(&mut answer);
        assert_eq!(answer.len(), 1);
    }

    #[test]
    fn credentials_are_cut_out_of_a_query() {
        assert_eq!(clean_query("alt=sse&key=stolen&a=b"), "alt=sse&a=b");
        assert_eq!(clean_query("%6bey=stolen"), "");
        assert_eq!(clean_query("beta=true"), "beta=true");
    }
}
