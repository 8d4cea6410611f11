//! Query strings, strictly: an unknown or repeated parameter is an error, not something to guess about.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Display;
use std::str::FromStr;

use actix_web::HttpRequest;

use percent_encoding::percent_decode_str;

use crate::problem::{ErrorCode, Place, Problem, Violation};

/// How much of an unknown name is repeated, in characters.
const NAME_MAX_CHARS: usize = 64;

/// Takes parameters out of a query string one by one and remembers everything that is wrong.
pub(crate) struct QueryReader<'a> {
    left: VecDeque<(Cow<'a, str>, Cow<'a, str>)>,
    place: Place,
    violations: Vec<Violation>,
}

impl<'a> QueryReader<'a> {
    pub(crate) fn of(request: &'a HttpRequest) -> Self {
        Self::new(request.query_string())
    }

    pub(crate) fn new(query: &'a str) -> Self {
        let mut reader = Self { left: VecDeque::new(), place: Place::Query, violations: Vec::new() };
        for raw in query.split('&') {
            // One pair, or none if there is nothing between two signs.
            let Some((name, value)) = url::form_urlencoded::parse(raw.as_bytes()).next() else { continue };
            // What is no text would be replaced in silence, and another one kept than was sent.
            if percent_decode_str(raw).decode_utf8().is_ok() {
                reader.left.push_back((name, value));
            } else {
                let name: String = name.chars().take(NAME_MAX_CHARS).collect();
                reader.refuse(&name, "ENCODING_INVALID", format!("`{name}` is not UTF-8"));
            }
        }
        reader
    }

    /// Reads the fields of a form, which follow the same rules.
    pub(crate) fn of_form(fields: Vec<(String, String)>) -> Self {
        let left = fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { left, place: Place::Body, violations: Vec::new() }
    }

    /// The text of a parameter.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        let mut repeated = false;
        self.left.retain(|(key, value)| {
            let ours = key == name;
            if ours {
                repeated |= found.is_some();
                found.get_or_insert_with(|| value.clone().into_owned());
            }
            !ours
        });
        if repeated {
            self.refuse(name, "DUPLICATE_KEY", format!("`{name}` is there more than once"));
        }
        found
    }

    /// A parameter with a type of its own.
    pub(crate) fn value<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(name, "VALUE_NOT_ALLOWED", error.to_string());
                None
            }
        }
    }

    /// `true` or `false`; false if absent.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        self.choice(name).unwrap_or(false)
    }

    /// `true`, `false`, or absent.
    pub(crate) fn choice(&mut self, name: &str) -> Option<bool> {
        match self.text(name).as_deref() {
            None => None,
            Some("false") => Some(false),
            Some("true") => Some(true),
            Some(_) => {
                self.refuse(name, "VALUE_NOT_ALLOWED", format!("`{name}` is `true` or `false`"));
                None
            }
        }
    }

    /// A whole number between two ends, both included.
    pub(crate) fn integer(&mut self, name: &str, min: u32, max: u32) -> Option<u32> {
        let text = self.text(name)?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(number) if digits && (min..=max).contains(&number) => Some(number),
            _ => {
                self.refuse(name, "VALUE_NOT_ALLOWED", format!("`{name}` is a whole number from {min} to {max}"));
                None
            }
        }
    }

    /// Parameters that must be there, looked at after they were taken.
    pub(crate) fn require(&mut self, taken: &[(&str, bool)]) {
        for (name, is_there) in taken {
            let pointer = format!("/{}", escaped(name));
            // One that is there and wrong was refused already.
            if !is_there && !self.violations.iter().any(|violation| violation.pointer == pointer) {
                self.refuse(name, "REQUIRED", format!("`{name}` is required"));
            }
        }
    }

    /// Remembers something that is wrong with a parameter.
    pub(crate) fn refuse(&mut self, name: &str, code: &'static str, message: String) {
        self.violations.push(Violation { place: self.place, pointer: format!("/{}", escaped(name)), code, message });
    }

    /// Whatever was not taken is unknown.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        let unknown = self.finish_into();
        if unknown.is_empty() { Ok(()) } else { Err(Problem::invalid(ErrorCode::InvalidRequest, unknown)) }
    }

    /// Like [`Self::finish`], for a caller that has more violations to add.
    pub(crate) fn finish_into(&mut self) -> Vec<Violation> {
        const MOST: usize = 32;
        let left = std::mem::take(&mut self.left);
        for (name, _) in left.into_iter().take(MOST) {
            let name: String = name.chars().take(NAME_MAX_CHARS).collect();
            let what = if self.place == Place::Query { "query parameter" } else { "field" };
            self.refuse(&name, "UNKNOWN_FIELD", format!("unknown {what} `{name}`"));
        }
        std::mem::take(&mut self.violations)
    }
}

/// A name as one step of a JSON Pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expect: &[(&str, &str)]) {
        let mut reader = QueryReader::new(query);
        reader.flag("hold");
        reader.integer("limit", 1, 500);
        let found = reader.finish_into();
        let found: Vec<_> = found.iter().map(|violation| (violation.pointer.as_str(), violation.code)).collect();
        assert_eq!(found, expect, "{query}");
    }

    #[test]
    fn good_parameters_pass() {
        for query in ["", "hold=true", "limit=500&hold=false", "%6cimit=1", "limit=007"] {
            check(query, &[]);
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        check("hold=yes", &[("/hold", "VALUE_NOT_ALLOWED")]);
        check("hold", &[("/hold", "VALUE_NOT_ALLOWED")]);
        check("hold=true&hold=true", &[("/hold", "DUPLICATE_KEY")]);
        for limit in ["0", "501", "-1", "+1", "1.0", "", " 1", "99999999999"] {
            check(&format!("limit={}", limit.replace('+', "%2B")), &[("/limit", "VALUE_NOT_ALLOWED")]);
        }
        check("Limit=1&a/b=2", &[("/Limit", "UNKNOWN_FIELD"), ("/a~1b", "UNKNOWN_FIELD")]);
        check("=", &[("/", "UNKNOWN_FIELD")]);
    }

    #[test]
    fn what_is_no_text_is_refused_and_not_replaced() {
        check("%ff=1", &[("/\u{fffd}", "ENCODING_INVALID")]);
        check("limit=%ff", &[("/limit", "ENCODING_INVALID")]);
        check("limit=1&hold=%c3%28&&", &[("/hold", "ENCODING_INVALID")]);
        // The sign that stands for such bytes is a text like any other.
        check("x=%ef%bf%bd", &[("/x", "UNKNOWN_FIELD")]);
    }
}
