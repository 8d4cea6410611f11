//! Where documents come from: four readers, each with its own parameters.

use std::collections::HashSet;
use std::fmt;

use crate::code::ViolationCode;
use crate::fields::{Field, Fields};
use crate::limits::TEXT_MAX_CHARS;
use crate::node::Value;
use crate::reference::Reference;
use crate::violation::Found;

/// A place that documents come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataSource {
    /// Its identifier, of which there is one in a document; part of every point's identifier.
    pub id: String,
    /// What reads it, and with which parameters.
    pub reader: Reader,
    /// How to get in.
    pub auth: Option<Auth>,
    /// When it is read; only when asked unless said.
    pub schedule: Option<Schedule>,
}

/// What reads a data source, and with which parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reader {
    /// `GithubRepositoryReader`.
    Github(GithubParams),
    /// `GoogleDriveReader`.
    GoogleDrive(GoogleDriveParams),
    /// `ConfluenceReader`.
    Confluence(ConfluenceParams),
    /// `SimpleDirectoryReader`.
    SimpleDirectory(SimpleDirectoryParams),
}

impl Reader {
    /// The type as it is written in a document.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Github(_) => "GithubRepositoryReader",
            Self::GoogleDrive(_) => "GoogleDriveReader",
            Self::Confluence(_) => "ConfluenceReader",
            Self::SimpleDirectory(_) => "SimpleDirectoryReader",
        }
    }

    /// The capability that a worker needs for it.
    #[must_use]
    pub const fn capability(&self) -> &'static str {
        match self {
            Self::Github(_) => "github",
            Self::GoogleDrive(_) => "gdrive",
            Self::Confluence(_) => "confluence",
            Self::SimpleDirectory(_) => "local_fs",
        }
    }
}

/// Parameters of `GithubRepositoryReader`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GithubParams {
    /// Whose repository.
    pub owner: Option<String>,
    /// Which one; without `owner`, or as `owner/name`, a repo source that the tower has configured.
    pub repo: Option<String>,
    /// Which branch, tag or commit.
    pub branch: Option<String>,
    /// Patterns of paths to take.
    pub include: Vec<String>,
    /// Patterns of paths to leave out.
    pub exclude: Vec<String>,
    /// Endings of names to take.
    pub filter_extensions: Vec<String>,
    /// Most files, from 1.
    pub max_files: Option<u32>,
}

/// Parameters of `GoogleDriveReader`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GoogleDriveParams {
    /// Which folder.
    pub folder_id: Option<String>,
    /// Which files.
    pub file_ids: Vec<String>,
    /// Which kinds of files.
    pub mime_types: Vec<String>,
}

/// Parameters of `ConfluenceReader`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfluenceParams {
    /// Which space.
    pub space_key: Option<String>,
    /// Most pages, from 1.
    pub max_pages: Option<u32>,
}

/// Parameters of `SimpleDirectoryReader`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimpleDirectoryParams {
    /// Which folder; without `..`.
    pub input_dir: Option<String>,
    /// Whether to go into folders below.
    pub recursive: Option<bool>,
    /// Endings of names to take.
    pub required_exts: Vec<String>,
}

/// How to get in. The secrets are references.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Auth {
    /// A token of GitHub.
    pub github_token: Option<Reference>,
    /// Any other token.
    pub token: Option<Reference>,
    /// The file with the key of a service account, on the worker's machine.
    pub service_account_key_path: Option<String>,
    /// The address of the service.
    pub base_url: Option<String>,
}

/// When something runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Only when asked.
    Manual,
    /// By five fields of cron: minute, hour, day of month, month, day of week.
    Cron(String),
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manual => f.write_str("manual"),
            Self::Cron(fields) => f.write_str(fields),
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Github,
    GoogleDrive,
    Confluence,
    SimpleDirectory,
}

const KINDS: [(&str, Kind); 4] = [
    ("GithubRepositoryReader", Kind::Github),
    ("GoogleDriveReader", Kind::GoogleDrive),
    ("ConfluenceReader", Kind::Confluence),
    ("SimpleDirectoryReader", Kind::SimpleDirectory),
];

/// Reads `dataSources`.
pub(super) fn read(field: Field<'_, '_>, found: &mut Found) -> Option<Vec<DataSource>> {
    if matches!(&field.node.value, Value::List(items) if items.is_empty()) {
        field.report(ViolationCode::SourcesEmpty, "at least one data source is required", found);
        return None;
    }
    let mut ids = HashSet::new();
    field.list(found, |item, found| source(item, &mut ids, found))
}

fn source(field: Field<'_, '_>, ids: &mut HashSet<String>, found: &mut Found) -> Option<DataSource> {
    if !matches!(field.node.value, Value::Map(_)) {
        field.wrong_type_as(ViolationCode::SourceEntryNotObject, "a mapping", found);
        return None;
    }
    let fields = Fields::open(field.node, &field.path, &["id", "type", "params", "auth", "schedule"], found)?;
    let id = fields.required("id", found).and_then(|field| unique_id(field, ids, found));
    let missing = "a data source needs a type";
    let kind = fields.required_as("type", ViolationCode::SourceTypeMissing, missing, found);
    let kind = kind.and_then(|field| field.word(&KINDS, ViolationCode::SourceTypeUnsupported, found));
    let reader = kind.and_then(|kind| reader(kind, fields.get("params"), found));
    let auth = fields.get("auth").and_then(|field| auth(field, found));
    let schedule = fields.get("schedule").and_then(|field| schedule(field, found));
    Some(DataSource { id: id?, reader: reader?, auth, schedule })
}

