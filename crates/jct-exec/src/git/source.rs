//! Which remote a repository name stands for.
//!
//! A task names `owner/name`; only the operator's configuration says where that is. Names are
//! compared in lower case, as the policy gate hands them over; an address keeps its case.

use std::collections::BTreeMap;

use super::error::GitError;
use super::url::{RemoteUrl, RemoteUrlError};

/// Why a configured source is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RepoSourceError {
    /// Not exactly one of `prefix` and `repo`.
    #[error("a repository source needs exactly one of `prefix` and `repo`")]
    PrefixXorRepo,
    /// The prefix or name is no repository name.
    #[error("`{0}` is no valid repository name or prefix")]
    InvalidName(String),
    /// A `{...}` that is no variable.
    #[error("the url of source `{source_name}` has an unknown variable, known are {{repo}}, {{owner}} and {{name}}")]
    UnknownVariable {
        /// The source's prefix or name.
        source_name: String,
    },
    /// A variable before the path: the repository's name would choose the server.
    #[error("the url of source `{0}` has a variable before its path")]
    VariableInHost(String),
    /// A prefix whose address is the same for every repository.
    #[error("the url of prefix `{0}` must contain {{repo}} or {{name}}, or all its repositories would be one")]
    OneForAll(String),
    /// The address is not acceptable.
    #[error("the url of source `{source_name}` is not acceptable")]
    Url {
        /// The source's prefix or name.
        source_name: String,
        /// What is wrong with it.
        #[source]
        cause: RemoteUrlError,
    },
    /// Two sources for one prefix or name.
    #[error("there are two sources for `{0}`")]
    Duplicate(String),
}

/// One configured source.
#[derive(Clone, PartialEq, Eq)]
pub struct RepoSource {
    key: Key,
    template: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Prefix(String),
    Exact(String),
}

impl Key {
    fn name(&self) -> &str {
        match self {
            Self::Prefix(name) | Self::Exact(name) => name,
        }
    }
}

impl RepoSource {
    /// A source from the three keys of a configuration entry.
    ///
    /// With `prefix`, `url` is a template over `{repo}` (the whole name), `{owner}` (all but the
    /// last segment) and `{name}` (the last segment), and must tell repositories apart. With `repo`,
    /// `url` may use the same variables but need not.
    ///
    /// # Errors
    ///
    /// [`RepoSourceError`] naming the source, never its address.
    ///
    /// ```
    /// use jct_exec::RepoSource;
    ///
    /// assert!(RepoSource::new(Some("myorg/"), None, "https://git.example/{repo}.git").is_ok());
    /// assert!(RepoSource::new(None, Some("myorg/demo"), "/Srv/Demo.git").is_ok());
    /// assert!(RepoSource::new(Some("myorg/"), None, "/srv/one.git").is_err());
    /// ```
    pub fn new(prefix: Option<&str>, repo: Option<&str>, url: &str) -> Result<Self, RepoSourceError> {
        let (key, sample) = match (prefix, repo) {
            (Some(prefix), None) => {
                let name = segments(prefix.strip_suffix('/').unwrap_or(prefix), 1)?;
                let sample = format!("{name}/sample");
                (Key::Prefix(name), sample)
            }
            (None, Some(repo)) => {
                let name = segments(repo, 2)?;
                (Key::Exact(name.clone()), name)
            }
            _ => return Err(RepoSourceError::PrefixXorRepo),
        };
        let source = Self { key, template: url.to_owned() };
        source.check(&sample)?;
        Ok(source)
    }

    fn check(&self, sample: &str) -> Result<(), RepoSourceError> {
        let source_name = self.key.name().to_owned();
        let tells_apart = self.template.contains("{repo}") || self.template.contains("{name}");
        if matches!(self.key, Key::Prefix(_)) && !tells_apart {
            return Err(RepoSourceError::OneForAll(source_name));
        }
        if !fixes_the_host(&self.template) {
            return Err(RepoSourceError::VariableInHost(source_name));
        }
        let expanded = self.expand(sample);
        if expanded.contains(['{', '}']) {
            return Err(RepoSourceError::UnknownVariable { source_name });
        }
        match RemoteUrl::parse(&expanded) {
            Ok(_) => Ok(()),
            Err(cause) => Err(RepoSourceError::Url { source_name, cause }),
        }
    }

