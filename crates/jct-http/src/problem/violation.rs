//! One thing that is wrong with a request, and where.

use serde::Serialize;
use utoipa::ToSchema;

/// Which part of the request a violation is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Body,
    Query,
    Header,
    Path,
}

/// One way in which a request breaks the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Violation {
    /// The part of the request.
    #[serde(rename = "in")]
    pub(crate) place: Place,
    /// JSON Pointer (RFC 6901) into that part; for query, headers and path, `/` and the name.
    #[schema(example = "/target/repo")]
    pub(crate) pointer: String,
    /// Why, for programs.
    #[schema(example = "TOO_LONG")]
    pub(crate) code: &'static str,
    /// Why, for people.
    pub(crate) message: String,
}

impl From<jct_contract::Violation> for Violation {
    fn from(violation: jct_contract::Violation) -> Self {
        let jct_contract::Violation { pointer, code, message } = violation;
        Self { place: Place::Body, pointer, code: code.as_str(), message }
    }
}
