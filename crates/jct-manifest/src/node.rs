//! One tree for both notations, YAML and JSON, so that one reader with one set of messages walks either.

/// A value, and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// The line, from 1; 0 where there are no lines.
    pub(crate) line: u32,
    pub(crate) value: Value,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Something that was reported already, such as an alias: walks pass over it in silence.
    Refused,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line: u32,
    pub(crate) value: Node,
    /// Whether the key was reported already, as repeated or as no text: only the scan for secrets looks at such entries.
    pub(crate) refused: bool,
}

impl Node {
    pub(crate) const fn new(line: u32, value: Value) -> Self {
        Self { line, value }
    }

    /// The member of a mapping under this key, unless that was refused.
    pub(crate) fn member(&self, key: &str) -> Option<&Self> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|entry| !entry.refused && entry.key == key).map(|entry| &entry.value)
    }

    /// What kind of value this is, with its article, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Refused => "something that is not taken",
        }
    }
}
