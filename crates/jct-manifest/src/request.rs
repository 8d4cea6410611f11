//! What a client posts to have a manifest run, and the one way to read it.

use jct_contract::door::Path;
use serde_json::Value as Json;

use crate::code::ViolationCode;
use crate::draft::Draft;
use crate::fields::{Field, Fields};
use crate::hash::ManifestHash;
use crate::json;
use crate::name::ManifestName;
use crate::node::{Node, Value};
use crate::run_config::Options;
use crate::secrets;
use crate::source::{self, Source, SourceKinds};
use crate::violation::{Found, Violations};

/// What is to be done with a manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Action {
    /// Say what a run would do, and write nothing.
    Plan,
    /// Do it.
    #[default]
    Run,
}

impl Action {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Run => "run",
        }
    }
}

/// What the tower computes for every job: accepted from a client that sends back what it read, and ignored.
const COMPUTED: [&str; 5] =
    ["requiredCapabilities", "manifestHash", "manifestVersion", "effectiveRunConfig", "manifestSecretRefs"];

/// The payload of a manifest job as a client posts it: which manifest, from where, to do what, with which options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRequest {
    pub(crate) name: ManifestName,
    pub(crate) action: Action,
    pub(crate) source: Source,
    pub(crate) options: Options,
}

impl JobRequest {
    /// A request that was put together by the tower itself: a run of a stored manifest.
    #[must_use]
    pub const fn of_registry(name: ManifestName, hash: Option<ManifestHash>, action: Action, options: Options) -> Self {
        Self { source: Source::Registry { name: None, hash }, name, action, options }
    }

    /// Reads the JSON of a request.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with a pointer into the payload. Nothing is converted: `"false"` is no
    /// boolean and `1.9` no integer. `null` means "not said".
    ///
    /// ```rust
    /// use jct_manifest::JobRequest;
    ///
    /// let body = br#"{"manifest": {"name": "notes", "source": {"kind": "registry"}, "options": {"dryRun": "false"}}}"#;
    /// let refused = JobRequest::parse(body).unwrap_err();
    /// assert_eq!(refused.as_slice()[0].pointer, "/manifest/options/dryRun");
    /// assert_eq!(refused.as_slice()[0].code.as_str(), "OPTION_NOT_BOOLEAN");
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, Violations> {
        let mut found = Found::default();
        let node = json::read(bytes, &mut found);
        let parts = node.map(|node| Parts::read(&node, &mut found));
        found.or(parts.and_then(Parts::into_request))
    }

    /// The same for a value that was parsed already, by a reader that refuses repeated names.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn from_value(value: &Json) -> Result<Self, Violations> {
        Draft::of(value).into_request()
    }

    /// Refuses a kind of source that this tower does not take.
    ///
    /// # Errors
    ///
    /// `KIND_UNSUPPORTED`, with the kinds that it takes.
    pub fn permit(&self, kinds: SourceKinds) -> Result<(), Violations> {
        let mut found = Found::default();
        kinds.permit(&self.source, &mut found);
        found.or(Some(()))
    }

    /// Which manifest.
    #[must_use]
    pub const fn name(&self) -> &ManifestName {
        &self.name
    }

    /// What is to be done with it.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// Where it comes from.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// What this job sets for itself.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }
}

/// What could be read of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    pub(crate) name: Option<ManifestName>,
    action: Option<Action>,
    pub(crate) source: Option<Source>,
    options: Option<Options>,
}

impl Parts {
    /// Reads all there is, reporting whatever is wrong with it.
    pub(crate) fn read(node: &Node, found: &mut Found) -> Self {
        Self::read_object(node, found).unwrap_or_default()
    }

    /// The request, if nothing is missing.
    pub(crate) fn into_request(self) -> Option<JobRequest> {
        let Self { name, action, source, options } = self;
        Some(JobRequest { name: name?, action: action?, source: source?, options: options? })
    }

    fn read_object(node: &Node, found: &mut Found) -> Option<Self> {
        if !matches!(node.value, Value::Map(_)) {
            let message = format!("the payload must be an object, not {}", node.kind());
            found.report(Path::Root, 0, ViolationCode::PayloadNotObject, message);
            return None;
        }
        let root = Path::Root;
        let known: Vec<&str> = ["manifest"].into_iter().chain(COMPUTED).collect();
        secrets::scan_request(node, found);
        let fields = Fields::open(node, &root, &known, found)?;
        let message = "the payload needs an object `manifest`";
        let manifest = fields.required_as("manifest", ViolationCode::ManifestMissing, message, found)?;
        if !matches!(manifest.node.value, Value::Map(_)) {
            manifest.wrong_type_as(ViolationCode::ManifestMissing, "an object", found);
            return None;
        }
        let fields = Fields::open(manifest.node, &manifest.path, &["name", "action", "source", "options"], found)?;
        let name = fields.required_as("name", ViolationCode::NameBlank, "the name of the manifest is required", found);
        let name = name.and_then(|field| field.name(found)).and_then(|name| name.parse().ok());
        let action = fields.get("action").map_or(Some(Action::Run), |field| action(field, found));
        let message = "the manifest needs a source";
        let source = fields.required_as("source", ViolationCode::SourceNotObject, message, found);
        let source = source.and_then(|field| source::read(field, found));
        let options = fields.get("options").map_or(Some(Options::default()), |field| Options::read(field, found));
        Some(Self { name, action, source, options })
    }
}

/// `plan` or `run` in any case; blank is `run`.
fn action(field: Field<'_, '_>, found: &mut Found) -> Option<Action> {
    if matches!(&field.node.value, Value::Text(text) if text.trim().is_empty()) {
        return Some(Action::Run);
    }
    let words = [(Action::Plan.as_str(), Action::Plan), (Action::Run.as_str(), Action::Run)];
    field.word(&words, ViolationCode::ActionUnsupported, found)
}