    fn expand(&self, repo: &str) -> String {
        let (owner, name) = repo.rsplit_once('/').unwrap_or(("", repo));
        self.template.replace("{repo}", repo).replace("{owner}", owner).replace("{name}", name)
    }
}

/// The address is left out: it may hold a password.
impl std::fmt::Debug for RepoSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RepoSource").field("key", &self.key).finish_non_exhaustive()
    }
}

/// All configured sources. Empty by default, and then no repository has one.
#[derive(Debug, Clone, Default)]
pub struct RepoSources {
    sources: BTreeMap<Key, RepoSource>,
}

impl RepoSources {
    /// Puts the sources together.
    ///
    /// # Errors
    ///
    /// [`RepoSourceError::Duplicate`] when two have the same prefix or the same name.
    pub fn new(sources: impl IntoIterator<Item = RepoSource>) -> Result<Self, RepoSourceError> {
        let mut all = BTreeMap::new();
        for source in sources {
            let name = source.key.name().to_owned();
            if all.insert(source.key.clone(), source).is_some() {
                return Err(RepoSourceError::Duplicate(name));
            }
        }
        Ok(Self { sources: all })
    }

    /// Whether no source is configured.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The configured prefixes (ending in `/`) and exact names, for reports.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.sources.keys().map(|key| match key {
            Key::Prefix(prefix) => format!("{prefix}/"),
            Key::Exact(repo) => repo.clone(),
        })
    }

    /// Where `repo` comes from: its exact source, else the one with the longest prefix of whole
    /// segments.
    ///
    /// # Errors
    ///
    /// [`GitError::InvalidRepo`] when `repo` is no `owner/name`, [`GitError::RepoNotConfigured`]
    /// when no source matches.
    pub fn resolve(&self, repo: &str) -> Result<RemoteUrl, GitError> {
        let name = segments(repo, 2).map_err(|_| GitError::InvalidRepo { repo: repo.to_owned() })?;
        let not_configured = || GitError::RepoNotConfigured { repo: name.clone() };
        let source = self.find(&name).ok_or_else(not_configured)?;
        // The template was checked with another name; the name's characters cannot break it.
        RemoteUrl::parse(&source.expand(&name)).map_err(|_| not_configured())
    }

    fn find(&self, repo: &str) -> Option<&RepoSource> {
        if let Some(source) = self.sources.get(&Key::Exact(repo.to_owned())) {
            return Some(source);
        }
        let mut prefix = repo;
        while let Some((shorter, _)) = prefix.rsplit_once('/') {
            if let Some(source) = self.sources.get(&Key::Prefix(shorter.to_owned())) {
                return Some(source);
            }
            prefix = shorter;
        }
        None
    }
}

/// Whether the path has begun where the first variable stands.
fn fixes_the_host(template: &str) -> bool {
    let Some(before) = template.find('{').map(|at| &template[..at]) else {
        return true;
    };
    match before.split_once("://") {
        Some((_, rest)) => rest.contains('/'),
        None => before.starts_with(['/', '.']) || before.contains(':'),
    }
}

