//! The `Authorization` header: scheme in any case, one token, nothing else.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bearer<'a> {
    /// There is none.
    Absent,
    /// One token.
    Token(&'a str),
    /// Another scheme, more than one header, or bytes that are no token.
    Unusable,
}

pub(super) fn bearer(headers: &HeaderMap) -> Bearer<'_> {
    let mut values = headers.get_all(AUTHORIZATION);
    let Some(value) = values.next() else { return Bearer::Absent };
    if values.next().is_some() {
        return Bearer::Unusable;
    }
    let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
    match parts {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
            Bearer::Token(token.trim())
        }
        _ => Bearer::Unusable,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(values: &[&'static str], expect: &Bearer<'_>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        assert_eq!(&bearer(&headers), expect);
    }

    #[test]
    fn exactly_one_bearer_token_counts() {
        check(&[], &Bearer::Absent);
        check(&["Bearer abc"], &Bearer::Token("abc"));
        check(&["bearer  abc "], &Bearer::Token("abc"));
        for other in ["Basic abc", "Bearer", "Bearer ", "abc", ""] {
            check(&[other], &Bearer::Unusable);
        }
        check(&["Bearer abc", "Bearer abc"], &Bearer::Unusable);
    }
}
