//! A part of the repository namespace: matched by whole path segments, so that `myorg` never admits `myorg-evil/x`.

use std::fmt;
use std::str::FromStr;

use jct_contract::RepoName;

/// An owner, a group, or one repository: everything at and below it is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPrefix {
    // INVARIANT: one or more segments of a normalised repository name, joined by `/`, none at the end.
    path: String,
}

/// The text is not a prefix of repository names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a prefix of repository names such as `myorg/`")]
pub struct InvalidRepoPrefix {
    text: String,
}

impl RepoPrefix {
    /// Whether the repository is this one or lies below it.
    #[must_use]
    pub fn contains(&self, repo: &RepoName) -> bool {
        repo.as_str().strip_prefix(&self.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromStr for RepoPrefix {
    type Err = InvalidRepoPrefix;

    /// Trims, lower-cases and strips trailing slashes: `MyOrg`, `myorg/` and ` myorg ` are one prefix.
    fn from_str(text: &str) -> Result<Self, InvalidRepoPrefix> {
        let lower = text.trim().to_ascii_lowercase();
        let path = lower.trim_end_matches('/');
        if path.split('/').all(RepoName::is_segment) {
            Ok(Self { path: path.to_owned() })
        } else {
            Err(InvalidRepoPrefix { text: text.to_owned() })
        }
    }
}

impl fmt::Display for RepoPrefix {
    /// With a slash at the end, as prefixes are usually written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(prefix: &str, repo: &str, contained: bool) {
        let prefix: RepoPrefix = prefix.parse().unwrap();
        assert_eq!(prefix.contains(&repo.parse().unwrap()), contained, "{prefix} {repo}");
    }

    #[test]
    fn a_prefix_matches_whole_segments() {
        for prefix in ["myorg", "myorg/", " MyOrg// "] {
            check(prefix, "myorg/x", true);
            check(prefix, "MYORG/group/x", true);
            check(prefix, "myorg-evil/x", false);
            check(prefix, "myorg.evil/x", false);
            check(prefix, "x/myorg", false);
        }
        check("myorg/team", "myorg/team/x", true);
        check("myorg/team", "myorg/team", true);
        check("myorg/team", "myorg/team-evil", false);
        check("myorg/team", "myorg/x", false);
    }

    #[test]
    fn what_no_repository_could_match_is_refused() {
        for text in ["", " ", "/", "/myorg", "my org/", "*", "..", "myorg//x", "https://host/", "a,b"] {
            assert!(text.parse::<RepoPrefix>().is_err(), "{text:?}");
        }
    }
}
