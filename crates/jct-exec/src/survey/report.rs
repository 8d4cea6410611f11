//! The report as data: `report.json` is exactly this.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Names the shape of `report.json`; a change that breaks readers changes the number.
pub const REPORT_FORMAT: &str = "jct-survey/1";

/// A survey of one commit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// [`REPORT_FORMAT`].
    pub format: &'static str,
    /// What was surveyed.
    pub subject: Subject,
    /// Sums over all files.
    pub totals: Totals,
    /// Text files by language, most lines first.
    pub languages: Vec<LanguageTotal>,
    /// The largest files, largest first; at most 20.
    pub largest_files: Vec<FileSize>,
    /// Licences found in licence files and manifests.
    pub licences: Vec<FoundLicence>,
    /// The last commits that touch the path, newest first; at most 20.
    pub commits: Vec<CommitLine>,
    /// Authors of all commits that touch the path, most commits first; at most 100.
    pub authors: Vec<AuthorLine>,
    /// Notes that their authors left for later.
    pub markers: Markers,
    /// Dependency manifests, by path; at most 200.
    pub manifests: Vec<ManifestLine>,
    /// Limits that were reached: where one is named, the numbers above are lower bounds.
    pub limits_reached: Vec<String>,
}

/// What was surveyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// `owner/name`.
    pub repo: String,
    /// The reference as asked for.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The commit it named.
    pub commit: String,
    /// The folder, `""` for the root.
    pub path: String,
    /// What the task wanted to know.
    pub objective: String,
}

/// Sums over all files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Regular files.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Lines of text files.
    pub lines: u64,
    /// Files with a NUL byte near their start.
    pub binary_files: u64,
    /// Files too large to read: counted by size only.
    pub unread_files: u64,
    /// Symbolic links, not followed.
    pub links: u64,
}

/// What is written in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageTotal {
    /// The language's name.
    pub name: Cow<'static, str>,
    /// Files.
    pub files: u64,
    /// Lines, blank ones too.
    pub lines: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A file and its size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSize {
    /// Relative to the surveyed folder.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// A licence and where it is stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundLicence {
    /// The file that states it.
    pub path: String,
    /// An SPDX identifier, a manifest's own words, or `unknown` for a licence text that was not
    /// recognised.
    pub licence: String,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommitLine {
    /// The commit's id.
    pub id: String,
    /// RFC 3339, as the author's machine claimed it; `null` when it is no possible time.
    pub authored_at: Option<String>,
    /// The author's name.
    pub author: String,
    /// The first line of the message.
    pub subject: String,
}

/// An author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthorLine {
    /// The author's name.
    pub name: String,
    /// Commits, merges left out.
    pub commits: u64,
}

/// Notes that their authors left for later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Markers {
    /// All that were found.
    pub total: u64,
    /// The first 200 by path and line.
    pub listed: Vec<MarkerLine>,
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkerLine {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// Which word marks it.
    pub kind: Cow<'static, str>,
    /// The rest of the line, at most 160 characters.
    pub text: String,
}

/// A dependency manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestLine {
    /// The file.
    pub path: String,
    /// The tool that reads it.
    pub kind: Cow<'static, str>,
    /// How many dependencies it names, where that can be told without running the tool.
    pub dependencies: Option<u64>,
}
