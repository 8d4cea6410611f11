//! A reference name that is safe to hand to git: never an option, never an expression.

/// Why a reference is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefError {
    /// Nothing, or more than 255 bytes.
    #[error("a reference has 1 to 255 bytes")]
    Length,
    /// A leading dash.
    #[error("a reference must not begin with `-`")]
    LeadingDash,
    /// One of git's rules for reference names is broken.
    #[error("`{0}` breaks the rules for reference names")]
    Format(String),
}

/// A branch, a tag, a full name below `refs/heads/` or `refs/tags/`, `HEAD`, or a commit id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefName(String);

impl RefName {
    /// Checks `text` by the rules of `git check-ref-format --allow-onelevel`.
    ///
    /// # Errors
    ///
    /// [`RefError`] when a rule is broken.
    pub fn parse(text: &str) -> Result<Self, RefError> {
        if text.is_empty() || text.len() > 255 {
            return Err(RefError::Length);
        }
        if text.starts_with('-') {
            return Err(RefError::LeadingDash);
        }
        let forbidden = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
        let bad_segment = |s: &str| s.is_empty() || s.starts_with('.') || s.ends_with(".lock");
        let broken = text == "@"
            || text.ends_with('.')
            || text.contains("..")
            || text.contains("@{")
            || text.contains(forbidden)
            || text.split('/').any(bad_segment);
        if broken {
            return Err(RefError::Format(text.escape_default().to_string()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the default branch of the remote that is meant.
    pub(super) fn is_head(&self) -> bool {
        self.0 == "HEAD"
    }

    /// The name in lower case when it has the form of a whole commit id.
    pub(super) fn as_commit(&self) -> Option<String> {
        let whole = matches!(self.0.len(), 40 | 64) && self.is_hexadecimal();
        whole.then(|| self.0.to_ascii_lowercase())
    }

    /// What it may stand for, best first: a branch, a tag, then a commit id.
    pub(super) fn candidates(&self) -> Vec<String> {
        let name = &self.0;
        if self.is_head() {
            return vec![HEAD_COPY.to_owned()];
        }
        if name.starts_with("refs/heads/") || name.starts_with("refs/tags/") {
            return vec![name.clone()];
        }
        let mut candidates = vec![format!("refs/heads/{name}"), format!("refs/tags/{name}")];
        if name.len() >= 7 && self.is_hexadecimal() {
            candidates.push(name.to_ascii_lowercase());
        }
        candidates
    }

    fn is_hexadecimal(&self) -> bool {
        self.0.len() <= 64 && self.0.bytes().all(|b| b.is_ascii_hexdigit())
    }
}

/// Where a cache keeps the remote's `HEAD`.
pub(super) const HEAD_COPY: &str = "refs/jct/head";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, candidates: &[&str]) {
        assert_eq!(RefName::parse(text).unwrap().candidates(), candidates);
    }

    #[test]
    fn branches_before_tags_before_commits() {
        check("main", &["refs/heads/main", "refs/tags/main"]);
        check("feature/x", &["refs/heads/feature/x", "refs/tags/feature/x"]);
        check("refs/tags/v1", &["refs/tags/v1"]);
        check("ABCDEF0", &["refs/heads/ABCDEF0", "refs/tags/ABCDEF0", "abcdef0"]);
        check("abc", &["refs/heads/abc", "refs/tags/abc"]);
        check("HEAD", &[HEAD_COPY]);
    }

    #[test]
    fn options_and_expressions_are_refused() {
        for text in [
            "",
            "-x",
            "--upload-pack=id",
            "@",
            "main@{1}",
            "a..b",
            "a b",
            "main^{tree}",
            "main~1",
            "x:path",
            ".hidden",
            "a/.b",
            "a//b",
            "/a",
            "a/",
            "a.lock",
            "a.lock/b",
            "a.",
            "a\\b",
            "a\nb",
            "a?",
            "*",
            "[a",
        ] {
            assert!(RefName::parse(text).is_err(), "{text:?}");
        }
    }
}
