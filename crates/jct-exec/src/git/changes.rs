//! What a received commit changes, as data.

use serde::Serialize;

use super::snapshot::Commit;

/// How a file was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileStatus {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// Its content or mode is another.
    Modified,
    /// It has another name, and perhaps other content.
    Renamed,
    /// It is now a file, a link or a submodule and was something else.
    TypeChanged,
}

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Its path; bytes that are no UTF-8 are U+FFFD.
    pub path: String,
    /// Its path before it was renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_path: Option<String>,
    /// How it was changed.
    pub status: FileStatus,
    /// Its mode before, in octal; `000000` when there was none.
    pub old_mode: String,
    /// Its mode now, in octal; `000000` when it is gone.
    pub new_mode: String,
    /// Lines added; 0 when it is binary.
    pub added: u64,
    /// Lines deleted; 0 when it is binary.
    pub deleted: u64,
    /// Whether git takes it for binary.
    pub binary: bool,
}

/// All changed files, ordered by path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DiffStat {
    /// The files.
    pub files: Vec<FileChange>,
    /// Lines added in all files.
    pub added: u64,
    /// Lines deleted in all files.
    pub deleted: u64,
    /// Whether the patch was left out because it would be too large. The commits are whole all the same.
    pub truncated: bool,
}

/// What a run changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The output of `git diff --binary --full-index`; empty when nothing was changed, or when it is too large.
    pub patch: Vec<u8>,
    /// The files.
    pub stat: DiffStat,
    /// The commits, newest first, the first thousand at most.
    pub commits: Vec<Commit>,
}

/// The output of `git diff --raw --numstat -z` could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The changed files, and the objects behind them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) stat: DiffStat,
    pub(super) objects: Vec<String>,
}

/// Reads the output of `git diff --raw --numstat -z --no-abbrev`: first all raw records, then all counts in the same
/// order.
pub(super) fn listing(output: &[u8]) -> Result<Listing, Unreadable> {
    let mut fields = output.split(|&byte| byte == 0).peekable();
    let mut listing = Listing::default();
    while let Some(record) = fields.next_if(|field| field.starts_with(b":")) {
        let (change, objects) = raw_record(record, || fields.next())?;
        listing.stat.files.push(change);
        listing.objects.extend(objects);
    }
    for change in &mut listing.stat.files {
        count(fields.next().ok_or(Unreadable)?, change, || fields.next())?;
        listing.stat.added += change.added;
        listing.stat.deleted += change.deleted;
    }
    match (fields.next(), fields.next()) {
        (None | Some(b""), None) => Ok(listing),
        _ => Err(Unreadable),
    }
}

/// `:<mode> <mode> <object> <object> <status>`, then one path or two.
fn raw_record<'a>(
    record: &[u8],
    mut next: impl FnMut() -> Option<&'a [u8]>,
) -> Result<(FileChange, Vec<String>), Unreadable> {
    let text = str::from_utf8(record.get(1..).ok_or(Unreadable)?).map_err(|_| Unreadable)?;
    let [old_mode, new_mode, old, new, status] = text.split(' ').collect::<Vec<_>>()[..] else {
        return Err(Unreadable);
    };
    let status = match status.as_bytes().first() {
        Some(b'A' | b'C') => FileStatus::Added,
        Some(b'D') => FileStatus::Deleted,
        Some(b'M') => FileStatus::Modified,
        Some(b'R') => FileStatus::Renamed,
        Some(b'T') => FileStatus::TypeChanged,
        _ => return Err(Unreadable),
    };
    let mut path = || next().map(|path| String::from_utf8_lossy(path).into_owned()).ok_or(Unreadable);
    let first = path()?;
    let (path, old_path) = if status == FileStatus::Renamed { (path()?, Some(first)) } else { (first, None) };
    let is_blob = |mode: &str, object: &str| mode != "160000" && object.bytes().any(|digit| digit != b'0');
    let objects = [(old_mode, old), (new_mode, new)];
    let objects = objects.iter().filter(|(mode, object)| is_blob(mode, object)).map(|(_, object)| (*object).to_owned());
    let change = FileChange {
        path,
        old_path,
        status,
        old_mode: old_mode.to_owned(),
        new_mode: new_mode.to_owned(),
        added: 0,
        deleted: 0,
        binary: false,
    };
    Ok((change, objects.collect()))
}

/// `<added>\t<deleted>\t<path>`, or without the path and with two of them after it. `-` stands for binary.
fn count<'a>(
    record: &[u8],
    change: &mut FileChange,
    mut next: impl FnMut() -> Option<&'a [u8]>,
) -> Result<(), Unreadable> {
    let mut parts = record.splitn(3, |&byte| byte == b'\t');
    let (added, deleted) = (parts.next().ok_or(Unreadable)?, parts.next().ok_or(Unreadable)?);
    if parts.next().ok_or(Unreadable)?.is_empty() {
        next().and_then(|_| next()).ok_or(Unreadable)?;
    }
    let number = |digits| str::from_utf8(digits).ok().and_then(|text: &str| text.parse().ok()).ok_or(Unreadable);
    if added == b"-" {
        change.binary = true;
    } else {
        (change.added, change.deleted) = (number(added)?, number(deleted)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(listing(b"").unwrap(), Listing::default());
    }

    #[test]
    fn raw_records_and_counts_go_together() {
        let output = b":000000 100644 0000 aaaa A\0new \xff\0:100644 100755 bbbb cccc R087\0old\0dir/new\0\
            :100644 000000 dddd 0000 D\0gone\0:160000 160000 e1 e2 M\0sub\0\
            3\t0\tnew \xff\x001\t2\t\0old\0dir/new\0-\t-\tgone\x001\t1\tsub\0";
        let Listing { stat, objects } = listing(output).unwrap();
        let shown: Vec<_> =
            stat.files.iter().map(|f| (f.path.as_str(), f.status, f.added, f.deleted, f.binary)).collect();
        assert_eq!(
            shown,
            [
                ("new \u{fffd}", FileStatus::Added, 3, 0, false),
                ("dir/new", FileStatus::Renamed, 1, 2, false),
                ("gone", FileStatus::Deleted, 0, 0, true),
                ("sub", FileStatus::Modified, 1, 1, false),
            ]
        );
        assert_eq!(stat.files[1].old_path.as_deref(), Some("old"));
        assert_eq!((stat.added, stat.deleted), (5, 3));
        assert_eq!(objects, ["aaaa", "bbbb", "cccc", "dddd"]);
    }

    #[test]
    fn what_is_cut_or_extra_is_not_read() {
        for output in [
            b":100644 100644 a b M\0x\0".as_slice(),
            b":100644 100644 a b M\0",
            b":100644 100644 a b X\0x\x001\t1\tx\0",
            b":100644 100644 a M\0x\x001\t1\tx\0",
            b":100644 100644 a b M\0x\x00y\t1\tx\0",
            b":100644 100644 a b M\0x\x001\t1\tx\x001\t1\ty\0",
            b"1\t1\tx\0",
        ] {
            assert_eq!(listing(output), Err(Unreadable), "{}", output.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(output in prop::collection::vec(prop_oneof![Just(0_u8), Just(b':'), Just(b'\t'), any::<u8>()], 0..80)) {
            let _ = listing(&output);
        }
    }
}
