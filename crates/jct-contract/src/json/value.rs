//! The parsed tree: like any JSON tree, except that it forgets nothing the contract has rules about.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::json::JsonNumber;

/// Up to this many members, comparing every pair is faster than hashing.
const PAIRWISE_MEMBERS: usize = 16;

/// One JSON value; strings without escapes borrow from the parsed bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonValue<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, kept as it was written.
    Number(JsonNumber<'a>),
    /// A string with its escapes resolved.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<JsonValue<'a>>),
    /// An object, with repeated names still in it.
    Object(JsonObject<'a>),
    /// An array or object nested deeper than [`crate::DocumentLimits`] allows: correct JSON, but not kept.
    TooDeep,
}

impl<'a> JsonValue<'a> {
    /// What kind of value this is, with its article, for messages: `a string`, `an array`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
            Self::TooDeep => "a value nested too deep",
        }
    }

    /// The object, if it is one.
    #[must_use]
    pub const fn as_object(&self) -> Option<&JsonObject<'a>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The elements, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[JsonValue<'a>]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }
}

/// The members of an object in the order they were written, repeated names included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonObject<'a> {
    members: Vec<(Cow<'a, str>, JsonValue<'a>)>,
}

impl<'a> JsonObject<'a> {
    pub(crate) const fn new(members: Vec<(Cow<'a, str>, JsonValue<'a>)>) -> Self {
        Self { members }
    }

    /// The first member of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&JsonValue<'a>> {
        self.members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Every member in the order it was written, repeated names included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &JsonValue<'a>)> {
        self.members.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// How many members were written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether the object is `{}`.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The names that were written more than once, each named once per repetition.
    #[must_use]
    pub fn repeated_names(&self) -> Vec<&str> {
        if self.members.len() <= PAIRWISE_MEMBERS {
            let earlier = |index: usize, name: &str| self.members.iter().take(index).any(|(key, _)| key == name);
            let names = self.members.iter().enumerate().map(|(index, (name, _))| (index, name.as_ref()));
            return names.filter(|(index, name)| earlier(*index, name)).map(|(_, name)| name).collect();
        }
        let mut seen = HashSet::with_capacity(self.members.len());
        self.members.iter().map(|(name, _)| name.as_ref()).filter(|name| !seen.insert(*name)).collect()
    }
}
