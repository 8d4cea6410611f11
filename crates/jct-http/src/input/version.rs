//! Versions of objects in request headers: `If-Match` and `If-None-Match`.

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header, IF_MATCH, IfMatch, IfNoneMatch};
use jct_tower::objects::Expect;

use crate::problem::{ErrorCode, Place, Problem, Violation};

/// The version that a change is for. What is no tag of ours can be no version that somebody saw.
pub(crate) fn expected_version(request: &HttpRequest) -> Result<Expect, Problem> {
    if !request.headers().contains_key(IF_MATCH) {
        return Ok(Expect::Anything);
    }
    match IfMatch::parse(request) {
        Ok(IfMatch::Any) => Ok(Expect::Anything),
        Ok(IfMatch::Items(tags)) if !tags.is_empty() => {
            Ok(Expect::OneOf(tags.iter().filter(|tag| !tag.weak).filter_map(version).collect()))
        }
        Ok(IfMatch::Items(_)) | Err(_) => Err(unreadable()),
    }
}

/// Whether the caller has this version already. A header that cannot be read says nothing.
pub(crate) fn has_version(request: &HttpRequest, current: u64) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| version(tag) == Some(current)),
        Err(_) => false,
    }
}

/// The version in a tag, in its one spelling.
fn version(tag: &EntityTag) -> Option<u64> {
    let number = tag.tag().parse::<u64>().ok()?;
    (number.to_string() == tag.tag()).then_some(number)
}

pub(super) fn unreadable() -> Problem {
    let message = "`If-Match` is `*` or the `ETag` of an answer, in its double quotes".to_owned();
    let pointer = "/If-Match".to_owned();
    let violation = Violation { place: Place::Header, pointer, code: "VALUE_NOT_ALLOWED", message };
    Problem::invalid(ErrorCode::InvalidRequest, vec![violation])
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[track_caller]
    fn check(headers: &[&str], expect: Option<&Expect>) {
        let mut request = TestRequest::default();
        for value in headers {
            request = request.append_header((IF_MATCH, *value));
        }
        assert_eq!(expected_version(&request.to_http_request()).ok().as_ref(), expect, "{headers:?}");
    }

    #[test]
    fn if_match_names_versions() {
        check(&[], Some(&Expect::Anything));
        check(&["*"], Some(&Expect::Anything));
        check(&["\"3\""], Some(&Expect::OneOf(vec![3])));
        check(&["\"3\", \"5\"", "\"8\""], Some(&Expect::OneOf(vec![3, 5, 8])));
    }

    #[test]
    fn what_was_never_a_tag_of_ours_matches_nothing_and_what_is_no_tag_is_refused() {
        for foreign in ["W/\"3\"", "\"03\"", "\"+3\"", "\"\"", "\"abc\"", "\"99999999999999999999\""] {
            check(&[foreign], Some(&Expect::OneOf(vec![])));
        }
        for bad in ["3", "", "\"3", "W/3", "é"] {
            check(&[bad], None);
        }
    }

    #[test]
    fn if_none_match_compares_weakly_and_ignores_what_it_cannot_read() {
        let has = |value: &str| {
            has_version(&TestRequest::default().insert_header(("if-none-match", value)).to_http_request(), 3)
        };
        assert!(has("\"3\"") && has("W/\"3\"") && has("*") && has("\"1\", \"3\""));
        assert!(!has("\"4\"") && !has("3") && !has("") && !has("é"));
        assert!(!has_version(&TestRequest::default().to_http_request(), 3));
    }
}
