//! Which paths and link targets of a foreign commit are safe to write to a disk, whatever the file system makes of
//! them. Pure.
//!
//! `git fsck` refuses most of this too. It is checked here again because a checkout on the host is at stake, and
//! because what fsck refuses depends on git's version.

/// The longest path, in bytes: what a system call takes.
pub(super) const LONGEST_PATH: usize = 4096;
/// The longest name of a file, in bytes.
const LONGEST_NAME: usize = 255;

/// What is wrong with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadPath {
    TooLong,
    Reserved,
}

/// Checks a path from the root of a tree, separated by `/`.
pub(super) fn check_path(path: &[u8]) -> Result<(), BadPath> {
    if path.len() > LONGEST_PATH || path.split(|&byte| byte == b'/').any(|name| name.len() > LONGEST_NAME) {
        return Err(BadPath::TooLong);
    }
    let reserved = path.contains(&0) || path.split(|&byte| byte == b'/').any(is_reserved);
    if reserved { Err(BadPath::Reserved) } else { Ok(()) }
}

/// Whether a link at `path` with this `target` stays inside the tree, whatever other links do that keep the rule:
/// relative, first as many `..` as the link is deep, none afterwards.
pub(super) fn is_safe_target(path: &[u8], target: &[u8]) -> bool {
    if target.is_empty() || target.len() > LONGEST_PATH || target.starts_with(b"/") || target.contains(&0) {
        return false;
    }
    let depth = path.iter().filter(|&&byte| byte == b'/').count();
    let mut names = target.split(|&byte| byte == b'/').filter(|name| !matches!(*name, b"" | b".")).peekable();
    let mut up = 0;
    while names.next_if_eq(&b"..".as_slice()).is_some() {
        up += 1;
    }
    up <= depth && !names.any(is_reserved)
}

fn is_reserved(name: &[u8]) -> bool {
    matches!(name, b"" | b"." | b"..") || is_git_folder(name)
}

/// Whether some file system takes `name` for `.git`: Linux, macOS (ignores case and some characters) or Windows (ignores
/// case, trailing dots and spaces, has short names and streams, and takes `\` for a separator).
fn is_git_folder(name: &[u8]) -> bool {
    if name.split(|&byte| byte == b'\\').any(is_git_folder_on_windows) {
        return true;
    }
    let folded = String::from_utf8_lossy(name);
    let visible: String = folded.chars().filter(|&c| !is_ignored_on_macos(c)).collect();
    visible.eq_ignore_ascii_case(".git")
}

fn is_git_folder_on_windows(name: &[u8]) -> bool {
    let stem = name.split(|&byte| byte == b':').next().unwrap_or_default();
    let kept = stem.iter().rposition(|byte| !matches!(byte, b'.' | b' ')).map_or(0, |last| last + 1);
    let stem = &stem[..kept];
    stem.eq_ignore_ascii_case(b".git") || stem.eq_ignore_ascii_case(b"git~1")
}

/// The characters that HFS+ leaves out when it compares names.
fn is_ignored_on_macos(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn path(path: &[u8], expect: Result<(), BadPath>) {
        assert_eq!(check_path(path), expect, "{}", path.escape_ascii());
    }

    #[test]
    fn plain_names_pass() {
        for good in ["a", "a/b.c", ".github/x", ".gitignore", "git", "a b", "-x", "é", ".gitx/y", "git~2", "con:x"] {
            path(good.as_bytes(), Ok(()));
        }
        path(b"\xff\xfe/\x01", Ok(()));
    }

    #[test]
    fn what_git_or_a_file_system_reserves_is_refused() {
        for bad in [
            "",
            "a//b",
            "/a",
            "a/",
            ".",
            "a/..",
            "../a",
            ".git",
            "a/.git/config",
            ".GIT",
            ".Git/x",
            "GIT~1",
            ".git.",
            ".git ",
            ".git . /x",
            ".git:stream",
            ".git::$INDEX_ALLOCATION",
            "a\\.git\\config",
            ".g\u{200c}it",
            ".git\u{feff}",
            "a\0b",
        ] {
            path(bad.as_bytes(), Err(BadPath::Reserved));
        }
    }

    #[test]
    fn long_paths_are_refused() {
        let name = "a".repeat(LONGEST_NAME);
        path(name.as_bytes(), Ok(()));
        path(format!("{name}a").as_bytes(), Err(BadPath::TooLong));
        path("a/".repeat(LONGEST_PATH / 2).trim_end_matches('/').as_bytes(), Ok(()));
        path("a/".repeat(LONGEST_PATH / 2 + 1).trim_end_matches('/').as_bytes(), Err(BadPath::TooLong));
    }

    #[track_caller]
    fn link(path: &str, target: &str, expect: bool) {
        assert_eq!(is_safe_target(path.as_bytes(), target.as_bytes()), expect, "{path} -> {target}");
    }

    #[test]
    fn links_stay_in_the_tree() {
        link("x", "a", true);
        link("x", "./a/./b/", true);
        link("a/b/x", "../../c", true);
        link("a/x", "..", true);
        link("x", "..", false);
        link("a/x", "../..", false);
        link("a/b/x", "../../../etc", false);
        link("x", "/etc/passwd", false);
        link("x", "", false);
        link("x", "a\0", false);
        // `d` may itself be a link to a folder that is less deep.
        link("x", "d/..", false);
        link("a/x", "d/../../y", false);
        link("x", ".git/config", false);
        link("a/x", "../.GIT", false);
    }

    proptest! {
        /// Follows the target by the letter, with every named folder a real one: it never gets above the root.
        #[test]
        fn a_safe_target_never_climbs_out(depth in 0_usize..4, target in "(\\.\\.|a|\\.|)(/(\\.\\.|a|\\.|)){0,6}") {
            let path = "d/".repeat(depth) + "x";
            if is_safe_target(path.as_bytes(), target.as_bytes()) {
                let mut at = depth;
                for name in target.split('/') {
                    match name {
                        ".." => at = at.checked_sub(1).expect("inside the tree"),
                        "a" => at += 1,
                        _ => {}
                    }
                }
            }
        }

        #[test]
        fn nothing_panics(path in prop::collection::vec(any::<u8>(), 0..40), target in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = check_path(&path);
            let _ = is_safe_target(&path, &target);
        }
    }
}
