//! Reading the members of one object of the contract: which are there, which should not be, and of what type they are.

use std::ops::RangeInclusive;

use serde_json::Number;

use crate::door::hints;
use crate::free_form::{self, excerpt, repeated_names, without_nul};
use crate::json::{JsonObject, JsonValue};
use crate::limits::CRITERIA_MAX_ITEMS;
use crate::pointer::Path;
use crate::violation::{ViolationCode, Violations};

/// A member that is there and not `null`, and where the caller wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Field<'p, 'd, 'a> {
    /// What it holds.
    pub value: &'d JsonValue<'a>,
    /// Where it was written.
    pub path: Path<'p>,
}

/// The names that an object may have.
#[derive(Clone, Copy, Debug)]
pub struct Names<'n> {
    /// Those of the contract, in its order.
    pub known: &'n [&'n str],
    /// Those that are accepted as well.
    pub(super) aliases: &'n [&'n str],
    /// What to say about a name that is refused, if there is more to say than that it is unknown.
    pub(super) instead: fn(&str) -> Option<&'static str>,
}

impl<'n> Names<'n> {
    /// These names and no other.
    #[must_use]
    pub fn only(known: &'n [&'n str]) -> Self {
        Self { known, aliases: &[], instead: |_| None }
    }
}

/// One object of the contract.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'p, 'd, 'a> {
    object: &'d JsonObject<'a>,
    path: &'p Path<'p>,
}

impl<'p, 'd, 'a> Fields<'p, 'd, 'a> {
    /// Takes the value as an object and reports repeated names and names that the contract does not have.
    pub fn open(
        value: &'d JsonValue<'a>,
        path: &'p Path<'p>,
        names: Names<'_>,
        violations: &mut Violations,
    ) -> Option<Self> {
        let JsonValue::Object(object) = value else {
            wrong_type(Field { value, path: *path }, "an object", violations);
            return None;
        };
        repeated_names(object, *path, violations);
        for (name, _) in object.iter().filter(|(name, _)| !names.known.contains(name) && !names.aliases.contains(name))
        {
            let message = if violations.is_full() { String::new() } else { unknown_field(name, names) };
            violations.report(path.name(name), ViolationCode::UnknownField, message);
        }
        Some(Self { object, path })
    }

    /// Every name that was written.
    pub fn names(&self) -> impl Iterator<Item = &'d str> {
        self.object.iter().map(|(name, _)| name)
    }

    /// The member, unless it is absent or `null`.
    #[must_use]
    pub fn get(&self, name: &'p str) -> Option<Field<'p, 'd, 'a>> {
        let value = self.object.get(name).filter(|value| !matches!(value, JsonValue::Null))?;
        Some(Field { value, path: self.path.name(name) })
    }

    /// The member; reports if it is not there.
    pub fn required(&self, name: &'p str, violations: &mut Violations) -> Option<Field<'p, 'd, 'a>> {
        let field = self.get(name);
        if field.is_none() {
            violations.report(self.path.name(name), ViolationCode::Required, "the field is required");
        }
        field
    }

    /// The member, else its legacy alias. An alias beside its member is ignored whatever it holds, except for what no
    /// text of this contract may have.
    pub(super) fn aliased(
        &self,
        name: &'p str,
        alias: &'p str,
        violations: &mut Violations,
    ) -> Option<Field<'p, 'd, 'a>> {
        match (self.get(name), self.get(alias)) {
            (Some(field), ignored) => {
                if let Some(ignored) = ignored {
                    free_form::hygiene(ignored.value, ignored.path, violations);
                }
                Some(field)
            }
            (None, field) => field,
        }
    }
}

fn unknown_field(name: &str, names: Names<'_>) -> String {
    let shown = excerpt(name);
    if let Some(instead) = (names.instead)(name) {
        return format!("the V1 contract has no field `{shown}`: {instead}");
    }
    if let Some(meant) = hints::closest(name, names.known) {
        return format!("unknown field `{shown}`; did you mean `{meant}`?");
    }
    let known = names.known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    format!("unknown field `{shown}`; the fields here are {known}")
}

