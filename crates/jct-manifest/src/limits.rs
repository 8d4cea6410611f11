//! Every limit and default of manifest v0, in one place, so that the reader, the JSON Schema and the documents cannot
//! disagree.
//!
//! Lengths of texts count Unicode scalar values unless bytes are said.

/// The only version of the document there is.
pub const MANIFEST_VERSION: &str = "v0";

/// Most bytes of a manifest.
pub const MANIFEST_MAX_BYTES: usize = 1024 * 1024;
/// Deepest nesting of mappings and lists; the outermost mapping is level one.
pub const MANIFEST_MAX_DEPTH: usize = 64;
/// Most nodes of a manifest: every mapping, list, key, value and comment counts.
pub const MANIFEST_MAX_NODES: usize = 100_000;

/// Longest name of a manifest, in characters; the shortest is one.
pub const NAME_MAX_CHARS: usize = 128;
/// Longest identifier of a data source, index or retriever, in characters; the shortest is one.
pub const ID_MAX_CHARS: usize = 128;
/// Longest text of a field that has no limit of its own, in characters.
pub const TEXT_MAX_CHARS: usize = 1024;
/// Longest `metadata.description`, in characters.
pub const DESCRIPTION_MAX_CHARS: usize = 4096;
/// Most entries of a list.
pub const LIST_MAX_ITEMS: usize = 1000;

/// Longest path of a manifest file, in characters; the shortest is one.
pub const PATH_MAX_CHARS: usize = 512;
/// Longest name of a configured repo source, in characters; the shortest is one.
pub const REPO_SOURCE_MAX_CHARS: usize = 256;
/// Longest ref of a repo source, in characters; the shortest is one.
pub const REF_MAX_CHARS: usize = 256;
/// Longest part of a secret reference (provider, field, mount, segment, variable), in characters; the shortest is one.
pub const REFERENCE_PART_MAX_CHARS: usize = 128;

/// Most documents that are worked on at once.
pub const CONCURRENCY_MAX: u32 = 500;
/// `run.concurrency` when nobody names one.
pub const CONCURRENCY_DEFAULT: u32 = 6;
/// Most texts that are embedded at once.
pub const BATCH_SIZE_MAX: u32 = 10_000;
/// `run.batchSize` when nobody names one.
pub const BATCH_SIZE_DEFAULT: u32 = 128;
/// Largest `maxDocs`, in documents; without one there is no limit.
pub const MAX_DOCS_MAX: u32 = 1_000_000_000;
