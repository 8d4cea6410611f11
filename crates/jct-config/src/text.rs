//! Texts with rules: each type can only hold what passed them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jct_contract::ExecutorName;
use jct_policy::RepoPrefix;
use log::LevelFilter;
use url::Url;

use crate::setting::{Item, Setting};

/// The text is none of what its type holds. The message is the rule, and never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidText(pub(crate) &'static str);

/// Declares a text newtype that is built by `FromStr` alone.
macro_rules! checked_text {
    ($(#[doc = $doc:literal])+ $name:ident, $rule:expr, $is_valid:expr) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                let is_valid: fn(&str) -> bool = $is_valid;
                if is_valid(text) { Ok(Self(text.to_owned())) } else { Err(InvalidText($rule)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

impl Item for RepoPrefix {
    const RULE: &'static str = "must hold prefixes of repository names, such as `myorg/`";
}

impl Item for ExecutorName {
    const RULE: &'static str = "must hold executor names of lower-case letters, digits, `_` and `-`";
}

checked_text! {
    /// Web origin, scheme and host and port if it is not the usual one, such as `https://console.example.com`.
    CorsOrigin,
    CorsOrigin::RULE,
    // What a browser sends has no path, so an entry with one would never match.
    |text| Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
    })
}

impl Item for CorsOrigin {
    const RULE: &'static str =
        "must hold origins such as `https://console.example.com`, without path; `*` is not accepted";
}

checked_text! {
    /// Address of a tower, such as `http://127.0.0.1:8000`, without a password.
    TowerUrl,
    "must be an address such as `http://127.0.0.1:8000`, without user, password or query",
    |text| Url::parse(text).is_ok_and(|url| {
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        matches!(url.scheme(), "http" | "https") && plain
    })
}

impl Setting for TowerUrl {
    const KIND: &'static str = "an address";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: InvalidText| error.to_string())
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

impl Setting for Option<TowerUrl> {
    const KIND: &'static str = "an address";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { TowerUrl::parse(text).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map(TowerUrl::show).unwrap_or_default()
    }
}

checked_text! {
    /// Name of a worker: letters, digits, `.`, `_` and `-`, 1 to 100 characters.
    WorkerName,
    "must be 1 to 100 letters, digits, `.`, `_` or `-`",
    |text| (1..=100).contains(&text.len()) && text.chars().all(worker_name_character)
}

fn worker_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// The name of a machine as the text of a worker name: other characters become `-`.
pub(crate) fn worker_name_of_host(host: &str) -> String {
    let name: String = host.chars().take(100).map(|c| if worker_name_character(c) { c } else { '-' }).collect();
    if name.is_empty() { "worker".to_owned() } else { name }
}

impl Setting for WorkerName {
    const KIND: &'static str = "a name";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: InvalidText| error.to_string())
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

/// Folder of the trace folders, from a path or a `file://` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceDirectory(PathBuf);

impl TraceDirectory {
    /// The folder.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for TraceDirectory {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let path = match text.split_once("://") {
            Some(("file", path)) if path.starts_with('/') => path,
            Some(("file", _)) => {
                return Err(InvalidText("must have an absolute path behind `file://`"));
            }
            Some(_) => {
                return Err(InvalidText("must be a path or a `file://` address; no other storage is supported"));
            }
            None => text,
        };
        if path.is_empty() || path.chars().any(char::is_control) {
            return Err(InvalidText("must be a path"));
        }
        Ok(Self(path.into()))
    }
}

impl Setting for TraceDirectory {
    const KIND: &'static str = "a path";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: InvalidText| error.to_string())
    }

    fn show(&self) -> String {
        self.0.display().to_string()
    }
}

/// Which records are logged: a level, and levels for single modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(Vec<(Option<String>, LevelFilter)>);

impl LogFilter {
    /// Module path (`None`: every module) and the least level logged there.
    pub fn directives(&self) -> impl Iterator<Item = (Option<&str>, LevelFilter)> {
        self.0.iter().map(|(module, level)| (module.as_deref(), *level))
    }
}

impl FromStr for LogFilter {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        text.split(',').map(directive).collect::<Option<_>>().map(Self).ok_or(InvalidText(
            "must be a level (`off`, `error`, `warn`, `info`, `debug`, `trace`) or `module=level`, separated by commas",
        ))
    }
}

fn directive(text: &str) -> Option<(Option<String>, LevelFilter)> {
    let Some((module, level)) = text.trim().split_once('=') else {
        return Some((None, text.trim().parse().ok()?));
    };
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-');
    let valid = !module.is_empty() && module.chars().all(known);
    valid.then_some((Some(module.to_owned()), level.parse().ok()?))
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (module, level)) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            let level = level.as_str().to_lowercase();
            match module {
                Some(module) => write!(f, "{comma}{module}={level}")?,
                None => write!(f, "{comma}{level}")?,
            }
        }
        Ok(())
    }
}

impl Setting for LogFilter {
    const KIND: &'static str = "log levels";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: InvalidText| error.to_string())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}
