//! Which of the objects that are referred to do not exist: all of them, so that a caller has to ask only once.
//!
//! No object is ever deleted, so what is there when it is looked for is there when the transaction commits.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_cwom::{ObjectKind, Reference};

use super::Conn;
use crate::StoreError;
use crate::schema_objects::{
    cwom_artifacts, cwom_constraint_snapshots, cwom_context_packets, cwom_doctrine_refs, cwom_evidence_packs,
    cwom_issues, cwom_repos, cwom_review_decisions, cwom_runs,
};
use crate::types::Id;

pub(super) async fn missing(conn: &mut Conn, references: Vec<Reference>) -> Result<Vec<Reference>, StoreError> {
    let mut found = HashSet::new();
    for kind in ObjectKind::ALL {
        let wanted: HashSet<Id> = references
            .iter()
            .filter(|reference| reference.kind == *kind)
            .map(|reference| reference.id.into())
            .collect();
        if !wanted.is_empty() {
            let there = existing(conn, *kind, wanted.into_iter().collect()).await?;
            found.extend(there.into_iter().map(|id| (*kind, id)));
        }
    }
    let is_missing = |reference: &Reference| !found.contains(&(reference.kind, reference.id.into()));
    Ok(references.into_iter().filter(is_missing).collect())
}

async fn existing(conn: &mut Conn, kind: ObjectKind, ids: Vec<Id>) -> Result<Vec<Id>, StoreError> {
    macro_rules! ids {
        ($table:ident) => {
            $table::table.filter($table::id.eq_any(ids)).select($table::id).load(conn).await?
        };
    }
    Ok(match kind {
        ObjectKind::Repo => ids!(cwom_repos),
        ObjectKind::Issue => ids!(cwom_issues),
        ObjectKind::ContextPacket => ids!(cwom_context_packets),
        ObjectKind::ConstraintSnapshot => ids!(cwom_constraint_snapshots),
        ObjectKind::DoctrineRef => ids!(cwom_doctrine_refs),
        ObjectKind::Run => ids!(cwom_runs),
        ObjectKind::Artifact => ids!(cwom_artifacts),
        ObjectKind::EvidencePack => ids!(cwom_evidence_packs),
        ObjectKind::ReviewDecision => ids!(cwom_review_decisions),
    })
}