/// Lower-cases a name of at least `least` segments. The characters are those that mean nothing to
/// a shell, a url or git, so that a name cannot break out of a template.
fn segments(text: &str, least: usize) -> Result<String, RepoSourceError> {
    let is_segment = |segment: &str| {
        !segment.is_empty()
            && !matches!(segment, "." | "..")
            && !segment.starts_with('-')
            && segment.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '~'))
    };
    if text.split('/').count() >= least && text.split('/').all(is_segment) {
        Ok(text.to_lowercase())
    } else {
        Err(RepoSourceError::InvalidName(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sources() -> RepoSources {
        let prefix = |prefix, url| RepoSource::new(Some(prefix), None, url).unwrap();
        RepoSources::new([
            prefix("myorg/", "https://one.example/{repo}.git"),
            prefix("myorg/team", "https://two.example/{owner}/x/{name}"),
            RepoSource::new(None, Some("MyOrg/Exact"), "/Srv/Name.git").unwrap(),
        ])
        .unwrap()
    }

    #[track_caller]
    fn check(repo: &str, expect: Option<&str>) {
        let found = sources().resolve(repo).ok();
        assert_eq!(found.as_ref().map(RemoteUrl::address), expect);
    }

    #[test]
    fn longest_match_of_whole_segments_wins() {
        check("myorg/a", Some("https://one.example/myorg/a.git"));
        check("MyOrg/A", Some("https://one.example/myorg/a.git"));
        check("myorg/team/a", Some("https://two.example/myorg/team/x/a"));
        check("myorg/teams/a", Some("https://one.example/myorg/teams/a.git"));
        check("myorg/exact", Some("/Srv/Name.git"));
        check("myorg-evil/a", None);
        check("other/a", None);
    }

    #[test]
    fn a_name_cannot_break_out_of_its_template() {
        for repo in [
            "myorg",
            "myorg/../x",
            "myorg/a?b",
            "myorg/a#b",
            "myorg/u@h",
            "myorg/a b",
            "myorg/-x",
            "myorg//a",
            "myorg/a%2e",
            "myorg/{name}",
            "myorg/a\0",
            "/myorg/a",
            "",
        ] {
            assert!(matches!(sources().resolve(repo), Err(GitError::InvalidRepo { .. })), "{repo}");
        }
    }

    #[track_caller]
    fn refused(prefix: Option<&str>, repo: Option<&str>, url: &str) -> RepoSourceError {
        RepoSource::new(prefix, repo, url).unwrap_err()
    }

    #[test]
    fn bad_sources_are_refused() {
        use RepoSourceError as E;
        assert_eq!(refused(None, None, "/a"), E::PrefixXorRepo);
        assert_eq!(refused(Some("a/"), Some("a/b"), "/a"), E::PrefixXorRepo);
        assert!(matches!(refused(Some("a/"), None, "/srv/x"), E::OneForAll(_)));
        assert!(matches!(refused(Some("a/"), None, "/{name}/{x}"), E::UnknownVariable { .. }));
        for url in ["https://{owner}.example/{name}", "ssh://git@{name}", "git@{owner}:{name}", "{repo}"] {
            assert_eq!(refused(Some("a/"), None, url), E::VariableInHost("a".to_owned()));
        }
        assert!(matches!(refused(Some("../"), None, "/{name}"), E::InvalidName(_)));
        assert!(matches!(refused(None, Some("alone"), "/x"), E::InvalidName(_)));
        assert!(matches!(refused(None, Some("a/b"), "ext::sh -c id"), E::Url { .. }));
        let one = || RepoSource::new(Some("a/"), None, "/{name}").unwrap();
        assert!(matches!(RepoSources::new([one(), one()]), Err(E::Duplicate(_))));
    }

    #[test]
    fn debug_and_errors_show_no_password() {
        let source = RepoSource::new(Some("a/"), None, "https://u:s3cret@h/{repo}").unwrap();
        let error = refused(Some("a/"), None, "ssh://u:s3cret@h/{repo}");
        let shown = format!("{source:?} {error:?} {error}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_template(repo in "\\PC{0,40}") {
            let source = RepoSource::new(Some("org"), None, "https://u:pw@git.example/top/{repo}.git").unwrap();
            let sources = RepoSources::new([source]).unwrap();
            if let Ok(remote) = sources.resolve(&format!("org/{repo}")) {
                let inside = remote.address().strip_prefix("https://git.example/top/org/");
                prop_assert!(inside.is_some_and(|rest| rest.ends_with(".git") && !rest.contains("/../")));
            }
        }
    }
}
