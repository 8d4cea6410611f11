//! The state that an issue or a run is to go to, from the query or from the body.

use bytes::Bytes;
use jct_contract::{DocumentLimits, parse_document};
use jct_cwom::Status;

use crate::input::{Both, ObjectReader, QueryReader};
use crate::problem::{ErrorCode, Problem};

pub(super) fn asked(query: QueryReader<'_>, body: Option<&Bytes>) -> Result<Status, Problem> {
    let document = body.map(|bytes| parse_document(bytes, DocumentLimits::default())).transpose()?;
    let body = document.as_ref().map_or_else(ObjectReader::of_nothing, ObjectReader::of);
    let mut both = Both { query, body };
    let status = both.value("status");
    let mut violations = both.finish_into();
    match status {
        Some(status) if violations.is_empty() => return Ok(status),
        None if violations.is_empty() => {
            both.body.refuse("status", "REQUIRED", "`status` is required, in the query or in the body".to_owned());
            violations = both.body.take_violations();
        }
        Some(_) | None => {}
    }
    Err(Problem::invalid(ErrorCode::InvalidRequest, violations))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str, body: Option<&str>) -> Result<Status, Problem> {
        asked(QueryReader::new(query), body.map(|text| Bytes::copy_from_slice(text.as_bytes())).as_ref())
    }

    #[test]
    fn the_state_comes_from_either_place() {
        assert_eq!(parse("status=done", None).unwrap(), Status::Done);
        assert_eq!(parse("", Some(r#"{"status": "under_review"}"#)).unwrap(), Status::UnderReview);
        assert_eq!(parse("status=done", Some(r#"{"status": "done"}"#)).unwrap(), Status::Done);
    }

    #[test]
    fn what_is_no_state_is_refused_by_name() {
        for (query, body, expect) in [
            ("", None, "`status` is required"),
            ("", Some("{}"), "`status` is required"),
            ("", Some(r#"{"status": null}"#), "`status` is required"),
            ("status=cancelled", None, "a status is one of"),
            ("status=Done", None, "a status is one of"),
            ("", Some(r#"{"status": 1}"#), "must be a string"),
            ("", Some("[]"), "must be an object"),
            ("status=done", Some(r#"{"status": "failed"}"#), "one thing in the query"),
            ("status=done&x=1", None, "unknown query parameter `x`"),
            ("status=done", Some(r#"{"note": "x"}"#), "unknown field `note`"),
            ("status=done&status=done", None, "more than once"),
        ] {
            let problem = parse(query, body).unwrap_err();
            assert!(problem.to_string().contains(expect), "{query} {body:?}: {problem}");
        }
    }
}
