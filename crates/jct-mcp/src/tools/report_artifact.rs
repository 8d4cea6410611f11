//! Leaving something with a task that one holds.

use jct_cwom::ArtifactType;
use jct_tower::access::Scope;
use jct_tower::taken::{LeftArtifact, NewLeftArtifact, WhatIsLeft};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::heartbeat::fence;
use crate::arguments;
use crate::call::Call;
use crate::failure::Failure;
use crate::tool::{Effect, Outcome, Tool, members};

const TITLE_MAX_CHARS: usize = 512;
const MEDIA_TYPE_MAX_CHARS: usize = 128;

/// `jct_report_artifact`.
pub(super) enum ReportArtifact {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The task that you claimed, a UUID.
    task_id: String,
    /// The fence of your lease. Without it the living lease counts if it is yours.
    fence: Option<String>,
    /// What it is called, 1 to 512 characters.
    title: String,
    /// What it is, for instance `code_patch`, `commit`, `pr`, `doc`, `report`, `log` or `dataset`.
    artifact_type: String,
    /// The thing itself, as text. Either this or `uri`.
    content: Option<String>,
    /// Where it is: an absolute URI such as `https://example.org/pr/7`, 1 to 2000 characters. Either this or `content`.
    uri: Option<String>,
    /// Its media type.
    #[serde(default = "plain")]
    media_type: String,
}

fn plain() -> String {
    "text/plain".to_owned()
}

impl Tool for ReportArtifact {
    const NAME: &'static str = "jct_report_artifact";
    const TITLE: &'static str = "Report an artifact";
    const DESCRIPTION: &'static str = "Leaves something that you made with a task that you claimed: its content as \
        text, which the tower keeps under its digest, or a link to where it is.";
    const SCOPES: &'static [Scope] = &[Scope::TasksExecute];
    const ERROR: &'static str = "REPORT_ARTIFACT_ERROR";
    const EFFECT: Effect = Effect::Writes;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let Arguments { task_id, fence: sent, title, artifact_type, content, uri, media_type } = arguments;
        let task_id = arguments::parse("task_id", &task_id)?;
        let fence = fence(sent.as_deref())?;
        let type_: ArtifactType =
            artifact_type.parse().map_err(|error| Failure::new("INVALID_ARTIFACT_TYPE", format!("{error}")))?;
        arguments::line("title", &title, TITLE_MAX_CHARS)?;
        arguments::line("media_type", &media_type, MEDIA_TYPE_MAX_CHARS)?;
        let what = what(content, uri)?;
        let (by, trace_id) = (call.caller.principal(), call.caller.trace_id.clone());
        let new = NewLeftArtifact { task_id, fence, by, type_, title: title.clone(), media_type, what, trace_id };
        let LeftArtifact { artifact, digest, repeated } = call.tower.taken_artifact(new).await?;
        Ok(members(json!({
            "artifact_id": artifact.id,
            "task_id": task_id,
            "run_id": artifact.run_id,
            "title": title,
            "type": type_.as_str(),
            "uri": artifact.uri,
            "digest": digest.map(|digest| digest.to_string()),
            "repeated": repeated,
        })))
    }
}

/// Exactly one of the two; an empty text is none.
fn what(content: Option<String>, uri: Option<String>) -> Result<WhatIsLeft, Failure> {
    match (content.filter(|text| !text.is_empty()), uri.filter(|text| !text.is_empty())) {
        (Some(content), None) => Ok(WhatIsLeft::Content(content)),
        (None, Some(uri)) => Ok(WhatIsLeft::Link(arguments::parse("uri", &uri)?)),
        (None, None) => Err(Failure::arguments("one of `content` and `uri` is needed")),
        (Some(_), Some(_)) => Err(Failure::arguments("`content` and `uri` exclude each other")),
    }
}
