//! A request as far as it can be understood. One that is refused may bring a manifest all the same, and whoever sent both
//! is told about both at once.

use jct_contract::door::Path;
use serde_json::Value as Json;

use crate::code::ViolationClass;
use crate::job::name_mismatch;
use crate::json;
use crate::name::ManifestName;
use crate::raw::Judged;
use crate::request::{JobRequest, Parts};
use crate::source::{Source, SourceKinds};
use crate::violation::{Found, Violation, Violations};

/// A request that was read, whatever is wrong with it.
#[derive(Clone, Debug)]
pub struct Draft {
    parts: Parts,
    found: Found,
}

/// Everything that is wrong with a request, and with the manifest that it brings or names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Pointers begin at the payload.
    pub request: Vec<Violation>,
    /// Pointers begin at the document.
    pub document: Vec<Violation>,
}

impl Draft {
    /// Reads a value that was parsed already, by a reader that refuses repeated names.
    #[must_use]
    pub fn of(value: &Json) -> Self {
        let mut found = Found::default();
        let node = json::from_value(value, Path::Root, 0, &mut found);
        let parts = Parts::read(&node, &mut found);
        Self { parts, found }
    }

    /// The request.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, whatever the manifest is that it brings.
    pub fn into_request(self) -> Result<JobRequest, Violations> {
        let Self { parts, found } = self;
        found.or(parts.into_request())
    }

    /// Everything that is wrong with the request, for a tower that takes these kinds of sources, and with the manifest
    /// if the request brings it. That is judged here, which takes as long as it takes alone.
    ///
    /// ```rust
    /// use jct_manifest::{Draft, SourceKinds};
    /// use serde_json::json;
    ///
    /// let source = json!({"kind": "inline", "content": "version: ["});
    /// let refused = Draft::of(&json!({"manifest": {"name": "", "source": source}})).refusal(SourceKinds::default());
    /// assert_eq!(refused.request[0].code.as_str(), "NAME_BLANK");
    /// assert_eq!(refused.document[0].code.as_str(), "YAML_INVALID");
    /// ```
    #[must_use]
    pub fn refusal(self, kinds: SourceKinds) -> Refusal {
        let Self { parts, mut found } = self;
        let mut document = Vec::new();
        if let Some(source) = &parts.source {
            kinds.permit(source, &mut found);
            if let Source::Inline { content } = source {
                let Judged { name, manifest } = content.clone().judge();
                compare(parts.name.as_ref(), name.as_ref(), &mut found);
                document = manifest.err().map(Violations::into_vec).unwrap_or_default();
            }
        }
        Refusal { request: found.into_vec(), document }
    }
}

impl JobRequest {
    /// What is to be said if the manifest that it brings or names is refused: that, and that their names differ.
    #[must_use]
    pub fn refused(&self, name: Option<&ManifestName>, document: Violations) -> Refusal {
        let mut found = Found::default();
        compare(Some(&self.name), name, &mut found);
        Refusal { request: found.into_vec(), document: document.into_vec() }
    }
}

/// Names that are there on both sides have to be the same.
fn compare(request: Option<&ManifestName>, document: Option<&ManifestName>, found: &mut Found) {
    if request.zip(document).is_some_and(|(request, document)| request != document) {
        name_mismatch(found);
    }
}

impl Refusal {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.request.is_empty() && self.document.is_empty()
    }

    /// Each of them, those of the request first.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.request.iter().chain(&self.document)
    }

    /// What kind of refusal the whole is, by the same rule as [`Violations::class`].
    #[must_use]
    pub fn class(&self) -> ViolationClass {
        ViolationClass::of(self.iter())
    }
}

impl From<Violations> for Refusal {
    /// A request that is refused before its manifest is looked at.
    fn from(request: Violations) -> Self {
        Self { request: request.into_vec(), document: Vec::new() }
    }
}
