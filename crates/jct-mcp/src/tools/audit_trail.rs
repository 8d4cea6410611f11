//! What happened to an object.

use jct_store::model::PageStart;
use jct_tower::access::Scope;
use jct_tower::audit::AuditPageFilter;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::arguments;
use crate::call::Call;
use crate::tool::{Effect, Outcome, Tool, members};
use crate::views;

/// `jct_get_audit_trail`.
pub(super) enum GetAuditTrail {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// What the object is: `task`, or the kind of a work object such as `Issue`, `Run` or `EvidencePack`.
    entity_kind: String,
    /// The object's id.
    entity_id: String,
    /// How many entries at most, newest first: 1 to 500.
    #[serde(default = "fifty")]
    limit: u32,
}

const fn fifty() -> u32 {
    50
}

impl Tool for GetAuditTrail {
    const NAME: &'static str = "jct_get_audit_trail";
    const TITLE: &'static str = "Get the audit trail";
    const DESCRIPTION: &'static str =
        "Gives the entries of the audit log about one object, newest first: who changed what, and when.";
    const SCOPES: &'static [Scope] = &[Scope::AuditRead];
    const ERROR: &'static str = "GET_AUDIT_ERROR";
    const EFFECT: Effect = Effect::Reads;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let Arguments { entity_kind, entity_id, limit } = arguments;
        let filter = AuditPageFilter {
            entity_kind: Some(arguments::parse("entity_kind", &entity_kind)?),
            entity_id: Some(entity_id),
            ..AuditPageFilter::default()
        };
        let page = call.tower.audit_list(filter, PageStart::Offset(0), arguments::limit(limit)?).await?;
        let entries: Vec<Value> = page.items.iter().map(views::entry).collect();
        Ok(members(json!({"count": entries.len(), "entries": entries})))
    }
}
