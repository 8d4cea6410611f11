//! Reads the members of one mapping: which are there, which should not be, and of what type they are. Goes on after a
//! violation, so that all are found.

use std::ops::RangeInclusive;

use jct_contract::door::Path;
use serde_json::{Map, Number};

use crate::code::ViolationCode;
use crate::limits::LIST_MAX_ITEMS;
use crate::name::is_name;
use crate::node::{Entry, Node, Value};
use crate::violation::Found;

/// A longer name is cut in messages.
const MAX_SHOWN_CHARS: usize = 64;

/// A value that is there and not `null`, and where it was written.
#[derive(Clone, Copy)]
pub(crate) struct Field<'p, 'd> {
    pub(crate) node: &'d Node,
    pub(crate) path: Path<'p>,
}

/// One mapping.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'p, 'd> {
    entries: &'d [Entry],
    path: &'p Path<'p>,
    line: u32,
}

impl<'p, 'd> Fields<'p, 'd> {
    /// Takes the value as a mapping and reports keys that are not among `known`, by name.
    pub(crate) fn open(node: &'d Node, path: &'p Path<'p>, known: &[&str], found: &mut Found) -> Option<Self> {
        Self::open_as(node, path, known, ViolationCode::UnknownField, found)
    }

    /// The same with a code of its own for unknown keys.
    pub(crate) fn open_as(
        node: &'d Node,
        path: &'p Path<'p>,
        known: &[&str],
        unknown: ViolationCode,
        found: &mut Found,
    ) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            Field { node, path: *path }.wrong_type("a mapping", found);
            return None;
        };
        for Entry { key, line, .. } in entries.iter().filter(|entry| !entry.refused) {
            if !known.contains(&key.as_str()) {
                found.report(path.name(key), *line, unknown, unknown_key(key, known));
            }
        }
        Some(Self { entries, path, line: node.line })
    }

    /// The member, unless it is absent or `null`. What was reported already counts as there.
    pub(crate) fn get(&self, name: &'p str) -> Option<Field<'p, 'd>> {
        let entry = self.entries.iter().find(|entry| !entry.refused && entry.key == name)?;
        let is_there = !matches!(entry.value.value, Value::Null);
        is_there.then(|| Field { node: &entry.value, path: self.path.name(name) })
    }

    /// The member; reports if it is not there.
    pub(crate) fn required(&self, name: &'p str, found: &mut Found) -> Option<Field<'p, 'd>> {
        self.required_as(name, ViolationCode::Required, "the field is required", found)
    }

    /// The same with a code of its own.
    pub(crate) fn required_as(
        &self,
        name: &'p str,
        code: ViolationCode,
        message: &str,
        found: &mut Found,
    ) -> Option<Field<'p, 'd>> {
        let field = self.get(name);
        if field.is_none() {
            found.report(self.path.name(name), self.line, code, message);
        }
        field
    }
}

fn unknown_key(key: &str, known: &[&str]) -> String {
    let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match key.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => {
            format!("unknown field `{}…`; the fields here are {known}", key.get(..end).unwrap_or_default())
        }
        None => format!("unknown field `{key}`; the fields here are {known}"),
    }
}

