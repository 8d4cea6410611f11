//! Each thing that must be shown is an artifact, by its exact name or by its declared kind.
//!
//! Never by words that the two have in common: "pytest output" is not shown by a file called `output`.

use jct_cwom::{ArtifactType, EvidenceItem};

use super::super::findings::position;
use crate::judge::facts::{ArtifactBytes, ArtifactFact, Facts};
use crate::judge::reading::{Reading, excerpt};

const RULE: &str = "evidence_required";
const KIND: &str = "kind:";

pub(super) fn read(facts: &Facts) -> Vec<Reading> {
    let read = |item: EvidenceItem| {
        if item.found {
            return Reading::held(RULE);
        }
        let why = item.notes.map(|notes| format!(" ({notes})")).unwrap_or_default();
        Reading::open(RULE, format!("missing evidence: `{}`{why}", excerpt(&item.requirement, 300)))
    };
    collected(facts).into_iter().map(read).collect()
}

/// One item for each requirement, in its order.
pub(in crate::judge) fn collected(facts: &Facts) -> Vec<EvidenceItem> {
    let requirements = facts.evidence_requirements.iter().enumerate();
    requirements.map(|(index, requirement)| item(position(index), requirement, &facts.artifacts)).collect()
}

fn item(index: u32, requirement: &str, artifacts: &[ArtifactFact]) -> EvidenceItem {
    let mut item = EvidenceItem {
        requirement: requirement.to_owned(),
        index,
        found: false,
        artifact_uri: None,
        artifact_type: None,
        notes: None,
    };
    let is_it: Box<dyn Fn(&ArtifactFact) -> bool> = match requirement.strip_prefix(KIND).map(str::parse::<ArtifactType>)
    {
        Some(Ok(kind)) => Box::new(move |artifact| artifact.kind == kind),
        Some(Err(unknown)) => {
            item.notes = Some(unknown.to_string());
            return item;
        }
        None => Box::new(|artifact| artifact.title == requirement || artifact.file_name() == requirement),
    };
    let candidates = || artifacts.iter().filter(|artifact| is_it(artifact));
    let sound = candidates().find(|artifact| matches!(artifact.bytes, ArtifactBytes::Verified(_)));
    match sound {
        Some(artifact) => {
            item.found = true;
            item.artifact_uri = Some(artifact.uri.clone());
            item.artifact_type = Some(artifact.kind);
        }
        None if candidates().next().is_some() => {
            item.notes = Some("there is such an artifact, and its bytes are not what they should be".to_owned());
        }
        None => {}
    }
    item
}
