//! Where the bytes of a manifest come from.

use std::fmt;

use jct_contract::door::Path;

use crate::code::ViolationCode;
use crate::fields::{Field, Fields};
use crate::hash::ManifestHash;
use crate::limits::REF_MAX_CHARS;
use crate::name::{ManifestName, RepoSourceName, SourcePath};
use crate::node::Value;
use crate::raw::RawManifest;
use crate::violation::Found;

/// Where the bytes of a manifest come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The request brings them.
    Inline {
        /// The manifest.
        content: RawManifest,
    },
    /// The tower has them stored.
    Registry {
        /// The name there; that of the request unless said, and no other.
        name: Option<ManifestName>,
        /// Only if the stored bytes still have this hash.
        hash: Option<ManifestHash>,
    },
    /// A file below a folder that the operator named.
    Path {
        /// The file.
        path: SourcePath,
    },
    /// A file in a repo source that the operator configured.
    Repo {
        /// Which repo source; `repo` on the wire.
        source: RepoSourceName,
        /// The file.
        path: SourcePath,
        /// At which branch, tag or commit; what the repo source says unless said. `ref` on the wire.
        reference: Option<String>,
    },
}

impl Source {
    /// The kind on the wire.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Inline { .. } => "inline",
            Self::Registry { .. } => "registry",
            Self::Path { .. } => "path",
            Self::Repo { .. } => "repo",
        }
    }
}

/// Which kinds of sources a tower takes. Inline and registry are always among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceKinds {
    /// Whether files below a folder are.
    pub path: bool,
    /// Whether files in repo sources are.
    pub repo: bool,
}

impl SourceKinds {
    /// Whether this source is of a kind that is taken.
    #[must_use]
    pub const fn has(self, source: &Source) -> bool {
        match source {
            Source::Inline { .. } | Source::Registry { .. } => true,
            Source::Path { .. } => self.path,
            Source::Repo { .. } => self.repo,
        }
    }
}

impl SourceKinds {
    /// Reports a kind that is not taken.
    pub(crate) fn permit(self, source: &Source, found: &mut Found) {
        if !self.has(source) {
            let path = Path::Root.name("manifest");
            let path = path.name("source");
            let message = format!("this tower takes no such source; it takes {self}");
            found.report(path.name("kind"), 0, ViolationCode::KindUnsupported, message);
        }
    }
}

impl fmt::Display for SourceKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`inline`, `registry`")?;
        if self.path {
            f.write_str(", `path`")?;
        }
        if self.repo {
            f.write_str(", `repo`")?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Inline,
    Registry,
    Path,
    Repo,
}

const KINDS: [(&str, Kind); 4] =
    [("inline", Kind::Inline), ("registry", Kind::Registry), ("path", Kind::Path), ("repo", Kind::Repo)];

/// Reads `manifest.source`.
pub(crate) fn read(field: Field<'_, '_>, found: &mut Found) -> Option<Source> {
    let Value::Map(entries) = &field.node.value else {
        field.wrong_type_as(ViolationCode::SourceNotObject, "an object", found);
        return None;
    };
    // Which fields there are depends on the kind, so that it is looked for before the others are judged.
    let kind = entries.iter().find(|entry| !entry.refused && entry.key == "kind");
    let Some(kind) = kind.filter(|entry| !is_blank(&entry.value.value)) else {
        field.report(ViolationCode::KindMissing, "the source needs a `kind`", found);
        return None;
    };
    let kind_field = Field { node: &kind.value, path: field.path.name("kind") };
    let kind = kind_field.word(&KINDS, ViolationCode::KindUnsupported, found)?;
    let known: &[&str] = match kind {
        Kind::Inline => &["kind", "content"],
        Kind::Registry => &["kind", "name", "hash", "content"],
        Kind::Path => &["kind", "path", "content"],
        Kind::Repo => &["kind", "repo", "path", "ref", "content"],
    };
    let fields = Fields::open(field.node, &field.path, known, found)?;
    if !matches!(kind, Kind::Inline)
        && let Some(content) = fields.get("content")
    {
        content.report(ViolationCode::ContentNotAllowed, "only an inline source brings its content", found);
    }
    match kind {
        Kind::Inline => inline(&fields, found),
        Kind::Registry => registry(&fields, found),
        Kind::Path => Some(Source::Path { path: path(&fields, found)? }),
        Kind::Repo => repo(&fields, found),
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn inline(fields: &Fields<'_, '_>, found: &mut Found) -> Option<Source> {
    let message = "an inline source needs its content";
    let field = fields.required_as("content", ViolationCode::ContentMissing, message, found)?;
    let Value::Text(text) = &field.node.value else {
        field.wrong_type_as(ViolationCode::ContentNotString, "a string", found);
        return None;
    };
    if text.trim().is_empty() {
        field.report(ViolationCode::ContentBlank, "the content must not be blank", found);
        return None;
    }
    Some(Source::Inline { content: RawManifest::new(text.clone().into_bytes()) })
}

fn registry(fields: &Fields<'_, '_>, found: &mut Found) -> Option<Source> {
    let name = fields.get("name").map(|field| field.name(found).and_then(|name| name.parse().ok()));
    let hash = fields.get("hash").map(|field| parsed(field, ViolationCode::HashInvalid, found));
    Some(Source::Registry { name: optional(name)?, hash: optional(hash)? })
}

fn repo(fields: &Fields<'_, '_>, found: &mut Found) -> Option<Source> {
    let message = "a repo source needs the name of a configured repo";
    let source = fields.required_as("repo", ViolationCode::RepoMissing, message, found);
    let source = source.and_then(|field| parsed(field, ViolationCode::RepoInvalid, found));
    let path = path(fields, found);
    let reference = fields.get("ref").map(|field| reference(field, found));
    Some(Source::Repo { source: source?, path: path?, reference: optional(reference)? })
}

/// What is absent is fine; what is there must have been read.
fn optional<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

fn path(fields: &Fields<'_, '_>, found: &mut Found) -> Option<SourcePath> {
    let field = fields.required_as("path", ViolationCode::PathMissing, "the source needs a path", found)?;
    if is_blank(&field.node.value) {
        field.report(ViolationCode::PathMissing, "the path must not be blank", found);
        return None;
    }
    parsed(field, ViolationCode::PathInvalid, found)
}

/// A text with a grammar of its own.
fn parsed<T>(field: Field<'_, '_>, code: ViolationCode, found: &mut Found) -> Option<T>
where
    T: std::str::FromStr,
    T::Err: fmt::Display,
{
    let Value::Text(text) = &field.node.value else {
        field.wrong_type_as(code, "a string", found);
        return None;
    };
    match text.parse() {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            field.report(code, error.to_string(), found);
            None
        }
    }
}

/// A branch, tag or commit, by the rules of git; never an option.
fn reference(field: Field<'_, '_>, found: &mut Found) -> Option<String> {
    let Value::Text(text) = &field.node.value else {
        field.wrong_type_as(ViolationCode::RefInvalid, "a string", found);
        return None;
    };
    let forbidden =
        |character: char| character.is_ascii_control() || character.is_whitespace() || "~^:?*[\\".contains(character);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let fits = text.chars().count() <= REF_MAX_CHARS
        && !text.starts_with('-')
        && text != "@"
        && !text.contains(forbidden)
        && !text.contains("..")
        && !text.contains("@{")
        && !text.ends_with('.')
        && text.split('/').all(part);
    if !fits {
        field.report(ViolationCode::RefInvalid, "is not a name that git takes for a branch, tag or commit", found);
        return None;
    }
    Some(text.clone())
}