impl<'d> Field<'_, 'd> {
    /// Reports something about this field.
    pub(crate) fn report(&self, code: ViolationCode, message: impl Into<String>, found: &mut Found) {
        found.report(self.path, self.node.line, code, message);
    }

    /// Reports a value of another type; `expected` comes with its article. What was refused before is passed over.
    pub(crate) fn wrong_type(&self, expected: &str, found: &mut Found) {
        self.wrong_type_as(ViolationCode::WrongType, expected, found);
    }

    pub(crate) fn wrong_type_as(&self, code: ViolationCode, expected: &str, found: &mut Found) {
        if !matches!(self.node.value, Value::Refused) {
            self.report(code, format!("must be {expected}, not {}", self.node.kind()), found);
        }
    }

    /// A string of any length.
    pub(crate) fn any_text(&self, found: &mut Found) -> Option<&'d str> {
        let Value::Text(text) = &self.node.value else {
            self.wrong_type("a string", found);
            return None;
        };
        Some(text)
    }

    /// A string of 1 to so many characters that is not blank.
    pub(crate) fn text(&self, max: usize, found: &mut Found) -> Option<String> {
        let text = self.any_text(found)?;
        if text.trim().is_empty() {
            self.report(ViolationCode::TooShort, "must not be blank", found);
            return None;
        }
        if text.chars().nth(max).is_some() {
            self.report(ViolationCode::TooLong, format!("must have at most {max} characters"), found);
            return None;
        }
        Some(text.to_owned())
    }

    /// A name: 1 to 128 characters of `[A-Za-z0-9._-]`.
    pub(crate) fn name(&self, found: &mut Found) -> Option<String> {
        let Value::Text(text) = &self.node.value else {
            self.wrong_type_as(ViolationCode::NameInvalid, "a string", found);
            return None;
        };
        if text.trim().is_empty() {
            self.report(ViolationCode::NameBlank, "the name must not be blank", found);
            return None;
        }
        if !is_name(text) {
            let message = "a name has 1 to 128 characters of `A-Z a-z 0-9 . _ -` and begins with a letter or a digit";
            self.report(ViolationCode::NameInvalid, message, found);
            return None;
        }
        Some(text.clone())
    }

    /// One of several words, whatever their case; `None` for any other.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)], code: ViolationCode, found: &mut Found) -> Option<T> {
        let Value::Text(text) = &self.node.value else {
            self.wrong_type_as(code, "a string", found);
            return None;
        };
        let meant = words.iter().find(|(word, _)| text.trim().eq_ignore_ascii_case(word));
        if meant.is_none() {
            let known = words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            self.report(code, format!("must be one of {known}"), found);
        }
        meant.map(|(_, meant)| *meant)
    }

    /// `true` or `false`; words and numbers are not converted.
    pub(crate) fn boolean(&self, found: &mut Found) -> Option<bool> {
        let Value::Bool(value) = self.node.value else {
            self.wrong_type("`true` or `false`", found);
            return None;
        };
        Some(value)
    }

    /// An integer within limits.
    pub(crate) fn integer(&self, limits: &RangeInclusive<u32>, found: &mut Found) -> Option<u32> {
        let Value::Integer(value) = self.node.value else {
            self.wrong_type("an integer", found);
            return None;
        };
        let within = u32::try_from(value).ok().filter(|value| limits.contains(value));
        if within.is_none() {
            let message = format!("must be between {} and {}", limits.start(), limits.end());
            self.report(ViolationCode::OutOfRange, message, found);
        }
        within
    }

    /// A number within limits.
    pub(crate) fn number(&self, limits: &RangeInclusive<f64>, found: &mut Found) -> Option<f64> {
        let value = match self.node.value {
            Value::Float(value) => value,
            Value::Integer(value) => f64::from(i32::try_from(value).unwrap_or(i32::MAX)),
            _ => {
                self.wrong_type("a number", found);
                return None;
            }
        };
        if !limits.contains(&value) {
            let message = format!("must be between {} and {}", limits.start(), limits.end());
            self.report(ViolationCode::OutOfRange, message, found);
            return None;
        }
        Some(value)
    }

    /// A list; each entry is read by `read`. `None` if it is no list, or any entry was refused.
    pub(crate) fn list<T>(
        &self,
        found: &mut Found,
        mut read: impl FnMut(Field<'_, 'd>, &mut Found) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::List(items) = &self.node.value else {
            self.wrong_type("a list", found);
            return None;
        };
        if items.len() > LIST_MAX_ITEMS {
            let message = format!("must have at most {LIST_MAX_ITEMS} entries, has {}", items.len());
            self.report(ViolationCode::TooManyItems, message, found);
            return None;
        }
        let each =
            items.iter().enumerate().map(|(index, node)| read(Field { node, path: self.path.index(index) }, found));
        // Gathered before the first `None` ends it: every entry is to be read.
        let each: Vec<_> = each.collect();
        each.into_iter().collect()
    }

    /// A list of texts.
    pub(crate) fn texts(&self, max: usize, found: &mut Found) -> Option<Vec<String>> {
        self.list(found, |item, found| item.text(max, found))
    }

    /// Any value as JSON; `None` if something in it was refused before.
    pub(crate) fn free_form(&self) -> Option<serde_json::Value> {
        to_json(self.node)
    }
}

fn to_json(node: &Node) -> Option<serde_json::Value> {
    Some(match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => serde_json::Value::Bool(*value),
        Value::Integer(value) => serde_json::Value::Number(Number::from(*value)),
        Value::Float(value) => serde_json::Value::Number(Number::from_f64(*value)?),
        Value::Text(text) => serde_json::Value::String(text.clone()),
        Value::List(items) => serde_json::Value::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        Value::Map(entries) => {
            let members = entries.iter().filter(|entry| !entry.refused);
            let members = members.map(|entry| Some((entry.key.clone(), to_json(&entry.value)?)));
            serde_json::Value::Object(members.collect::<Option<Map<_, _>>>()?)
        }
        Value::Refused => return None,
    })
}
