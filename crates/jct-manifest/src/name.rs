//! The names that end up in addresses, files and digests: of manifests, files and repo sources.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::{NAME_MAX_CHARS, PATH_MAX_CHARS, REPO_SOURCE_MAX_CHARS};

/// Declares a text that only its grammar lets in.
macro_rules! text_type {
    ($(#[doc = $doc:literal])+ $name:ident, $(#[doc = $error_doc:literal])+ $error:ident, $message:literal, $fits:path) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        $(#[doc = $error_doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        #[error($message)]
        pub struct $error;

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                if $fits(text) { Ok(Self(text.to_owned())) } else { Err($error) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_type! {
    /// The name of a manifest: 1 to 128 characters of `[A-Za-z0-9._-]` that begin with a letter or a digit.
    ManifestName,
    /// The text cannot be the name of a manifest.
    InvalidManifestName,
    "a name has 1 to 128 characters of `A-Z a-z 0-9 . _ -` and begins with a letter or a digit",
    is_name
}

text_type! {
    /// Where a manifest lies below a root that the tower knows: a plain relative path of at most 512 characters, without
    /// empty, `.` or `..` segments, backslashes, colons and control characters.
    SourcePath,
    /// The text is not a plain relative path.
    InvalidSourcePath,
    "a path is relative, has 1 to 512 characters and no empty, `.` or `..` segments, backslashes, colons or control characters",
    is_path
}

text_type! {
    /// The name of a configured repo source, `name` or `owner/name`, each part like a [`ManifestName`]; at most 256
    /// characters.
    RepoSourceName,
    /// The text cannot be the name of a repo source.
    InvalidRepoSourceName,
    "the name of a repo source is `name` or `owner/name`, of letters, digits, `.`, `_` and `-`",
    is_repo_source
}

/// Whether the text is a name; `..` and the like are none, because the first character is a letter or a digit.
pub(crate) fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=NAME_MAX_CHARS).contains(&text.len())
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text.bytes().all(inner)
}

fn is_path(text: &str) -> bool {
    let odd = |character: char| character.is_control() || matches!(character, '\\' | ':');
    !text.is_empty()
        && text.chars().count() <= PATH_MAX_CHARS
        && !text.contains(odd)
        && text.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

fn is_repo_source(text: &str) -> bool {
    text.len() <= REPO_SOURCE_MAX_CHARS && text.split('/').count() <= 2 && text.split('/').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["a", "0", "harbor-notes", "A.b_C-1", "2024-01-01", &"x".repeat(128)] {
            assert!(good.parse::<ManifestName>().is_ok(), "{good}");
        }
        for bad in ["", " ", " a", "a ", ".", "..", "-a", "_a", "a/b", "a b", "größe", "a\0", "a\n", &"x".repeat(129)]
        {
            assert_eq!(bad.parse::<ManifestName>(), Err(InvalidManifestName), "{bad:?}");
        }
    }

    #[test]
    fn paths_stay_below_their_root() {
        for good in ["a.yaml", "manifests/a.yaml", "größe/x", "a b", "...", "a..b"] {
            assert!(good.parse::<SourcePath>().is_ok(), "{good}");
        }
        for bad in
            ["", "/", "/etc/passwd", "..", "../a", "a/../b", "a/..", "./a", "a//b", "a/", "a\\b", "C:/x", "a\0", "a\nb"]
        {
            assert_eq!(bad.parse::<SourcePath>(), Err(InvalidSourcePath), "{bad:?}");
        }
    }

    #[test]
    fn repo_sources_are_one_name_or_two() {
        for good in ["handbook", "octo/handbook"] {
            assert!(good.parse::<RepoSourceName>().is_ok(), "{good}");
        }
        for bad in ["", "/", "a/", "/a", "a/b/c", "../a", "https://x/y", "a b"] {
            assert_eq!(bad.parse::<RepoSourceName>(), Err(InvalidRepoSourceName), "{bad:?}");
        }
    }
}
