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

/// Whether a text is a name that people can tell from others by looking at it: printable, not blank, and without characters
/// that are not to be seen.
pub(crate) fn visible(text: &str, max: usize) -> Result<(), String> {
    printable(text, max)?;
    if text.trim() != text || text.contains(is_invisible) {
        return Err("must not begin or end with white space, nor have a character that is not to be seen".to_owned());
    }
    Ok(())
}

/// Marks of direction, joiners, fillers and other characters that take no place, or only that of a blank.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
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
