//! Names of manifests in paths.

use actix_web::HttpRequest;
use jct_manifest::ManifestName;

use crate::input::path_text;
use crate::problem::{ErrorCode, Place, Problem, Violation};

/// The `{name}` of a path; what is no name names nothing.
pub(super) fn known_name(request: &HttpRequest) -> Result<ManifestName, Problem> {
    path_text(request, "name").parse().map_err(|_| Problem::plain(ErrorCode::ManifestNotFound))
}

/// The `{name}` of a path under which something is to be put.
pub(super) fn new_name(request: &HttpRequest) -> Result<ManifestName, Problem> {
    path_text(request, "name").parse().map_err(|error: jct_manifest::InvalidManifestName| {
        let (pointer, message) = ("/name".to_owned(), error.to_string());
        let violation = Violation { place: Place::Path, pointer, code: "VALUE_NOT_ALLOWED", message };
        Problem::invalid(ErrorCode::InvalidRequest, vec![violation])
    })
}
