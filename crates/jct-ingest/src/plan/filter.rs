//! Which files of a source are documents: by folder, by ending, by pattern.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Which paths are taken.
#[derive(Clone, Debug)]
pub(crate) struct PathFilter {
    /// Whether folders below the first are gone into.
    pub(crate) recursive: bool,
    /// Whether names that begin with a dot are taken.
    pub(crate) hidden: bool,
    /// Endings with their dot, in lower case; none means all.
    extensions: Vec<String>,
    include: Option<GlobSet>,
    exclude: GlobSet,
}

/// What is made of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Candidate {
    Taken,
    /// The manifest does not ask for it.
    NotAsked,
    Hidden,
}

impl PathFilter {
    pub(crate) fn new(recursive: bool, hidden: bool) -> Self {
        Self { recursive, hidden, extensions: Vec::new(), include: None, exclude: GlobSet::empty() }
    }

    /// Takes only names with one of these endings, capitals or not, with their dot or without.
    pub(crate) fn endings(mut self, endings: &[String]) -> Self {
        let ending = |text: &String| format!(".{}", text.trim().trim_start_matches('.').to_lowercase());
        self.extensions = endings.iter().map(ending).collect();
        self
    }

    /// Takes only what `include` matches, if there is any, and nothing that `exclude` matches.
    pub(crate) fn patterns(mut self, include: &[String], exclude: &[String]) -> Result<Self, globset::Error> {
        if !include.is_empty() {
            self.include = Some(set(include)?);
        }
        self.exclude = set(exclude)?;
        Ok(self)
    }

    /// Looks at a path from the source's root.
    pub(crate) fn look(&self, path: &str) -> Candidate {
        if !self.hidden && path.split('/').any(|name| name.starts_with('.')) {
            return Candidate::Hidden;
        }
        let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
        let ends = self.extensions.is_empty() || self.extensions.iter().any(|ending| name.ends_with(ending.as_str()));
        let included = self.include.as_ref().is_none_or(|include| include.is_match(path));
        if ends && included && !self.exclude.is_match(path) { Candidate::Taken } else { Candidate::NotAsked }
    }
}

/// A pattern without a slash is about names, wherever they are. One that names a folder is about all in it.
fn set(patterns: &[String]) -> Result<GlobSet, globset::Error> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.trim().trim_start_matches("./");
        let inner = pattern.trim_end_matches('/').trim_start_matches('/');
        let anchored = pattern.trim_end_matches('/').contains('/');
        let whole = if anchored { inner.to_owned() } else { format!("**/{inner}") };
        builder.add(GlobBuilder::new(&whole).literal_separator(true).build()?);
        builder.add(GlobBuilder::new(&format!("{whole}/**")).literal_separator(true).build()?);
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(include: &[&str], exclude: &[&str], path: &str, expect: Candidate) {
        let own = |patterns: &[&str]| patterns.iter().map(ToString::to_string).collect::<Vec<_>>();
        let filter = PathFilter::new(true, true).patterns(&own(include), &own(exclude)).unwrap();
        assert_eq!(filter.look(path), expect, "{include:?} {exclude:?} {path}");
    }

    #[test]
    fn patterns_are_about_names_folders_or_paths() {
        use Candidate::{NotAsked, Taken};
        check(&[], &[], "a/b.md", Taken);
        check(&["*.md"], &[], "a/b.md", Taken);
        check(&["*.md"], &[], "a/b.txt", NotAsked);
        check(&["docs/"], &[], "docs/a/b.txt", Taken);
        check(&["docs/*.md"], &[], "docs/a/b.md", NotAsked);
        check(&["docs/**/*.md"], &[], "docs/a/b.md", Taken);
        check(&["/docs"], &[], "x/docs/a", NotAsked);
        check(&["./docs/*"], &[], "docs/a", Taken);
        check(&[], &["vendor"], "a/vendor/x.md", NotAsked);
        check(&["*.md"], &["README.md"], "a/README.md", NotAsked);
        check(&["docs"], &[], "docs-evil/x", NotAsked);
    }

    #[test]
    fn endings_are_read_with_and_without_their_dot() {
        let filter = PathFilter::new(true, false).endings(&[".MD".to_owned(), "tar.gz".to_owned()]);
        assert_eq!(filter.look("a/B.md"), Candidate::Taken);
        assert_eq!(filter.look("x.tar.gz"), Candidate::Taken);
        assert_eq!(filter.look("amd"), Candidate::NotAsked);
        assert_eq!(filter.look(".git/x.md"), Candidate::Hidden);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        assert!(PathFilter::new(true, true).patterns(&["a[".to_owned()], &[]).is_err());
    }
}
