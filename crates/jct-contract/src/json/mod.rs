//! A strict JSON reader, because a contract cannot stand on a lenient one.
//!
//! The usual readers keep the last of two equal keys and round numbers to the nearest double; both let a caller
//! believe that something was accepted which was not. This one keeps every member and the text of every number, so
//! that the door can name what is wrong, item by item, inside a body that is parsed only once.

mod cursor;
mod document;
mod number;
mod text;
mod value;

pub use document::{DocumentError, DocumentLimits, JsonDocument, parse_document};
pub use number::JsonNumber;
pub use value::{JsonObject, JsonValue};
