//! Versions of manifests in request headers: an `ETag` is the hash of the manifest's bytes.

use actix_web::HttpRequest;
use actix_web::http::header::{Header, IF_MATCH, IF_NONE_MATCH, IfMatch, IfNoneMatch};
use jct_manifest::ManifestHash;
use jct_tower::manifests::ExpectManifest;

use super::version::unreadable;
use crate::problem::{ErrorCode, Place, Problem, Violation};

/// What an entry has to be for a document to be put: `If-None-Match: *` asks for one that is not there.
pub(crate) fn expected_entry(request: &HttpRequest) -> Result<ExpectManifest, Problem> {
    if !request.headers().contains_key(IF_NONE_MATCH) {
        return expected_manifest(request);
    }
    let refused = |message: &str| {
        let (pointer, message) = ("/If-None-Match".to_owned(), message.to_owned());
        let violation = Violation { place: Place::Header, pointer, code: "VALUE_NOT_ALLOWED", message };
        Err(Problem::invalid(ErrorCode::InvalidRequest, vec![violation]))
    };
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) if request.headers().contains_key(IF_MATCH) => {
            refused("`If-None-Match` and `If-Match` exclude each other")
        }
        Ok(IfNoneMatch::Any) => Ok(ExpectManifest::Absent),
        _ => refused("`If-None-Match` of a change is `*`: only if the manifest is not there"),
    }
}

/// The versions that a change is for. What is no hash can be no version that somebody saw.
pub(crate) fn expected_manifest(request: &HttpRequest) -> Result<ExpectManifest, Problem> {
    if !request.headers().contains_key(IF_MATCH) {
        return Ok(ExpectManifest::Anything);
    }
    match IfMatch::parse(request) {
        Ok(IfMatch::Any) => Ok(ExpectManifest::Existing),
        Ok(IfMatch::Items(tags)) if !tags.is_empty() => {
            let strong = tags.iter().filter(|tag| !tag.weak).map(|tag| tag.tag());
            let hashes = strong.filter(|tag| tag.parse::<ManifestHash>().is_ok());
            Ok(ExpectManifest::OneOf(hashes.map(ToOwned::to_owned).collect()))
        }
        Ok(IfMatch::Items(_)) | Err(_) => Err(unreadable()),
    }
}

/// Whether the caller has this version already. A header that cannot be read says nothing.
pub(crate) fn has_manifest(request: &HttpRequest, hash: &str) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.tag() == hash),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn hash(content: &str) -> String {
        ManifestHash::of(content.as_bytes()).to_string()
    }

    #[track_caller]
    fn check(value: Option<&str>, expect: Option<&ExpectManifest>) {
        let mut request = TestRequest::default();
        if let Some(value) = value {
            request = request.append_header((IF_MATCH, value));
        }
        assert_eq!(expected_manifest(&request.to_http_request()).ok().as_ref(), expect, "{value:?}");
    }

    #[test]
    fn if_match_names_hashes() {
        let (one, two) = (hash("a"), hash("b"));
        check(None, Some(&ExpectManifest::Anything));
        check(Some("*"), Some(&ExpectManifest::Existing));
        check(Some(&format!("\"{one}\"")), Some(&ExpectManifest::OneOf(vec![one.clone()])));
        check(Some(&format!("\"{one}\", \"{two}\"")), Some(&ExpectManifest::OneOf(vec![one.clone(), two])));
        for foreign in ["\"3\"".to_owned(), format!("W/\"{one}\""), format!("\"{}\"", one.to_uppercase())] {
            check(Some(&foreign), Some(&ExpectManifest::OneOf(vec![])));
        }
        for bad in ["", "sha256:00", "\"sha256:"] {
            check(Some(bad), None);
        }
    }

    #[test]
    fn a_change_may_be_for_an_entry_that_is_not_there() {
        let expected = |headers: &[(&str, &str)]| {
            let request = headers.iter().fold(TestRequest::default(), |request, header| request.append_header(*header));
            expected_entry(&request.to_http_request()).ok()
        };
        assert_eq!(expected(&[]), Some(ExpectManifest::Anything));
        assert_eq!(expected(&[("if-match", "*")]), Some(ExpectManifest::Existing));
        assert_eq!(expected(&[("if-none-match", "*")]), Some(ExpectManifest::Absent));
        let tag = format!("\"{}\"", hash("a"));
        for refused in [
            &[("if-none-match", tag.as_str())][..],
            &[("if-none-match", "")],
            &[("if-none-match", "*"), ("if-match", "*")],
        ] {
            assert_eq!(expected(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let one = hash("a");
        let has = |value: String| {
            has_manifest(&TestRequest::default().insert_header(("if-none-match", value)).to_http_request(), &one)
        };
        assert!(has(format!("\"{one}\"")) && has(format!("W/\"{one}\"")) && has("*".to_owned()));
        assert!(!has(format!("\"{}\"", hash("b"))) && !has(one.clone()) && !has(String::new()));
    }
}
