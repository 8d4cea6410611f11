//! The limits that no single field owns; those of a field stand in the declaration of its object.
//!
//! Lengths count Unicode scalar values, not bytes.

/// The version of the model.
pub const MODEL_VERSION: &str = "0.1";

/// Most entries of any list.
pub const LIST_MAX_ITEMS: usize = 100;
/// Longest entry of a list of texts, in characters; the shortest is one.
pub const LIST_TEXT_MAX_CHARS: usize = 2000;
/// Longest entry of `acceptance.criteria`, in characters; the objective of a task, which may become one, has as many.
pub const CRITERION_MAX_CHARS: usize = 4000;
/// Most bytes of `meta` and all inline data of one object together: `meta` counted in its canonical (RFC 8785)
/// encoding, inline data as UTF-8.
pub const FREE_FORM_MAX_BYTES: usize = jct_contract::limits::FREE_FORM_MAX_BYTES;
/// Deepest nesting of objects and arrays in `meta`; the outermost object is level one.
pub const FREE_FORM_MAX_DEPTH: usize = jct_contract::limits::FREE_FORM_MAX_DEPTH;
/// Largest whole number: every one up to here has a double of its own.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;
