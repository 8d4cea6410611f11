//! The parser: bytes in, one tree or one position out.
//!
//! It recurses only as deep as the limit; below that it checks the syntax with a loop, so that no nesting can
//! exhaust the stack and a task that nests too deep still does not spoil the other tasks of its batch.

use super::cursor::{Cursor, Fault, Parsed};
use super::text::{number, string};
use super::value::{JsonObject, JsonValue};
use crate::limits::DOCUMENT_MAX_DEPTH;

/// How deep a document may nest before its values are no longer kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentLimits {
    max_depth: usize,
}

impl DocumentLimits {
    /// Keeps at most `levels` nested objects and arrays; never more than [`DOCUMENT_MAX_DEPTH`].
    #[must_use]
    pub fn with_max_depth(levels: usize) -> Self {
        Self { max_depth: levels.min(DOCUMENT_MAX_DEPTH) }
    }
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self { max_depth: DOCUMENT_MAX_DEPTH }
    }
}

/// The bytes are not one JSON text in UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line}, column {column}")]
pub struct DocumentError {
    message: &'static str,
    line: usize,
    column: usize,
}

impl DocumentError {
    /// What is wrong there.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        self.message
    }

    /// The line, counted from one.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, counted from one.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }

    fn at(valid: &[u8], message: &'static str) -> Self {
        let text = std::str::from_utf8(valid).unwrap_or_default();
        let line = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = text.chars().rev().take_while(|character| *character != '\n').count() + 1;
        Self { message, line, column }
    }
}

/// One parsed JSON text.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonDocument<'a> {
    root: JsonValue<'a>,
}

impl<'a> JsonDocument<'a> {
    /// The outermost value.
    #[must_use]
    pub const fn root(&self) -> &JsonValue<'a> {
        &self.root
    }
}

/// Parses one JSON text (RFC 8259, UTF-8, no byte order mark).
///
/// Repeated names, NUL characters and numbers that no double carries are kept for the reader of the tree to judge.
///
/// # Errors
/// The first place where the bytes are not UTF-8 or not JSON.
pub fn parse_document(bytes: &[u8], limits: DocumentLimits) -> Result<JsonDocument<'_>, DocumentError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        DocumentError::at(bytes.get(..error.valid_up_to()).unwrap_or_default(), "the text is not UTF-8")
    })?;
    let mut cursor = Cursor::new(text);
    match root(&mut cursor, limits.max_depth) {
        Ok(root) => Ok(JsonDocument { root }),
        Err(Fault { at, message }) => Err(DocumentError::at(bytes.get(..at).unwrap_or(bytes), message)),
    }
}

fn root<'a>(cursor: &mut Cursor<'a>, levels: usize) -> Parsed<JsonValue<'a>> {
    cursor.skip_whitespace();
    let root = value(cursor, levels)?;
    cursor.skip_whitespace();
    if cursor.peek().is_some() { cursor.fault("expected the end of the text") } else { Ok(root) }
}

/// Reads one value, the cursor standing on its first byte; `levels` more may nest.
fn value<'a>(cursor: &mut Cursor<'a>, levels: usize) -> Parsed<JsonValue<'a>> {
    let Some(levels) = levels.checked_sub(1) else {
        return match cursor.peek() {
            Some(b'{' | b'[') => skip_nested(cursor).map(|()| JsonValue::TooDeep),
            _ => scalar(cursor),
        };
    };
    match cursor.peek() {
        Some(b'{') => object(cursor, levels),
        Some(b'[') => array(cursor, levels),
        _ => scalar(cursor),
    }
}

fn scalar<'a>(cursor: &mut Cursor<'a>) -> Parsed<JsonValue<'a>> {
    match cursor.peek() {
        Some(b'"') => string(cursor).map(JsonValue::String),
        Some(b'-' | b'0'..=b'9') => number(cursor).map(JsonValue::Number),
        Some(_) if cursor.eat_word("true") => Ok(JsonValue::Bool(true)),
        Some(_) if cursor.eat_word("false") => Ok(JsonValue::Bool(false)),
        Some(_) if cursor.eat_word("null") => Ok(JsonValue::Null),
        Some(_) => cursor.fault("expected a value"),
        None => cursor.fault("expected a value, found the end of the text"),
    }
}

fn object<'a>(cursor: &mut Cursor<'a>, levels: usize) -> Parsed<JsonValue<'a>> {
    cursor.advance();
    let mut members = Vec::new();
    cursor.skip_whitespace();
    if cursor.eat(b'}') {
        return Ok(JsonValue::Object(JsonObject::new(members)));
    }
    loop {
        let name = string(cursor)?;
        colon(cursor)?;
        members.push((name, value(cursor, levels)?));
        if !another(cursor, b'}')? {
            return Ok(JsonValue::Object(JsonObject::new(members)));
        }
    }
}

fn array<'a>(cursor: &mut Cursor<'a>, levels: usize) -> Parsed<JsonValue<'a>> {
    cursor.advance();
    let mut items = Vec::new();
    cursor.skip_whitespace();
    if cursor.eat(b']') {
        return Ok(JsonValue::Array(items));
    }
    loop {
        items.push(value(cursor, levels)?);
        if !another(cursor, b']')? {
            return Ok(JsonValue::Array(items));
        }
    }
}

fn colon(cursor: &mut Cursor<'_>) -> Parsed<()> {
    cursor.skip_whitespace();
    cursor.expect(b':', "expected `:` after the name")?;
    cursor.skip_whitespace();
    Ok(())
}

/// After an element: whether another follows, or the container ends with `close`.
fn another(cursor: &mut Cursor<'_>, close: u8) -> Parsed<bool> {
    cursor.skip_whitespace();
    if cursor.eat(close) {
        return Ok(false);
    }
    cursor.expect(b',', if close == b'}' { "expected `,` or `}`" } else { "expected `,` or `]`" })?;
    cursor.skip_whitespace();
    Ok(true)
}

/// Checks the syntax of an array or object of any depth, keeping nothing.
fn skip_nested(cursor: &mut Cursor<'_>) -> Parsed<()> {
    let mut closers = Vec::new();
    loop {
        match cursor.peek() {
            Some(open @ (b'{' | b'[')) => {
                cursor.advance();
                cursor.skip_whitespace();
                let close = if open == b'{' { b'}' } else { b']' };
                if !cursor.eat(close) {
                    closers.push(close);
                    skip_name(cursor, close)?;
                    continue;
                }
            }
            _ => drop(scalar(cursor)?),
        }
        loop {
            let Some(close) = closers.last().copied() else { return Ok(()) };
            if another(cursor, close)? {
                skip_name(cursor, close)?;
                break;
            }
            closers.pop();
        }
    }
}

fn skip_name(cursor: &mut Cursor<'_>, close: u8) -> Parsed<()> {
    if close == b'}' {
        string(cursor)?;
        colon(cursor)?;
    }
    Ok(())
}
