//! Small JSON bodies: one object whose fields are taken one by one, with everything that is wrong remembered.

use std::fmt::Display;
use std::str::FromStr;

use jct_contract::door::{self, Path, Violations};
use jct_contract::{JsonDocument, JsonObject, JsonValue, canonical_json};

use super::{free_form, printable, visible};
use crate::problem::{ErrorCode, Place, Problem, Violation};

/// Items of a list at most.
const MOST_ITEMS: usize = 64;

/// Takes fields out of a JSON object.
pub(crate) struct ObjectReader<'d> {
    object: Option<&'d JsonObject<'d>>,
    known: Vec<&'static str>,
    violations: Vec<Violation>,
}

impl<'d> ObjectReader<'d> {
    /// Reads the object of a document; anything else is a violation.
    pub(crate) fn of(document: &'d JsonDocument<'d>) -> Self {
        let mut reader = Self { object: document.root().as_object(), known: Vec::new(), violations: Vec::new() };
        if reader.object.is_none() {
            reader.refuse("", "WRONG_TYPE", format!("must be an object, not {}", document.root().kind()));
        }
        reader
    }

    /// Reads an object that is not there: every field is absent.
    pub(crate) const fn of_nothing() -> Self {
        Self { object: None, known: Vec::new(), violations: Vec::new() }
    }

    /// The value of a field; `null` is the same as absent.
    pub(crate) fn field(&mut self, name: &'static str) -> Option<&'d JsonValue<'d>> {
        self.known.push(name);
        self.object?.get(name).filter(|value| !matches!(value, JsonValue::Null))
    }

