//! Texts with a grammar, read in the words of the contract's door.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jct_contract::door::{self, Field, Path, Violations};
use jct_contract::{InvalidTimestamp, Timestamp, ViolationCode};

use crate::limits::CONTENT_TYPE_MAX_CHARS;

/// A text that its type alone judges.
pub(crate) fn parsed<T>(field: Field<'_, '_, '_>, violations: &mut Violations) -> Option<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    let text = door::any_text(field, violations)?;
    parsed_text(text, field.path, violations)
}

/// The same for a text that does not stand in a document.
pub(crate) fn parsed_text<T>(text: &str, path: Path<'_>, violations: &mut Violations) -> Option<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            violations.report(path, ViolationCode::ValueNotAllowed, error.to_string());
            None
        }
    }
}

/// A moment in RFC 3339.
pub(crate) fn moment(text: &str, path: Path<'_>, violations: &mut Violations) -> Option<Timestamp> {
    let parsed = text.parse();
    if parsed.is_err() {
        violations.report(path, ViolationCode::InvalidTime, InvalidTimestamp.to_string());
    }
    parsed.ok()
}

/// A text of so many characters, none of them a control character: it may end up in a header or a line of a log.
pub(crate) fn printable(
    text: &str,
    path: Path<'_>,
    chars: &RangeInclusive<usize>,
    violations: &mut Violations,
) -> String {
    door::length(text, path, chars, violations);
    if text.contains(char::is_control) {
        violations.report(path, ViolationCode::ValueNotAllowed, "must not contain control characters");
    }
    text.to_owned()
}

/// A content type: it stands in a header as it is, so that it is held to ASCII as well.
pub(crate) fn content_type(text: &str, path: Path<'_>, violations: &mut Violations) -> String {
    if !text.is_ascii() {
        violations.report(path, ViolationCode::ValueNotAllowed, "must be ASCII");
    }
    printable(text, path, &(1..=CONTENT_TYPE_MAX_CHARS), violations)
}
