//! What a patch in git's format changes, file by file. Total: of bytes that are no patch it says that they change
//! nothing.

use std::borrow::Cow;

use serde::Serialize;

/// What a patch does to one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct FileChange {
    /// The file, after the change.
    pub(crate) path: String,
    /// What becomes of it.
    pub(crate) change: Change,
    /// What it was called before, if it was called otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    /// Lines that are new.
    pub(crate) added: u64,
    /// Lines that are gone.
    pub(crate) deleted: u64,
    /// Whether lines say nothing about it.
    pub(crate) binary: bool,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    Added,
    Deleted,
    #[default]
    Modified,
    Renamed,
    Copied,
}

impl Change {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Deleted => "deleted",
            Self::Modified => "modified",
            Self::Renamed => "renamed",
            Self::Copied => "copied",
        }
    }
}

/// The files that a patch changes, in its order.
pub(crate) fn files(patch: &[u8]) -> Vec<FileChange> {
    let (mut files, mut open) = (Vec::new(), Hunk::default());
    for line in patch.split(|byte| *byte == b'\n') {
        if let Some(names) = line.strip_prefix(b"diff --git ").filter(|_| open.is_over()) {
            files.push(FileChange { path: common_name(names), ..FileChange::default() });
        } else if let Some(file) = files.last_mut() {
            if open.is_over() { header(line, file, &mut open) } else { open.line(line, file) }
        }
    }
    files
}

/// How much of a hunk is still to come. Only its own counts say where it ends: its lines may look like anything.
#[derive(Default)]
struct Hunk {
    old: u64,
    new: u64,
}

impl Hunk {
    const fn is_over(&self) -> bool {
        self.old == 0 && self.new == 0
    }

    fn line(&mut self, line: &[u8], file: &mut FileChange) {
        match line.first() {
            Some(b'-') => {
                self.old = self.old.saturating_sub(1);
                file.deleted = file.deleted.saturating_add(1);
            }
            Some(b'+') => {
                self.new = self.new.saturating_sub(1);
                file.added = file.added.saturating_add(1);
            }
            // That the line before has no line break.
            Some(b'\\') => {}
            _ => {
                self.old = self.old.saturating_sub(1);
                self.new = self.new.saturating_sub(1);
            }
        }
    }
}

/// A line between hunks.
fn header(line: &[u8], file: &mut FileChange, open: &mut Hunk) {
    if let Some(ranges) = line.strip_prefix(b"@@ -") {
        *open = hunk(ranges).unwrap_or_default();
    } else if line.starts_with(b"new file mode ") {
        file.change = Change::Added;
    } else if line.starts_with(b"deleted file mode ") {
        file.change = Change::Deleted;
    } else if line.starts_with(b"GIT binary patch") || line.starts_with(b"Binary files ") {
        file.binary = true;
    } else if let Some(name) = line.strip_prefix(b"rename from ") {
        (file.change, file.from) = (Change::Renamed, Some(whole_name(name)));
    } else if let Some(name) = line.strip_prefix(b"copy from ") {
        (file.change, file.from) = (Change::Copied, Some(whole_name(name)));
    } else if let Some(name) = line.strip_prefix(b"rename to ").or_else(|| line.strip_prefix(b"copy to ")) {
        file.path = whole_name(name);
    }
}

/// The line counts of `1,2 +3,4 @@ …`; a count that is left out is one.
fn hunk(ranges: &[u8]) -> Option<Hunk> {
    let ranges = str::from_utf8(ranges.split(|byte| *byte == b'@').next()?).ok()?;
    let (old, new) = ranges.trim_end().split_once(" +")?;
    let count = |range: &str| range.split_once(',').map_or(Some(1), |(_, count)| count.parse().ok());
    Some(Hunk { old: count(old)?, new: count(new)? })
}

