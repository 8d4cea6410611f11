//! A CloudEvent, whichever form it came in or goes out in.

use std::collections::BTreeMap;

use jct_contract::Timestamp;

use super::ExtensionValue;
use crate::{EventData, EventSource, EventType};

/// The only version of the specification there is.
pub(super) const SPEC_VERSION: &str = "1.0";

/// A CloudEvent of version 1.0.
#[derive(Clone, Debug, PartialEq)]
pub struct CloudEvent {
    pub(super) id: String,
    pub(super) source: EventSource,
    pub(super) event_type: EventType,
    pub(super) subject: Option<String>,
    pub(super) time: Option<Timestamp>,
    pub(super) content_type: Option<String>,
    pub(super) data_schema: Option<String>,
    pub(super) extensions: BTreeMap<String, ExtensionValue>,
    pub(super) data: EventData,
}

impl CloudEvent {
    /// The id, unique within the source; 1 to 256 characters.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it comes from.
    #[must_use]
    pub const fn source(&self) -> &EventSource {
        &self.source
    }

    /// What kind of thing happened.
    #[must_use]
    pub const fn event_type(&self) -> &EventType {
        &self.event_type
    }

    /// The extension attributes, those of the tower included.
    #[must_use]
    pub const fn extensions(&self) -> &BTreeMap<String, ExtensionValue> {
        &self.extensions
    }

    /// What it says about what happened.
    #[must_use]
    pub const fn data(&self) -> &EventData {
        &self.data
    }
}
