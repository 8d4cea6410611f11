//! Bodies as schemas only: they are read by the door of events.

#![expect(dead_code, reason = "these types describe bodies; nothing ever holds one")]

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// An event to be handed in. With `event_type` and `source` in the query, the body has `data`, which is then required, and
/// `tags` only.
#[derive(ToSchema)]
#[schema(as = NewEvent)]
pub(crate) struct NewEventSchema {
    /// `domain.name`; the domains of the tower's own events are its own. Also taken as `event_type`.
    #[schema(max_length = 128, example = "monitoring.service_down")]
    r#type: String,
    /// Where it comes from: a name, or a URI reference.
    #[schema(max_length = 256, example = "uptime")]
    source: String,
    /// What makes a repetition the same event, within its source.
    #[schema(max_length = 256)]
    id: Option<String>,
    #[schema(max_length = 256)]
    subject: Option<String>,
    /// RFC 3339.
    time: Option<String>,
    /// Any JSON, at most 64 KiB.
    #[schema(value_type = Option<Object>)]
    data: Option<()>,
    /// Bytes in place of `data`.
    data_base64: Option<String>,
    data_content_type: Option<String>,
    data_schema: Option<String>,
    #[schema(value_type = Option<Object>)]
    extensions: Option<()>,
    /// `low`, `medium` (if absent), `high` or `critical`.
    priority: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}