/// Reports a value of another type than expected; `expected` comes with its article.
pub fn wrong_type(field: Field<'_, '_, '_>, expected: &str, violations: &mut Violations) {
    match field.value {
        JsonValue::TooDeep => {
            violations.report(field.path, ViolationCode::TooDeep, format!("must be {expected}, is nested too deep"))
        }
        value => {
            violations.report(field.path, ViolationCode::WrongType, format!("must be {expected}, not {}", value.kind()))
        }
    }
}

/// A string without U+0000, of any length.
pub fn any_text<'d>(field: Field<'_, 'd, '_>, violations: &mut Violations) -> Option<&'d str> {
    let Some(text) = field.value.as_str() else {
        wrong_type(field, "a string", violations);
        return None;
    };
    without_nul(text, field.path, violations);
    Some(text)
}

/// A string of so many characters.
pub fn text(field: Field<'_, '_, '_>, chars: &RangeInclusive<usize>, violations: &mut Violations) -> Option<String> {
    let text = any_text(field, violations)?;
    length(text, field.path, chars, violations);
    Some(text.to_owned())
}

/// Reports a text that has too few or too many characters.
pub fn length(text: &str, path: Path<'_>, chars: &RangeInclusive<usize>, violations: &mut Violations) {
    let (min, max) = (*chars.start(), *chars.end());
    // A text never has more characters than bytes, so that counting is rarely needed.
    if (min..=max).contains(&text.len()) && text.is_ascii() {
        return;
    }
    let found = text.chars().count();
    if found < min {
        violations.report(
            path,
            ViolationCode::TooShort,
            format!("must have at least {}, has {found}", characters(min)),
        );
    } else if found > max {
        violations.report(path, ViolationCode::TooLong, format!("must have at most {}, has {found}", characters(max)));
    }
}

fn characters(count: usize) -> String {
    if count == 1 { "1 character".to_owned() } else { format!("{count} characters") }
}

/// `true` or `false`; words and numbers are not converted.
pub fn boolean(field: Field<'_, '_, '_>, violations: &mut Violations) -> Option<bool> {
    if let JsonValue::Bool(value) = field.value {
        return Some(*value);
    }
    wrong_type(field, "`true` or `false`", violations);
    None
}

/// An integer, written without fraction and exponent, that a double carries exactly.
pub fn integer(field: Field<'_, '_, '_>, violations: &mut Violations) -> Option<i64> {
    let number = match field.value {
        JsonValue::Number(number) if number.is_integer() => *number,
        JsonValue::Number(_) => {
            let message = "must be an integer, written without fraction and exponent";
            violations.report(field.path, ViolationCode::WrongType, message);
            return None;
        }
        _ => {
            wrong_type(field, "an integer", violations);
            return None;
        }
    };
    let integer = number.as_integer().filter(|_| number.exact().is_some());
    if integer.is_none() {
        free_form::not_exact(number, field.path, violations);
    }
    integer
}

/// A number that a double carries exactly.
pub fn number(field: Field<'_, '_, '_>, violations: &mut Violations) -> Option<Number> {
    let JsonValue::Number(number) = field.value else {
        wrong_type(field, "a number", violations);
        return None;
    };
    let exact = number.exact();
    if exact.is_none() {
        free_form::not_exact(*number, field.path, violations);
    }
    exact
}

/// An array of at most [`CRITERIA_MAX_ITEMS`] strings.
pub(super) fn texts(
    field: Field<'_, '_, '_>,
    chars: &RangeInclusive<usize>,
    violations: &mut Violations,
) -> Option<Vec<String>> {
    let Some(items) = field.value.as_array() else {
        wrong_type(field, "an array of strings", violations);
        return None;
    };
    if items.len() > CRITERIA_MAX_ITEMS {
        let message = format!("must have at most {CRITERIA_MAX_ITEMS} entries, has {}", items.len());
        violations.report(field.path, ViolationCode::TooManyItems, message);
    }
    let item = |(index, value)| text(Field { value, path: field.path.index(index) }, chars, violations);
    // Gathered before the first `None` ends it: every entry is to be read.
    let texts: Vec<_> = items.iter().enumerate().map(item).collect();
    texts.into_iter().collect()
}
