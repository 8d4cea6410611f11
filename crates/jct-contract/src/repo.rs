//! The one spelling of a repository: what prefixes are matched against and folders are named after.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::limits::REPO_MAX_CHARS;

/// A repository as `owner/name`, lower case; more segments are allowed (`group/subgroup/name`).
///
/// Every segment has letters, digits, `.`, `_` and `-`, does not begin with `-` (it may end up as an argument of
/// git), is neither `.` nor `..`, and does not end with `.git` (it may end up as a folder beside `name.git`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RepoName(String);

/// The text does not name a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a repository is `owner/name` of letters, digits, `.`, `_` and `-`")]
pub struct InvalidRepoName;

impl RepoName {
    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first segment.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(owner, _)| owner)
    }

    /// Everything after the first segment; has slashes of its own if there are more than two segments.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// Whether `text` can be one segment of a normalised name.
    #[must_use]
    pub fn is_segment(text: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-');
        !matches!(text, "" | "." | "..") && text.bytes().all(plain) && !text.starts_with('-') && !text.ends_with(".git")
    }
}

impl FromStr for RepoName {
    type Err = InvalidRepoName;

    /// Normalises: trims, lower-cases (ASCII only, so that no look-alike letter becomes a plain one), strips trailing
    /// slashes and one trailing `.git`.
    fn from_str(text: &str) -> Result<Self, InvalidRepoName> {
        let lower = text.trim().to_ascii_lowercase();
        let bare = lower.trim_end_matches('/');
        let bare = bare.strip_suffix(".git").unwrap_or(bare).trim_end_matches('/');
        let fits = bare.len() <= REPO_MAX_CHARS && bare.contains('/');
        if fits && bare.split('/').all(Self::is_segment) { Ok(Self(bare.to_owned())) } else { Err(InvalidRepoName) }
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: Option<&str>) {
        assert_eq!(raw.parse::<RepoName>().ok().as_ref().map(RepoName::as_str), expected, "{raw:?}");
    }

    #[test]
    fn spellings_of_one_repository_become_one_name() {
        for raw in [
            "testorg/repo",
            "  TestOrg/Repo\n",
            "testorg/repo.git",
            "testorg/repo.GIT",
            "testorg/repo/",
            "testorg/repo///",
            "testorg/repo.git/",
            "TESTORG/REPO.Git//",
        ] {
            check(raw, Some("testorg/repo"));
        }
        check("group/sub/name", Some("group/sub/name"));
        check("testorg/.github", Some("testorg/.github"));
        check("testorg/a..b_c-d.1", Some("testorg/a..b_c-d.1"));
    }

    #[test]
    fn what_is_not_owner_and_name_is_refused() {
        for raw in [
            "",
            " ",
            "repo",
            "testorg/",
            "testorg/.git",
            "/repo",
            "//",
            "testorg//repo",
            "testorg/../evil",
            "testorg/./x",
            "testorg/..",
            "../testorg",
            "testorg/a b",
            "testorg/x\nfoo",
            "testorg/x\0",
            "https://github.com/testorg/x",
            "git@host:testorg/x",
            "testorg/x;rm",
            "testorg/$(x)",
            "testorg\\x",
            "-o/x",
            "testorg/-x",
            "testorg/é",
            "testorg/\u{212a}",
            "testorg/x .git",
            "testorg/x.git.git",
            "testorg/x.git/.git",
            "testorg/x.git/y",
        ] {
            check(raw, None);
        }
    }

    #[test]
    fn owner_and_name_split_at_the_first_slash() {
        let repo: RepoName = "group/sub/name".parse().unwrap();
        assert_eq!((repo.owner(), repo.name()), ("group", "sub/name"));
    }

    proptest! {
        #[test]
        fn a_name_is_its_own_spelling(raw in "[ A-Za-z0-9._/-]{0,24}(\\.git)?/{0,2}") {
            if let Ok(name) = raw.parse::<RepoName>() {
                let again = name.as_str().parse::<RepoName>();
                prop_assert_eq!(again, Ok(name));
            }
        }
    }
}
