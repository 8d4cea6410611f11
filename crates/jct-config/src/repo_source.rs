//! Where repositories are fetched from: an exact name or a prefix, and an address template.

use std::fmt;

use url::Url;

use crate::key::{Fallback, Key};
use crate::setting::{Setting, Shape};

/// One row of `[[repo_sources]]`. `Debug` shows the address without a password.
#[derive(Clone, PartialEq, Eq)]
pub struct RepoSource {
    matches: RepoMatch,
    url: String,
}

/// Which repositories a source serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepoMatch {
    /// Every repository below these leading segments; ends with `/`.
    Prefix(String),
    /// This one repository.
    Exact(String),
}

const VARIABLES: [&str; 3] = ["{repo}", "{owner}", "{name}"];

impl RepoSource {
    /// Which repositories the source serves. Repository names are lower case after normalisation, so this is too.
    #[must_use]
    pub const fn matches(&self) -> &RepoMatch {
        &self.matches
    }

    /// Address template with the variables `{repo}`, `{owner}` and `{name}`, as it was written. May hold a password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    fn prefix(prefix: &str, url: &str) -> Result<Self, String> {
        if !prefix.ends_with('/') || !is_repo_path(prefix.trim_end_matches('/')) {
            return Err(
                "`prefix` must be leading segments of a repository and end with `/`, such as `myorg/`".to_owned()
            );
        }
        if !["{repo}", "{name}"].iter().any(|variable| url.contains(variable)) {
            return Err("`url` of a prefix must contain `{repo}` or `{name}`".to_owned());
        }
        Ok(Self { matches: RepoMatch::Prefix(prefix.to_lowercase()), url: checked_template(url)? })
    }

    fn exact(repo: &str, url: &str) -> Result<Self, String> {
        if !is_repo_path(repo) || !repo.contains('/') {
            return Err("`repo` must be a repository such as `owner/name`".to_owned());
        }
        Ok(Self { matches: RepoMatch::Exact(repo.to_lowercase()), url: checked_template(url)? })
    }

    fn shown(&self) -> String {
        let (RepoMatch::Prefix(name) | RepoMatch::Exact(name)) = &self.matches;
        format!("{name}={}", shown_url(&self.url))
    }
}

/// The address without user information of a web address, where a token can stand.
fn shown_url(url: &str) -> String {
    match url.strip_prefix("https://").and_then(|rest| rest.split_once('@')) {
        Some((user, rest)) if !user.contains('/') => format!("https://***@{rest}"),
        _ => url.to_owned(),
    }
}

fn is_repo_path(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.split('/')
        .all(|segment| !segment.is_empty() && segment != "." && segment != ".." && segment.chars().all(allowed))
}

fn checked_template(url: &str) -> Result<String, String> {
    // A leading dash would be read as an option by the program that fetches.
    if url.is_empty() || url.starts_with('-') || url.chars().any(char::is_control) {
        return Err("`url` must be a path or an address".to_owned());
    }
    let filled = VARIABLES.iter().fold(url.to_owned(), |filled, variable| filled.replace(variable, "x"));
    if filled.contains(['{', '}']) {
        return Err("`url` may only contain the variables `{repo}`, `{owner}` and `{name}`".to_owned());
    }
    let fixed = url.split('{').next().unwrap_or_default();
    match place(&filled) {
        None => Err("`url` must be `/path`, `./path`, `file://`, `ssh://`, `user@host:path` or `https://`".to_owned()),
        // Or a task could choose the server by the name of its repository.
        Some(place) if place > fixed.len() => Err("`url` may have variables only in its path".to_owned()),
        Some(_) => Ok(url.to_owned()),
    }
}

/// Where the path begins in an address that can be fetched from.
fn place(filled: &str) -> Option<usize> {
    if ["/", "./", "../"].iter().any(|start| filled.starts_with(start)) {
        return Some(0);
    }
    if let Some((scheme, rest)) = filled.split_once("://") {
        let path = rest.find('/')?;
        let valid = match scheme {
            "file" => path == 0,
            "ssh" | "https" => Url::parse(filled).is_ok_and(|url| url.has_host()),
            _ => false,
        };
        return valid.then_some(scheme.len() + "://".len() + path);
    }
    // A second colon would be a transport helper such as `ext::`.
    let (user_and_host, path) = filled.split_once(':')?;
    let (_, host) = user_and_host.split_once('@')?;
    let valid = !host.is_empty() && !host.starts_with('-') && !host.contains('/') && !path.starts_with(':');
    valid.then_some(user_and_host.len() + 1)
}

impl fmt::Debug for RepoSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepoSource({})", self.shown())
    }
}

/// All sources, as one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RepoSources(pub(crate) Vec<RepoSource>);