    /// A text without NUL, which no database column takes.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.field(name)? {
            JsonValue::String(text) if text.contains('\0') => {
                self.refuse(name, "NUL_CHARACTER", format!("`{name}` must not contain U+0000"));
                None
            }
            JsonValue::String(text) => Some(text.clone().into_owned()),
            other => self.wrong_type(name, "a string", other),
        }
    }

    /// A text with a type of its own.
    pub(crate) fn value<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(name, "VALUE_NOT_ALLOWED", error.to_string());
                None
            }
        }
    }

    /// A whole number between two ends, both included.
    pub(crate) fn integer(&mut self, name: &'static str, min: i64, max: i64) -> Option<i64> {
        let field = self.field(name)?;
        let JsonValue::Number(number) = field else { return self.wrong_type(name, "a whole number", field) };
        match number.as_integer() {
            Some(number) if (min..=max).contains(&number) => Some(number),
            _ => {
                self.refuse(name, "VALUE_NOT_ALLOWED", format!("`{name}` is a whole number from {min} to {max}"));
                None
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.field(name)? {
            JsonValue::Bool(flag) => Some(*flag),
            other => self.wrong_type(name, "`true` or `false`", other),
        }
    }

    /// A list of texts with a type of their own.
    pub(crate) fn values<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<Vec<T>> {
        let field = self.field(name)?;
        let Some(items) = field.as_array() else { return self.wrong_type(name, "an array of strings", field) };
        let mut values = Vec::new();
        if items.len() > MOST_ITEMS {
            self.refuse(name, "TOO_LONG", format!("`{name}` has at most {MOST_ITEMS} items"));
        }
        for (index, item) in items.iter().enumerate().take(MOST_ITEMS) {
            match item.as_str().map(str::parse::<T>) {
                Some(Ok(value)) => values.push(value),
                Some(Err(error)) => self.refuse(&format!("{name}/{index}"), "VALUE_NOT_ALLOWED", error.to_string()),
                None => self.refuse(&format!("{name}/{index}"), "WRONG_TYPE", "must be a string".to_owned()),
            }
        }
        Some(values)
    }

    /// A free-form object in its canonical encoding.
    pub(crate) fn free_form(&mut self, name: &'static str) -> Option<String> {
        let field = self.field(name)?;
        if field.as_object().is_none() {
            return self.wrong_type(name, "an object", field);
        }
        match free_form::value(field, &format!("/{name}")) {
            Ok(value) => Some(canonical_json(&value)),
            Err(violation) => {
                self.violations.push(violation);
                None
            }
        }
    }

    /// Fields that must be there.
    pub(crate) fn require(&mut self, names: &[&'static str]) {
        for name in names {
            if self.object.is_some() && self.field(name).is_none() {
                self.refuse(name, "REQUIRED", format!("`{name}` is required"));
            }
        }
    }

    /// A text that says something, of at most `max` characters; line breaks are fine.
    pub(crate) fn prose(&mut self, name: &'static str, max: usize) -> Option<String> {
        let text = self.text(name)?;
        if text.trim().is_empty() || text.chars().count() > max {
            self.refuse(name, "VALUE_NOT_ALLOWED", format!("`{name}` must say something, in at most {max} characters"));
            return None;
        }
        Some(text)
    }

    /// A text for one line, of at most `max` characters.
    pub(crate) fn line(&mut self, name: &'static str, max: usize) -> Option<String> {
        self.checked(name, |text| printable(text, max))
    }

    /// A name that people can tell from others by looking at it, of at most `max` characters.
    pub(crate) fn visible(&mut self, name: &'static str, max: usize) -> Option<String> {
        self.checked(name, |text| visible(text, max))
    }

    fn checked(&mut self, name: &'static str, check: impl FnOnce(&str) -> Result<(), String>) -> Option<String> {
        let text = self.text(name)?;
        match check(&text) {
            Ok(()) => Some(text),
            Err(message) => {
                self.refuse(name, "VALUE_NOT_ALLOWED", format!("`{name}` {message}"));
                None
            }
        }
    }

    /// Any JSON, held to the rules of free-form fields.
    pub(crate) fn json(&mut self, name: &'static str) -> Option<serde_json::Value> {
        match free_form::value(self.field(name)?, &format!("/{name}")) {
            Ok(value) => Some(value),
            Err(violation) => {
                self.violations.push(violation);
                None
            }
        }
    }

    /// The field `idempotency_key`, held to the rules of that of a task.
    pub(crate) fn idempotency_key(&mut self) -> Option<String> {
        const NAME: &str = "idempotency_key";
        let key = self.text(NAME)?;
        let (root, mut found) = (Path::Root, Violations::default());
        door::idempotency_key(&key, root.name(NAME), &mut found);
        let is_fine = found.is_empty();
        self.violations.extend(found.into_vec().into_iter().map(Violation::from));
        is_fine.then_some(key)
    }

    /// Remembers something that is wrong with a field.
    pub(crate) fn refuse(&mut self, name: &str, code: &'static str, message: String) {
        let pointer = if name.is_empty() { String::new() } else { format!("/{name}") };
        self.violations.push(Violation { place: Place::Body, pointer, code, message });
    }

    /// Whatever was not asked for is unknown.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        let found = self.finish_into();
        if found.is_empty() { Ok(()) } else { Err(Problem::invalid(ErrorCode::InvalidRequest, found)) }
    }

    /// Like [`Self::finish`], for a caller that has more violations to add.
    pub(crate) fn finish_into(&mut self) -> Vec<Violation> {
        const MOST: usize = 32;
        let Some(object) = self.object else { return std::mem::take(&mut self.violations) };
        for (name, _) in object.iter().filter(|(name, _)| !self.known.contains(name)).take(MOST).collect::<Vec<_>>() {
            let name: String = name.chars().take(64).collect();
            let pointer = name.replace('~', "~0").replace('/', "~1");
            self.refuse(&pointer, "UNKNOWN_FIELD", format!("unknown field `{name}`"));
        }
        for name in object.repeated_names().into_iter().take(MOST) {
            self.refuse(name, "DUPLICATE_KEY", format!("`{name}` is there more than once"));
        }
        std::mem::take(&mut self.violations)
    }

    /// What is wrong so far.
    pub(crate) fn take_violations(&mut self) -> Vec<Violation> {
        std::mem::take(&mut self.violations)
    }

    fn wrong_type<T>(&mut self, name: &'static str, wanted: &str, found: &JsonValue<'_>) -> Option<T> {
        self.refuse(name, "WRONG_TYPE", format!("`{name}` must be {wanted}, not {}", found.kind()));
        None
    }
}
