//! The trace id of a request: the caller's, if it is one, else a fresh one; and always back in the answer.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use jct_contract::TraceId;

use crate::problem::{ErrorCode, Place, Problem, Violation};

pub(super) const HEADER: HeaderName = HeaderName::from_static("x-trace-id");

/// The trace id to use, and what is wrong with the one that was sent.
pub(super) fn of(headers: &HeaderMap) -> (TraceId, Option<Problem>) {
    let mut sent = headers.get_all(HEADER);
    let Some(value) = sent.next() else { return (TraceId::generate(), None) };
    let parsed = value.to_str().ok().and_then(|text| text.parse::<TraceId>().ok());
    match (parsed, sent.next()) {
        (Some(trace_id), None) => (trace_id, None),
        (Some(_), Some(_)) => (TraceId::generate(), Some(refused("the header is there more than once"))),
        (None, _) => (TraceId::generate(), Some(refused("a trace id has 1 to 36 characters of `A-Z a-z 0-9 . _ -`"))),
    }
}

fn refused(message: &str) -> Problem {
    let violation = Violation {
        place: Place::Header,
        pointer: "/X-Trace-Id".to_owned(),
        code: "VALUE_NOT_ALLOWED",
        message: message.to_owned(),
    };
    Problem::invalid(ErrorCode::InvalidRequest, vec![violation])
}

/// What every answer carries.
pub(crate) fn stamp(headers: &mut HeaderMap, trace_id: &TraceId) {
    // The characters of a trace id are a subset of those of a header value.
    if let Ok(value) = HeaderValue::from_str(trace_id.as_str()) {
        headers.insert(HEADER, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_good_trace_id_is_kept_and_a_bad_one_replaced_and_refused() {
        let (kept, problem) = of(&headers(&[b"Run-7_b.2"]));
        assert!(problem.is_none());
        assert_eq!(kept.as_str(), "Run-7_b.2");
        for bad in [&b""[..], b"a b", &[0xff], b"0123456789012345678901234567890123456"] {
            let (made, problem) = of(&headers(&[bad]));
            assert_eq!(problem.unwrap().code(), ErrorCode::InvalidRequest);
            assert_eq!(made.as_str().len(), 36);
        }
        assert!(of(&headers(&[b"a", b"a"])).1.is_some());
        assert!(of(&headers(&[])).1.is_none());
    }
}