pub(crate) static REPO_SOURCES: Key = Key {
    name: "repo_sources",
    env: "JCT_REPO_SOURCES",
    kind: RepoSources::KIND,
    fallback: Fallback::Text(""),
    range: None,
    doc: "Where repositories are fetched from. In the environment: `myorg/=https://git.example.com/{repo}.git;owner/name=/srv/name.git`, where a name that ends with `/` is a prefix.",
    secret: RepoSources::SECRET,
};

impl RepoSources {
    /// Two sources for the same name would make the choice depend on their order.
    fn distinct(sources: Vec<RepoSource>) -> Result<Self, String> {
        for (position, source) in sources.iter().enumerate() {
            if sources.iter().take(position).any(|earlier| earlier.matches == source.matches) {
                let (RepoMatch::Prefix(name) | RepoMatch::Exact(name)) = &source.matches;
                return Err(format!("names `{name}` twice"));
            }
        }
        Ok(Self(sources))
    }
}

impl Setting for RepoSources {
    const KIND: &'static str = "an array of tables";
    const SHAPE: Shape = Shape::List;
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let parse_entry = |entry: &str| {
            let (name, url) = entry.split_once('=').ok_or_else(|| "must hold `name=url` entries".to_owned())?;
            let (name, url) = (name.trim(), url.trim());
            if name.ends_with('/') { RepoSource::prefix(name, url) } else { RepoSource::exact(name, url) }
        };
        let entries = text.split(';').map(str::trim).filter(|entry| !entry.is_empty());
        Self::distinct(entries.map(parse_entry).collect::<Result<_, _>>()?)
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        let toml::Value::Array(rows) = value else {
            return Err("must be written as `[[repo_sources]]` tables".to_owned());
        };
        let parse_row = |(position, row): (usize, &toml::Value)| {
            source_from_row(row).map_err(|reason| format!("row {}: {reason}", position + 1))
        };
        Self::distinct(rows.iter().enumerate().map(parse_row).collect::<Result<_, _>>()?)
    }

    fn show(&self) -> String {
        self.0.iter().map(RepoSource::shown).collect::<Vec<_>>().join(";")
    }
}

fn source_from_row(row: &toml::Value) -> Result<RepoSource, String> {
    let toml::Value::Table(row) = row else {
        return Err("must be a table".to_owned());
    };
    if let Some(unknown) = row.keys().find(|key| !["prefix", "repo", "url"].contains(&key.as_str())) {
        return Err(format!("unknown key `{unknown}`; a row has `url` and either `prefix` or `repo`"));
    }
    let text = |key: &str| match row.get(key) {
        Some(toml::Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("`{key}` must be text")),
        None => Ok(None),
    };
    match (text("prefix")?, text("repo")?, text("url")?) {
        (Some(prefix), None, Some(url)) => RepoSource::prefix(prefix, url),
        (None, Some(repo), Some(url)) => RepoSource::exact(repo, url),
        _ => Err("must have `url` and either `prefix` or `repo`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn accepts(text: &str, shown: &str) {
        assert_eq!(RepoSources::parse(text).unwrap().show(), shown);
    }

    #[track_caller]
    fn refuses(text: &str, part: &str) {
        let reason = RepoSources::parse(text).unwrap_err();
        assert!(reason.contains(part), "{text}: {reason}");
    }

    #[test]
    fn sources_in_one_line() {
        accepts("", "");
        accepts(" MyOrg/ = /Srv/{name}.git ; ", "myorg/=/Srv/{name}.git");
        accepts("o/n=/Srv/Name.git;o/=ssh://git@h/{owner}/{name}", "o/n=/Srv/Name.git;o/=ssh://git@h/{owner}/{name}");
        accepts("o/=git@h:{repo}.git", "o/=git@h:{repo}.git");
        accepts("o/=../checkouts/{name}", "o/=../checkouts/{name}");
        accepts("o/=https://token@h/{repo}", "o/=https://***@h/{repo}");
        accepts("o/=https://u:token@h/{repo}", "o/=https://***@h/{repo}");
        accepts("o/n=https://h/a@b", "o/n=https://h/a@b");
    }

    #[test]
    fn refused_sources() {
        refuses("o/n", "name=url");
        refuses("o=/srv/x", "`repo` must");
        refuses("../=/srv/{repo}", "`prefix` must");
        refuses("o/=/srv/all", "must contain");
        refuses("o/n=/srv/{branch}", "variables");
        refuses("o/n=--upload-pack=evil", "must be a path");
        refuses("o/n=http://h/x", "https://");
        refuses("o/n=git://h/x", "https://");
        refuses("o/n=ext::sh -c evil", "https://");
        refuses("o/n=u@h::evil", "https://");
        refuses("o/n=u@-oProxyCommand=x:y", "https://");
        refuses("o/n=file://relative", "https://");
        refuses("o/=checkouts/{name}", "https://");
        refuses("o/=https://{owner}.example.com/{name}", "only in its path");
        refuses("o/=git@{owner}.example.com:{name}", "only in its path");
        refuses("o/=ssh://{repo}", "https://");
        refuses("o/n=/a;O/N=/b", "twice");
    }
}
