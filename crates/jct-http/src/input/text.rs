//! Short texts from outside: printable, of bounded length; and the one header that carries data.

use actix_web::HttpRequest;

use crate::problem::{ErrorCode, Place, Problem, Violation};

/// Whether a text can be shown on one line and stored in both databases: no control characters, 1 to `max` characters.
pub(crate) fn printable(text: &str, max: usize) -> Result<(), String> {
    let chars = text.chars().count();
    if (1..=max).contains(&chars) && !text.contains(char::is_control) {
        Ok(())
    } else {
        Err(format!("must have 1 to {max} characters, none of them a control character"))
    }
}

/// The `Idempotency-Key` header.
pub(crate) fn idempotency_key(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    let mut values = request.headers().get_all("idempotency-key");
    let refused = |message: &str| {
        let pointer = "/Idempotency-Key".to_owned();
        let violation =
            Violation { place: Place::Header, pointer, code: "VALUE_NOT_ALLOWED", message: message.to_owned() };
        Problem::invalid(ErrorCode::InvalidRequest, vec![violation])
    };
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refused("the header is there more than once"));
    }
    std::str::from_utf8(value.as_bytes()).map(Some).map_err(|_| refused("the header is not UTF-8"))
}
