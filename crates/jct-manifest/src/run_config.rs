//! How a run goes about its work: what the document says, and what one job says over it.

use serde::Serialize;

use crate::code::ViolationCode;
use crate::fields::{Field, Fields};
use crate::limits::{BATCH_SIZE_DEFAULT, BATCH_SIZE_MAX, CONCURRENCY_DEFAULT, CONCURRENCY_MAX, MAX_DOCS_MAX};
use crate::violation::Found;

/// What to do when one document fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ErrorPolicy {
    /// Note it and go on with the next.
    #[default]
    Continue,
    /// Stop the run.
    StopOnFirstError,
}

impl ErrorPolicy {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::StopOnFirstError => "stopOnFirstError",
        }
    }
}

/// What one job may set for itself; nothing else of a document can be changed by a job.
///
/// `null` and absent mean the same: the document decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// Do everything but write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Do over what is unchanged too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_full: Option<bool>,
    /// Most documents to take, 1 to 1 000 000 000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_docs: Option<u32>,
}

impl Options {
    /// Reads the options of a request.
    pub(crate) fn read(field: Field<'_, '_>, found: &mut Found) -> Option<Self> {
        if !matches!(field.node.value, crate::node::Value::Map(_)) {
            field.wrong_type_as(ViolationCode::OptionsNotObject, "an object", found);
            return None;
        }
        let known = ["dryRun", "forceFull", "maxDocs"];
        let fields = Fields::open_as(field.node, &field.path, &known, ViolationCode::OptionKeyUnsupported, found)?;
        let mut boolean = |name| {
            let field: Field<'_, '_> = fields.get(name)?;
            let crate::node::Value::Bool(value) = field.node.value else {
                field.wrong_type_as(ViolationCode::OptionNotBoolean, "`true` or `false`", found);
                return None;
            };
            Some(value)
        };
        let (dry_run, force_full) = (boolean("dryRun"), boolean("forceFull"));
        Some(Self { dry_run, force_full, max_docs: fields.get("maxDocs").and_then(|field| max_docs(field, found)) })
    }
}

/// `maxDocs`, wherever it stands.
fn max_docs(field: Field<'_, '_>, found: &mut Found) -> Option<u32> {
    let crate::node::Value::Integer(value) = field.node.value else {
        field.wrong_type_as(ViolationCode::MaxDocsNotInteger, "an integer", found);
        return None;
    };
    if value < 1 {
        field.report(ViolationCode::MaxDocsBelowOne, "must be at least 1", found);
        return None;
    }
    field.integer(&(1..=MAX_DOCS_MAX), found)
}

/// How a run goes about its work. What nobody said is absent, in the fields and in JSON alike; the methods know the
/// defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunConfig {
    /// Documents that are worked on at once, 1 to 500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Texts that are embedded at once, 1 to 10 000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u32>,
    /// What to do when one document fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_policy: Option<ErrorPolicy>,
    /// Do everything but write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Do over what is unchanged too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_full: Option<bool>,
    /// Most documents to take, 1 to 1 000 000 000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_docs: Option<u32>,
}

impl RunConfig {
    /// Documents that are worked on at once; 6 unless said.
    #[must_use]
    pub fn concurrency_or_default(&self) -> u32 {
        self.concurrency.unwrap_or(CONCURRENCY_DEFAULT)
    }

    /// Texts that are embedded at once; 128 unless said.
    #[must_use]
    pub fn batch_size_or_default(&self) -> u32 {
        self.batch_size.unwrap_or(BATCH_SIZE_DEFAULT)
    }

    /// What to do when one document fails; go on unless said.
    #[must_use]
    pub fn error_policy_or_default(&self) -> ErrorPolicy {
        self.error_policy.unwrap_or_default()
    }

    /// Whether nothing is to be written; `false` unless said.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.dry_run.unwrap_or(false)
    }

    /// Whether what is unchanged is done over; `false` unless said.
    #[must_use]
    pub fn is_full_forced(&self) -> bool {
        self.force_full.unwrap_or(false)
    }

    /// The same under the options of one job: what they say wins, what they leave open stays.
    #[must_use]
    pub fn under(self, options: &Options) -> Self {
        Self {
            dry_run: options.dry_run.or(self.dry_run),
            force_full: options.force_full.or(self.force_full),
            max_docs: options.max_docs.or(self.max_docs),
            ..self
        }
    }

    /// Reads `run` of a document.
    pub(crate) fn read(field: Field<'_, '_>, found: &mut Found) -> Option<Self> {
        let known = ["concurrency", "batchSize", "errorPolicy", "dryRun", "forceFull", "maxDocs"];
        let fields = Fields::open(field.node, &field.path, &known, found)?;
        let policies = [
            (ErrorPolicy::Continue.as_str(), ErrorPolicy::Continue),
            (ErrorPolicy::StopOnFirstError.as_str(), ErrorPolicy::StopOnFirstError),
        ];
        Some(Self {
            concurrency: fields.get("concurrency").and_then(|field| field.integer(&(1..=CONCURRENCY_MAX), found)),
            batch_size: fields.get("batchSize").and_then(|field| field.integer(&(1..=BATCH_SIZE_MAX), found)),
            error_policy: fields
                .get("errorPolicy")
                .and_then(|field| field.word(&policies, ViolationCode::ValueNotAllowed, found)),
            dry_run: fields.get("dryRun").and_then(|field| field.boolean(found)),
            force_full: fields.get("forceFull").and_then(|field| field.boolean(found)),
            max_docs: fields.get("maxDocs").and_then(|field| max_docs(field, found)),
        })
    }
}
