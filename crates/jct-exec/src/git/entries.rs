//! What a commit changes, as git's raw diff lists it, and whether that may be written to a disk. Pure.
//!
//! The lines are git's quoted form, not the one that ends in NUL: output of a size that somebody else decides is read as
//! lines, of which enough can be enough.

use super::names::{BadPath, LONGEST_PATH, check_path};
use super::refusal::Refusal;

/// Characters of a path shown in a message.
const SHOWN: usize = 200;

/// A symbolic link that is new, or has a new target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) path: Vec<u8>,
    /// The blob that holds the target.
    pub(super) object: String,
    pub(super) shown: String,
}

/// Checks one line of `git log --raw` or `git diff-tree --raw`, merges (`-c`) included. Gives back the link it adds.
pub(super) fn check_entry(line: &str) -> Result<Option<Link>, Refusal> {
    // A line that was cut has a path that is far too long.
    let Some(entry) = Entry::parse(line) else {
        return Err(Refusal::PathTooLong { path: shown(line), limit: LONGEST_PATH });
    };
    let path = entry.shown();
    if entry.mode == "000000" {
        return Ok(None);
    }
    match check_path(&entry.path) {
        Ok(()) => {}
        Err(BadPath::TooLong) => return Err(Refusal::PathTooLong { path, limit: LONGEST_PATH }),
        Err(BadPath::Reserved) => return Err(Refusal::ReservedName { path }),
    }
    match entry.mode {
        "100644" | "100755" | "100664" => Ok(None),
        "120000" => Ok(Some(Link { object: entry.object.to_owned(), shown: path, path: entry.path })),
        "160000" => Err(Refusal::Submodule { path }),
        mode => Err(Refusal::UnknownMode { path, mode: mode.to_owned() }),
    }
}

/// `:100644 100644 <object> <object> M\t<path>`; a merge of n parents has n colons, n + 1 modes and n + 1 objects.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    mode: &'a str,
    object: &'a str,
    path: Vec<u8>,
    quoted: &'a str,
}

impl<'a> Entry<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (facts, quoted) = line.split_once('\t')?;
        let bare = facts.trim_start_matches(':');
        let parents = facts.len() - bare.len();
        let fields: Vec<&str> = bare.split(' ').collect();
        if parents == 0 || fields.len() != 2 * (parents + 1) + 1 {
            return None;
        }
        Some(Self { mode: fields[parents], object: fields[2 * parents + 1], path: unquote(quoted)?, quoted })
    }

    fn shown(&self) -> String {
        shown(self.quoted)
    }
}

fn shown(text: &str) -> String {
    let text = text.trim_matches('"');
    if text.chars().count() > SHOWN {
        let cut: String = text.chars().take(SHOWN).collect();
        return format!("`{cut}…`");
    }
    format!("`{text}`")
}

/// Reads a path as git quotes it: as it is, or in double quotes with the escapes of C.
fn unquote(text: &str) -> Option<Vec<u8>> {
    let Some(inner) = text.strip_prefix('"') else { return Some(text.as_bytes().to_vec()) };
    let mut bytes = inner.strip_suffix('"')?.bytes();
    let mut out = Vec::with_capacity(inner.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next()? {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                same @ (b'"' | b'\\') => same,
                first @ b'0'..=b'3' => {
                    let mut digit = || bytes.next().filter(|digit| (b'0'..=b'7').contains(digit)).map(|d| d - b'0');
                    (first - b'0') * 64 + digit()? * 8 + digit()?
                }
                _ => return None,
            },
            b'"' => return None,
            byte => byte,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(mode: &str, path: &str) -> String {
        format!(":100644 {mode} {} {} M\t{path}", "a".repeat(40), "b".repeat(40))
    }

    #[track_caller]
    fn check(line: &str, expect: Result<Option<&str>, &str>) {
        let found = check_entry(line);
        let found = found.map(|link| link.map(|link| link.object)).map_err(|refusal| refusal.to_string());
        assert_eq!(found, expect.map(|object| object.map(str::to_owned)).map_err(str::to_owned), "{line}");
    }

    #[test]
    fn files_pass_and_links_are_given_back() {
        check(&line("100644", "a/b"), Ok(None));
        check(&line("100755", r#""a\tb\303\251\377""#), Ok(None));
        check(&line("120000", "x"), Ok(Some(&"b".repeat(40))));
        check("::100644 100644 120000 a b c MM\tx", Ok(Some("c")));
        check(":160000 000000 a b D\tsub", Ok(None));
        check(":100644 000000 a b D\t.GIT/config", Ok(None));
    }

    #[test]
    fn what_must_not_reach_a_disk_is_refused() {
        let reserved = "has a component that is reserved for git or leaves the tree";
        check(&line("100644", ".GIT/config"), Err(&format!("the path `.GIT/config` {reserved}")));
        check(&line("100644", r#""\056git/config""#), Err(&format!(r"the path `\056git/config` {reserved}")));
        check(&line("160000", "sub"), Err("the submodule `sub` was added or changed"));
        check(&line("040000", "x"), Err("the entry `x` has the unknown mode 040000"));
        let long = "a/".repeat(3000);
        assert!(
            matches!(check_entry(&line("100644", &long)), Err(Refusal::PathTooLong { path, .. }) if path.len() < 300)
        );
        for cut in ["", "x", ":100644", ":100644 100644 a b M", "100644 100644 a b M\tx", ":100644 a b M\tx"] {
            assert!(matches!(check_entry(cut), Err(Refusal::PathTooLong { .. })), "{cut}");
        }
    }

    #[test]
    fn quotes_of_git() {
        assert_eq!(unquote("a b").unwrap(), b"a b");
        assert_eq!(unquote(r#""\a\b\t\n\v\f\r\"\\\001\377""#).unwrap(), b"\x07\x08\t\n\x0b\x0c\r\"\\\x01\xff");
        for broken in ["\"", "\"a", r#""\9""#, r#""\07""#, r#""\400""#, r#""a"b""#, r#""\"#] {
            assert_eq!(unquote(broken), None, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(line in "\\PC{0,80}", quoted in ":{0,3}[0-7 ]{0,30}\t\"[\\\\0-9a-z\"]{0,20}") {
            let _ = check_entry(&line);
            let _ = check_entry(&quoted);
        }
    }
}
