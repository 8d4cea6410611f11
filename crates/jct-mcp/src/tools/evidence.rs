//! What was found out about a run.

use jct_contract::{ObjectId, RunId};
use jct_cwom::{EvidencePack, ObjectKind};
use jct_store::model::WorkObject;
use jct_tower::access::Scope;
use jct_tower::objects::ReadObjectError;
use jct_tower::runs::RunViewError;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::arguments;
use crate::call::Call;
use crate::failure::Failure;
use crate::tool::{Effect, Outcome, Tool, members};
use crate::views;

/// `jct_get_evidence`.
pub(super) enum GetEvidence {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The run or its evidence pack, a UUID.
    run_id: String,
}

impl Tool for GetEvidence {
    const NAME: &'static str = "jct_get_evidence";
    const TITLE: &'static str = "Get evidence";
    const DESCRIPTION: &'static str =
        "Gives the evidence pack of a run: which criteria are met, which were not verified, and the verdict.";
    const SCOPES: &'static [Scope] = &[Scope::CwomRead];
    const ERROR: &'static str = "GET_EVIDENCE_ERROR";
    const EFFECT: Effect = Effect::Reads;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let id: ObjectId = arguments::parse("run_id", &arguments.run_id)?;
        let pack = match call.tower.run_view(RunId::from_uuid(id.as_uuid())).await {
            Ok(view) => match view.pack() {
                Some(pack) => pack.clone(),
                None => return Err(none("there is no evidence of the run yet")),
            },
            Err(RunViewError::NotFound) => pack(call, id).await?,
            Err(error) => return Err(error.into()),
        };
        Ok(members(json!({"evidence_pack": views::written(&pack)?})))
    }
}

/// The pack of that id.
pub(super) async fn pack(call: &Call, id: ObjectId) -> Result<EvidencePack, Failure> {
    match call.tower.object(ObjectKind::EvidencePack, id).await {
        Ok(found) => match found.object {
            WorkObject::EvidencePack(pack) => Ok(pack),
            _ => Err(none("there is no such evidence pack")),
        },
        Err(ReadObjectError::NotFound { .. }) => Err(none("there is no such run and no such evidence pack")),
        Err(error) => Err(error.into()),
    }
}

fn none(message: &str) -> Failure {
    Failure::new("EVIDENCE_NOT_FOUND", message)
}
