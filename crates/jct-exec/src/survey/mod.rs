//! The `survey` executor: a read-only report on a repository.
//!
//! Reads the files of one commit and the history behind it, and runs nothing of the repository. A
//! repository is hostile input here like everywhere: links are not followed, sizes are limited, and
//! its text is escaped where the report shows it.

mod executor;
mod inside;
mod job;
mod language;
mod licence;
mod manifest;
mod markdown;
mod marker;
mod report;
mod scan;
mod walk;

pub use executor::SurveyExecutor;
pub use report::{
    AuthorLine, CommitLine, FileSize, FoundLicence, LanguageTotal, ManifestLine, MarkerLine, Markers, REPORT_FORMAT,
    Report, Subject, Totals,
};

pub(crate) use inside::run_inside;
