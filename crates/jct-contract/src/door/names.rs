//! Grammar of the two texts that later become arguments and paths: refs and paths inside a repository.

/// Why `text` is not a name of a ref, by the rules of `git check-ref-format --allow-onelevel`, or `None` if it is one.
///
/// A leading `-` is refused on top: git would read it as an option.
pub(super) fn ref_problem(text: &str) -> Option<&'static str> {
    let forbidden = |character: char| character.is_ascii_control() || " ~^:?*[\\".contains(character);
    if text.starts_with('-') {
        Some("must not begin with `-`")
    } else if text == "@" {
        Some("must not be `@` alone")
    } else if text.contains(forbidden) {
        Some("must not contain white space, control characters or any of `~ ^ : ? * [ \\`")
    } else if text.contains("..") {
        Some("must not contain `..`")
    } else if text.contains("@{") {
        Some("must not contain `@{`")
    } else if text.ends_with('.') {
        Some("must not end with `.`")
    } else if text.split('/').any(str::is_empty) {
        Some("must not begin or end with `/`, nor contain `//`")
    } else if text.split('/').any(|component| component.starts_with('.') || component.ends_with(".lock")) {
        Some("no component may begin with `.` or end with `.lock`")
    } else {
        None
    }
}

/// Why `text` is not a path inside a repository, or `None` if it is one.
pub(super) fn path_problem(text: &str) -> Option<&'static str> {
    if text.starts_with('/') {
        Some("must be relative to the root of the repository")
    } else if text.contains('\\') {
        Some("must not contain backslashes; segments are separated by `/`")
    } else if text.contains(char::is_control) {
        Some("must not contain control characters")
    } else if text.split('/').any(|segment| segment == "..") {
        Some("must not contain `..` as a segment")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_follow_the_rules_of_git() {
        for good in ["main", "v1.2", "feature/x-1", "refs/heads/main", "a@b", "0123abc", "a{b", "größe", "@/x", "a.b/c"]
        {
            assert_eq!(ref_problem(good), None, "{good}");
        }
        for bad in [
            "-x",
            "--upload-pack=x",
            "@",
            "a b",
            "a\tb",
            "a\u{7f}",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "[a",
            "a\\b",
            "a..b",
            "a@{1}",
            "a.",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "; rm -rf /",
        ] {
            assert!(ref_problem(bad).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn paths_stay_inside_the_repository() {
        for good in ["", "src", "src/lib.rs", "a..b/c", "./src", "crates/größe", "a b", "..."] {
            assert_eq!(path_problem(good), None, "{good}");
        }
        for bad in
            ["/", "/etc/passwd", "..", "../../etc", "a/../b", "a/..", "a\\b", "..\\x", "a\nb", "a\u{85}b", "a\u{7f}"]
        {
            assert!(path_problem(bad).is_some(), "{bad:?}");
        }
    }
}
