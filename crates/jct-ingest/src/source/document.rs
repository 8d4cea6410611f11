//! Reads one document: its bytes as text, or why it is none.

use std::io::Read as _;

use jct_contract::Sha256Digest;
use jiff::Timestamp;

use super::{Entry, Folder, OpenError};

/// A larger file is no document.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// A text with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) size_bytes: u64,
    /// Of the bytes as they are in the file.
    pub(crate) digest: Sha256Digest,
    pub(crate) modified_at: Option<Timestamp>,
}

/// What came of reading a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    Document(Document),
    /// It is no document, and why.
    Skipped(&'static str),
    /// It may be one and could not be read.
    Failed(String),
}

pub(crate) fn read(folder: &Folder, entry: &Entry) -> Read {
    let path = &entry.path;
    let file = match folder.file(path) {
        Ok(file) => file,
        // It was a file when it was listed.
        Err(OpenError::NotAFile) => return Read::Skipped("not_a_file"),
        Err(OpenError::Unreadable(error)) => return Read::Failed(format!("it cannot be opened: {}", error.kind())),
    };
    let modified_at = file.metadata().and_then(|metadata| metadata.modified()).ok();
    let mut bytes = Vec::new();
    if let Err(error) = file.take(MOST_BYTES + 1).read_to_end(&mut bytes) {
        return Read::Failed(format!("it cannot be read: {}", error.kind()));
    }
    let size_bytes = bytes.len() as u64;
    if size_bytes > MOST_BYTES {
        return Read::Skipped("too_large");
    }
    let digest = Sha256Digest::of(&bytes);
    if bytes.contains(&0) {
        return Read::Skipped("binary");
    }
    let Ok(text) = String::from_utf8(bytes) else { return Read::Skipped("not_utf8") };
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    let modified_at = modified_at.and_then(|time| Timestamp::try_from(time).ok());
    Read::Document(Document { path: path.clone(), text, size_bytes, digest, modified_at })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: Result<&str, &'static str>) {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("x"), bytes).unwrap();
        let found = read(&Folder::open(root.path()).unwrap(), &Entry { path: "x".to_owned() });
        match (found, expect) {
            (Read::Document(document), Ok(text)) => {
                assert_eq!(document.text, text);
                assert_eq!(document.digest, Sha256Digest::of(bytes));
            }
            (Read::Skipped(reason), Err(expect)) => assert_eq!(reason, expect),
            (found, _) => panic!("{found:?}"),
        }
    }

    #[test]
    fn only_texts_are_documents() {
        check(b"", Ok(""));
        check("é\n".as_bytes(), Ok("é\n"));
        check(b"\xef\xbb\xbfx", Ok("x"));
        check(b"a\0b", Err("binary"));
        check(b"caf\xe9", Err("not_utf8"));
        let most = usize::try_from(MOST_BYTES).unwrap();
        check(&vec![b'a'; most + 1], Err("too_large"));
    }

    #[test]
    fn what_cannot_be_read_is_no_deletion() {
        let root = tempfile::tempdir().unwrap();
        let found = read(&Folder::open(root.path()).unwrap(), &Entry { path: "gone".to_owned() });
        assert!(matches!(found, Read::Failed(_)), "{found:?}");
    }
}