/// The name in `a/name b/name`. Where the two differ, lines of their own say so.
fn common_name(names: &[u8]) -> String {
    let last = if names.ends_with(b"\"") {
        // The second name is in quotation marks; the space before them is the one that parts the names.
        let start = names.windows(3).position(|three| three == b" \"b").map_or(0, |space| space.saturating_add(1));
        names.get(start..).unwrap_or_default()
    } else {
        // Equal but for their first letter, so that the middle is the space between them.
        names.get(names.len().div_ceil(2)..).unwrap_or_default()
    };
    let name = whole_name(last);
    name.strip_prefix("b/").map_or(name.clone(), str::to_owned)
}

/// A name as git writes it: as it is, or in quotation marks with escapes. What is not UTF-8 is replaced.
fn whole_name(name: &[u8]) -> String {
    let quoted = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\""));
    let bytes = quoted.map_or(Cow::Borrowed(name), |name| Cow::Owned(unescaped(name)));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn unescaped(name: &[u8]) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::with_capacity(name.len()), name);
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let octal = rest.get(..3).and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 8).ok());
        if let Some(byte) = octal {
            bytes.push(byte);
            rest = rest.get(3..).unwrap_or_default();
        } else if let Some((letter, after)) = rest.split_first() {
            let at = b"abtnvfr".iter().position(|known| known == letter);
            bytes.push(at.and_then(|at| b"\x07\x08\t\n\x0b\x0c\r".get(at).copied()).unwrap_or(*letter));
            rest = after;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Path, change, name before, lines added and deleted, binary.
    type Told<'a> = (&'a str, Change, Option<&'a str>, u64, u64, bool);

    #[track_caller]
    fn check(patch: &str, expect: &[Told<'_>]) {
        let files = files(patch.as_bytes());
        let found: Vec<_> = files
            .iter()
            .map(|file| (&*file.path, file.change, file.from.as_deref(), file.added, file.deleted, file.binary))
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn every_sort_of_change_is_told() {
        check("", &[]);
        check("this is no patch\n+a\n", &[]);
        check(
            "diff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1,2 +1,3 @@ fn x\n a\n-b\n+c\n+d\n",
            &[("src/a.rs", Change::Modified, None, 2, 1, false)],
        );
        check(
            "diff --git a/n b/n\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n\
             diff --git a/empty b/empty\nnew file mode 100644\nindex 0..1\n\
             diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
            &[
                ("n", Change::Added, None, 1, 0, false),
                ("empty", Change::Added, None, 0, 0, false),
                ("gone", Change::Deleted, None, 0, 1, false),
            ],
        );
        check(
            "diff --git a/old name b/new\nsimilarity index 100%\nrename from old name\nrename to new\n\
             diff --git a/x b/y\ncopy from x\ncopy to y\n",
            &[("new", Change::Renamed, Some("old name"), 0, 0, false), ("y", Change::Copied, Some("x"), 0, 0, false)],
        );
        check(
            "diff --git a/i.png b/i.png\nindex 0..1\nGIT binary patch\nliteral 3\nKcmZ?wbhEHb\n\nliteral 0\nHcmV?d00001\n\n",
            &[("i.png", Change::Modified, None, 0, 0, true)],
        );
    }

    #[test]
    fn lines_of_a_hunk_that_look_like_headers_are_lines() {
        check(
            "diff --git a/d b/d\n--- a/d\n+++ b/d\n@@ -1,2 +1,2 @@\n--- a/x\n+++ b/x\n diff --git a/e b/e\n",
            &[("d", Change::Modified, None, 1, 1, false)],
        );
    }

    #[test]
    fn names_with_spaces_and_escapes_are_read() {
        check("diff --git a/a b c b/a b c\n", &[("a b c", Change::Modified, None, 0, 0, false)]);
        check(
            "diff --git \"a/gr\\303\\274n\\t\\\"\" \"b/gr\\303\\274n\\t\\\"\"\n",
            &[("grün\t\"", Change::Modified, None, 0, 0, false)],
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            files(&[b"diff --git \"a/".as_slice(), &bytes, b"\n@@ -1,9 +1,9 @@\n", &bytes].concat());
        }
    }
}
