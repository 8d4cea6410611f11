//! Every limit of an event, in one place, so that the door and the documentation cannot disagree. Lengths count Unicode
//! scalar values unless they say bytes.

/// Longest type; the shortest is `a.b`.
pub const TYPE_MAX_CHARS: usize = 128;
/// Most segments of a type; there are at least two.
pub const TYPE_MAX_SEGMENTS: usize = 8;
/// Longest source; the shortest is one.
pub const SOURCE_MAX_CHARS: usize = 256;
/// Longest id that a source gives; the shortest is one.
pub const ID_MAX_CHARS: usize = 256;
/// Longest subject; the shortest is one.
pub const SUBJECT_MAX_CHARS: usize = 256;
/// Longest content type of the data.
pub const CONTENT_TYPE_MAX_CHARS: usize = 128;
/// Longest address of the data's schema.
pub const DATA_SCHEMA_MAX_CHARS: usize = 512;
/// Most bytes of the data: in their canonical encoding if they are JSON, as such if they are not.
pub const DATA_MAX_BYTES: usize = jct_contract::limits::FREE_FORM_MAX_BYTES;
/// Most tags.
pub const TAGS_MAX_ITEMS: usize = 64;
/// Longest name of a tag; the shortest is one.
pub const TAG_NAME_MAX_CHARS: usize = 64;
/// Longest value of a tag; it may be empty.
pub const TAG_VALUE_MAX_CHARS: usize = 256;
/// Most extension attributes of a CloudEvent.
pub const EXTENSIONS_MAX_ITEMS: usize = 32;
/// Longest name of an extension attribute; the specification asks for 20 or fewer, and receivers are to be lenient.
pub const EXTENSION_NAME_MAX_CHARS: usize = 64;
/// Longest text of an extension attribute. The tags travel in one, which is why it holds all of them.
pub const EXTENSION_VALUE_MAX_CHARS: usize = 64 * 1024;
/// Most events in one batch.
pub const BATCH_MAX_EVENTS: usize = 100;
/// Events of the tower that stand in a row, each the consequence of the one before; a longer row is a loop.
pub const CHAIN_MAX_DEPTH: u32 = 16;
