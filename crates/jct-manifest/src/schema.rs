//! The document as a JSON Schema, for editors and for other programs.

/// JSON Schema (2020-12) of manifest v0. A document that the parser takes and that holds no `null` is valid under it;
/// the parser refuses more than a schema can say. A test holds both against the same examples.
pub const MANIFEST_SCHEMA: &str = include_str!("../schema/manifest-v0.schema.json");
