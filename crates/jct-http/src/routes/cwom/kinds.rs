//! What differs between the kinds on the surface: their names in paths, and which never change.

use jct_cwom::ObjectKind;

/// The lists of the parts of an object: whose, and of what kind.
pub(crate) const PARTS: [(ObjectKind, ObjectKind); 8] = [
    (ObjectKind::Issue, ObjectKind::ContextPacket),
    (ObjectKind::Issue, ObjectKind::Run),
    (ObjectKind::Issue, ObjectKind::Artifact),
    (ObjectKind::Issue, ObjectKind::EvidencePack),
    (ObjectKind::Issue, ObjectKind::ReviewDecision),
    (ObjectKind::Run, ObjectKind::Artifact),
    (ObjectKind::Run, ObjectKind::EvidencePack),
    (ObjectKind::Run, ObjectKind::ReviewDecision),
];

/// The name of a kind in paths.
pub(crate) const fn segment(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Repo => "repos",
        ObjectKind::Issue => "issues",
        ObjectKind::ContextPacket => "context-packets",
        ObjectKind::Run => "runs",
        ObjectKind::Artifact => "artifacts",
        ObjectKind::ConstraintSnapshot => "constraint-snapshots",
        ObjectKind::DoctrineRef => "doctrine-refs",
        ObjectKind::EvidencePack => "evidence-packs",
        ObjectKind::ReviewDecision => "reviews",
    }
}

/// Whether a change of such an object is not only not offered, but against the model.
pub(crate) const fn is_immutable(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::ContextPacket
            | ObjectKind::ConstraintSnapshot
            | ObjectKind::EvidencePack
            | ObjectKind::ReviewDecision
    )
}

/// Whether callers create such an object in its collection.
pub(crate) const fn is_created(kind: ObjectKind) -> bool {
    !matches!(kind, ObjectKind::EvidencePack | ObjectKind::ReviewDecision)
}
