//! Which objects a list shows: typed parameters, one set for each kind.

use jct_contract::{IssueId, RunId};
use jct_cwom::{
    ArtifactType, ConstraintScope, DoctrinePriority, DoctrineType, IssueType, ObjectKind, Priority,
    ReviewDecisionStatus, RunMode, Status, Verdict, Visibility,
};
use jct_store::model::ObjectFilter;
use jct_tower::objects::ObjectOwner;

use crate::input::QueryReader;

/// Longest `owner_id` and `namespace` of the model, in characters.
const NAME_MAX_CHARS: usize = 128;

/// A parameter of a list, as the document describes it.
pub(crate) struct Filter {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) takes: Takes,
    /// Which objects it lets through.
    pub(crate) doc: &'static str,
}

/// What a filter takes.
pub(crate) enum Takes {
    /// An id.
    Id,
    /// A text.
    Text,
    /// One of these.
    Word(&'static [&'static str]),
}

const fn id(name: &'static str, doc: &'static str) -> Filter {
    Filter { name, takes: Takes::Id, doc }
}

const fn text(name: &'static str, doc: &'static str) -> Filter {
    Filter { name, takes: Takes::Text, doc }
}

const fn word(name: &'static str, words: &'static [&'static str], doc: &'static str) -> Filter {
    Filter { name, takes: Takes::Word(words), doc }
}

const REPO: &[Filter] = &[word("visibility", Visibility::WORDS, "Only those that this circle may see.")];

const ISSUE: &[Filter] = &[
    id("repo_id", "Only those of this repository."),
    word("status", Status::WORDS, "Only those in this state."),
    word("type", IssueType::WORDS, "Only this sort of work."),
    word("priority", Priority::WORDS, "Only those that are so urgent."),
];

const CONTEXT_PACKET: &[Filter] = &[id("issue_id", "Only those about this issue.")];

const CONSTRAINT_SNAPSHOT: &[Filter] = &[
    word("scope", ConstraintScope::WORDS, "Only those that hold for this."),
    text("owner_id", "Only those of this owner: the `actor_id`."),
];

const DOCTRINE_REF: &[Filter] = &[
    text("namespace", "Only those of this namespace."),
    word("type", DoctrineType::WORDS, "Only this sort of rule."),
    word("priority", DoctrinePriority::WORDS, "Only those that are so binding."),
];

const RUN: &[Filter] = &[
    id("issue_id", "Only those of this issue."),
    id("repo_id", "Only those in this repository."),
    word("status", Status::WORDS, "Only those in this state."),
    word("mode", RunMode::WORDS, "Only those that this sort of executor runs."),
];

const ARTIFACT: &[Filter] = &[
    id("run_id", "Only those of this run."),
    id("issue_id", "Only those of this issue."),
    word("type", ArtifactType::WORDS, "Only this sort of artifact."),
];

const EVIDENCE_PACK: &[Filter] = &[
    id("run_id", "Only that of this run."),
    id("issue_id", "Only those of this issue."),
    word("verdict", Verdict::WORDS, "Only those with this verdict."),
];

const REVIEW_DECISION: &[Filter] = &[
    id("run_id", "Only that about this run."),
    id("issue_id", "Only those about this issue."),
    word("decision", ReviewDecisionStatus::WORDS, "Only those that decide this."),
];

/// The parameters of the list of a kind.
pub(crate) const fn filters(kind: ObjectKind) -> &'static [Filter] {
    match kind {
        ObjectKind::Repo => REPO,
        ObjectKind::Issue => ISSUE,
        ObjectKind::ContextPacket => CONTEXT_PACKET,
        ObjectKind::ConstraintSnapshot => CONSTRAINT_SNAPSHOT,
        ObjectKind::DoctrineRef => DOCTRINE_REF,
        ObjectKind::Run => RUN,
        ObjectKind::Artifact => ARTIFACT,
        ObjectKind::EvidencePack => EVIDENCE_PACK,
        ObjectKind::ReviewDecision => REVIEW_DECISION,
    }
}

/// The parameter that the list of the parts of such an object does not take, because the path says it.
pub(crate) const fn owned_by(owner: ObjectKind) -> &'static str {
    if matches!(owner, ObjectKind::Run) { "run_id" } else { "issue_id" }
}