/// An identifier that no other entry of the list has.
pub(super) fn unique_id(field: Field<'_, '_>, ids: &mut HashSet<String>, found: &mut Found) -> Option<String> {
    let id = field.name(found)?;
    if !ids.insert(id.clone()) {
        field.report(ViolationCode::IdRepeated, "another entry of this list has this identifier", found);
        return None;
    }
    Some(id)
}

fn reader(kind: Kind, params: Option<Field<'_, '_>>, found: &mut Found) -> Option<Reader> {
    let known: &[&str] = match kind {
        Kind::Github => &["owner", "repo", "branch", "include", "exclude", "filterExtensions", "maxFiles"],
        Kind::GoogleDrive => &["folderId", "fileIds", "mimeTypes"],
        Kind::Confluence => &["spaceKey", "maxPages"],
        Kind::SimpleDirectory => &["inputDir", "recursive", "requiredExts"],
    };
    let fields = match &params {
        Some(field) => Some(Fields::open(field.node, &field.path, known, found)?),
        None => None,
    };
    let get = |name| fields.as_ref().and_then(|fields| fields.get(name));
    Some(match kind {
        Kind::Github => Reader::Github(GithubParams {
            owner: text(get("owner"), found),
            repo: text(get("repo"), found),
            branch: text(get("branch"), found),
            include: texts(get("include"), found),
            exclude: texts(get("exclude"), found),
            filter_extensions: texts(get("filterExtensions"), found),
            max_files: get("maxFiles").and_then(|field| field.integer(&(1..=u32::MAX), found)),
        }),
        Kind::GoogleDrive => Reader::GoogleDrive(GoogleDriveParams {
            folder_id: text(get("folderId"), found),
            file_ids: texts(get("fileIds"), found),
            mime_types: texts(get("mimeTypes"), found),
        }),
        Kind::Confluence => Reader::Confluence(ConfluenceParams {
            space_key: text(get("spaceKey"), found),
            max_pages: get("maxPages").and_then(|field| field.integer(&(1..=u32::MAX), found)),
        }),
        Kind::SimpleDirectory => Reader::SimpleDirectory(SimpleDirectoryParams {
            input_dir: get("inputDir").and_then(|field| folder(field, found)),
            recursive: get("recursive").and_then(|field| field.boolean(found)),
            required_exts: texts(get("requiredExts"), found),
        }),
    })
}

fn text(field: Option<Field<'_, '_>>, found: &mut Found) -> Option<String> {
    field.and_then(|field| field.text(TEXT_MAX_CHARS, found))
}

fn texts(field: Option<Field<'_, '_>>, found: &mut Found) -> Vec<String> {
    field.and_then(|field| field.texts(TEXT_MAX_CHARS, found)).unwrap_or_default()
}

/// A folder on the worker's machine. Below which root it must lie is for the worker to say; it never climbs.
fn folder(field: Field<'_, '_>, found: &mut Found) -> Option<String> {
    let text = field.text(TEXT_MAX_CHARS, found)?;
    if text.split(['/', '\\']).any(|segment| segment == "..") {
        field.report(ViolationCode::PathInvalid, "must not contain `..` as a segment", found);
        return None;
    }
    Some(text)
}

fn auth(field: Field<'_, '_>, found: &mut Found) -> Option<Auth> {
    let known = ["githubToken", "token", "serviceAccountKeyPath", "baseUrl"];
    let fields = Fields::open(field.node, &field.path, &known, found)?;
    Some(Auth {
        github_token: fields.get("githubToken").and_then(|field| reference(field, found)),
        token: fields.get("token").and_then(|field| reference(field, found)),
        service_account_key_path: text(fields.get("serviceAccountKeyPath"), found),
        base_url: text(fields.get("baseUrl"), found),
    })
}

/// A secret reference. Whatever else stands there was reported by the scan for secrets, unless it is empty.
fn reference(field: Field<'_, '_>, found: &mut Found) -> Option<Reference> {
    let text = field.text(TEXT_MAX_CHARS, found)?;
    Reference::of_value(&text, false)?.ok()
}

/// `manual`, or five fields of cron.
pub(super) fn schedule(field: Field<'_, '_>, found: &mut Found) -> Option<Schedule> {
    let text = field.text(TEXT_MAX_CHARS, found)?;
    if text == "manual" {
        return Some(Schedule::Manual);
    }
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"*/,-?#".contains(&byte);
    let parts: Vec<_> = text.split_ascii_whitespace().collect();
    if parts.len() == 5 && parts.iter().all(|part| part.bytes().all(inner)) {
        return Some(Schedule::Cron(parts.join(" ")));
    }
    let message = "must be `manual` or the five fields of cron: minute, hour, day of month, month, day of week";
    field.report(ViolationCode::ValueNotAllowed, message, found);
    None
}
