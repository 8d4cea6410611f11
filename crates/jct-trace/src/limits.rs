//! Limits on what an attempt may leave, and how the root is made durable.

/// Settings of a trace root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceOptions {
    /// Limits on artifacts.
    pub artifacts: ArtifactLimits,
    /// How folders reach the disk.
    pub durability: Durability,
}

/// Limits on the content of `artifacts/`. What lies beyond is removed and recorded in the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArtifactLimits {
    /// Files and folders together.
    pub max_entries: u32,
    /// Folders above a file; a file directly in `artifacts/` has depth 1.
    pub max_depth: u32,
    /// Bytes of all files together.
    pub max_total_bytes: u64,
}

impl Default for ArtifactLimits {
    /// 10,000 entries, 16 deep, 1 GiB.
    fn default() -> Self {
        Self { max_entries: 10_000, max_depth: 16, max_total_bytes: 1 << 30 }
    }
}

/// Lines of captured output are kept up to this many bytes.
pub(crate) const LOG_MAX_BYTES: u64 = 10 << 20;
/// Events are kept up to this many bytes.
pub(crate) const EVENTS_MAX_BYTES: u64 = 10 << 20;

/// How folders reach the disk before they count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// One sync of the whole file system before and one after the renames of a group. The cheapest for many folders;
    /// it waits for other writers of that file system too. On systems without it the same as `EachFile`.
    #[default]
    FileSystem,
    /// A sync of every file and folder.
    EachFile,
}
