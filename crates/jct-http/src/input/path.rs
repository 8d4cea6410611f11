//! Free texts in paths: names of keys and files, which may hold any character.

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;

/// The text of a path parameter. The router decodes all escapes but those of `%`, `/` and `+`, so that decoding what it
/// left gives the whole text, once.
pub(crate) fn path_text(request: &HttpRequest, name: &str) -> String {
    percent_decode_str(request.match_info().query(name)).decode_utf8_lossy().into_owned()
}