/// Takes the parameters of a kind; what is wrong with them stays with the reader.
pub(super) fn take(kind: ObjectKind, owner: Option<ObjectOwner>, query: &mut QueryReader<'_>) -> ObjectFilter {
    match kind {
        ObjectKind::Repo => ObjectFilter::Repos { visibility: query.value("visibility") },
        ObjectKind::Issue => ObjectFilter::Issues {
            repo_id: query.value("repo_id"),
            status: query.value("status"),
            type_: query.value("type"),
            priority: query.value("priority"),
        },
        ObjectKind::ContextPacket => ObjectFilter::ContextPackets { issue_id: issue(owner, query) },
        ObjectKind::ConstraintSnapshot => {
            ObjectFilter::ConstraintSnapshots { scope: query.value("scope"), owner_id: name(query, "owner_id") }
        }
        ObjectKind::DoctrineRef => ObjectFilter::DoctrineRefs {
            namespace: name(query, "namespace"),
            type_: query.value("type"),
            priority: query.value("priority"),
        },
        ObjectKind::Run => ObjectFilter::Runs {
            issue_id: issue(owner, query),
            repo_id: query.value("repo_id"),
            status: query.value("status"),
            mode: query.value("mode"),
        },
        ObjectKind::Artifact => ObjectFilter::Artifacts {
            run_id: run(owner, query),
            issue_id: issue(owner, query),
            type_: query.value("type"),
        },
        ObjectKind::EvidencePack => ObjectFilter::EvidencePacks {
            run_id: run(owner, query),
            issue_id: issue(owner, query),
            verdict: query.value("verdict"),
        },
        ObjectKind::ReviewDecision => ObjectFilter::ReviewDecisions {
            run_id: run(owner, query),
            issue_id: issue(owner, query),
            decision: query.value("decision"),
        },
    }
}

fn issue(owner: Option<ObjectOwner>, query: &mut QueryReader<'_>) -> Option<IssueId> {
    if let Some(ObjectOwner::Issue(id)) = owner { Some(id) } else { query.value("issue_id") }
}

fn run(owner: Option<ObjectOwner>, query: &mut QueryReader<'_>) -> Option<RunId> {
    if let Some(ObjectOwner::Run(id)) = owner { Some(id) } else { query.value("run_id") }
}

/// A text that the model, and with it both databases, can hold.
fn name(query: &mut QueryReader<'_>, name: &str) -> Option<String> {
    let text = query.text(name)?;
    if (1..=NAME_MAX_CHARS).contains(&text.chars().count()) && !text.contains('\0') {
        return Some(text);
    }
    let message = format!("`{name}` has 1 to {NAME_MAX_CHARS} characters, none of them U+0000");
    query.refuse(name, "VALUE_NOT_ALLOWED", message);
    None
}

#[cfg(test)]
mod tests {
    use jct_contract::Timestamp;

    use super::*;

    fn wrong(kind: ObjectKind, owner: Option<ObjectOwner>, text: &str) -> Vec<(String, &'static str)> {
        let mut query = QueryReader::new(text);
        take(kind, owner, &mut query);
        query.finish_into().into_iter().map(|violation| (violation.pointer, violation.code)).collect()
    }

    #[test]
    fn every_documented_parameter_is_taken_and_typed_and_no_other() {
        for kind in ObjectKind::ALL {
            for Filter { name, takes, .. } in filters(*kind) {
                let good = match takes {
                    Takes::Id => "0198c0de-0000-7000-8000-000000000001",
                    Takes::Text => "a%20b",
                    Takes::Word(words) => words[0],
                };
                assert_eq!(wrong(*kind, None, &format!("{name}={good}")), [], "{kind} {name}");
                let refused = [(format!("/{name}"), "VALUE_NOT_ALLOWED")];
                for bad in ["", "%00", &"x".repeat(129)] {
                    assert_eq!(wrong(*kind, None, &format!("{name}={bad}")), refused, "{kind} {name} {bad}");
                }
                if !matches!(takes, Takes::Text) {
                    assert_eq!(wrong(*kind, None, &format!("{name}=nothing")), refused, "{kind} {name}");
                }
            }
            assert_eq!(wrong(*kind, None, "sort=asc"), [("/sort".to_owned(), "UNKNOWN_FIELD")]);
        }
    }

    #[test]
    fn what_the_path_says_is_no_parameter() {
        let at = Timestamp::from_micros(1);
        for (owner, kind) in super::super::PARTS {
            let id = if owner == ObjectKind::Run {
                ObjectOwner::Run(RunId::at(at))
            } else {
                ObjectOwner::Issue(IssueId::at(at))
            };
            let name = owned_by(owner);
            assert!(filters(kind).iter().any(|filter| filter.name == name), "{kind} has no {name}");
            let refused = wrong(kind, Some(id), &format!("{name}=0198c0de-0000-7000-8000-000000000001"));
            assert_eq!(refused, [(format!("/{name}"), "UNKNOWN_FIELD")]);
        }
    }
}
