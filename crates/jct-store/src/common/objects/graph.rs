//! An issue with everything that hangs on it: from what was known, over what ran, to what came of it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::IssueId;
use jct_cwom::{ContextPacket, Issue, Ref, Run};

use super::Conn;
use super::read::{
    Read, artifacts, constraint_snapshots, context_packets, doctrine_refs, evidence_packs, issues, repos,
    review_decisions, runs,
};
use crate::StoreError;
use crate::model::IssueGraph;
use crate::schema_objects::{cwom_artifacts, cwom_evidence_packs, cwom_review_decisions, cwom_runs};
use crate::types::Id;

pub(crate) async fn graph(conn: &mut Conn, id: IssueId) -> Result<Option<IssueGraph>, StoreError> {
    let issue_id = Id::from(id);
    let Some((issue, _)) = issues(conn, vec![issue_id]).await?.pop() else { return Ok(None) };
    let Some((repo, _)) = repos(conn, vec![issue.content.repo.id.into()]).await?.pop() else {
        return Err(StoreError::corrupt(format!("issue {id} without its repository")));
    };
    let run_ids = cwom_runs::table.filter(cwom_runs::issue_id.eq(issue_id)).select(cwom_runs::id).load(conn).await?;
    let runs = plain(runs(conn, run_ids).await?);
    let made = cwom_artifacts::table.filter(cwom_artifacts::issue_id.eq(issue_id)).select(cwom_artifacts::id);
    let made = made.load(conn).await?;
    let artifacts = plain(artifacts(conn, made).await?);
    let given = runs.iter().flat_map(|run| &run.content.inputs.context_packets);
    let packets = ids(issue.content.context_packets.iter().chain(given));
    let packets = plain(context_packets(conn, packets).await?);
    let snapshots = plain(constraint_snapshots(conn, snapshots(&issue, &packets, &runs)).await?);
    let doctrines = plain(doctrine_refs(conn, doctrines(&issue, &packets, &runs)).await?);
    let judged = cwom_evidence_packs::table.filter(cwom_evidence_packs::issue_id.eq(issue_id));
    let judged = judged.select(cwom_evidence_packs::id).load(conn).await?;
    let evidence = plain(evidence_packs(conn, judged).await?);
    let decided = cwom_review_decisions::table.filter(cwom_review_decisions::issue_id.eq(issue_id));
    let decided = decided.select(cwom_review_decisions::id).load(conn).await?;
    let reviews = plain(review_decisions(conn, decided).await?);
    Ok(Some(IssueGraph {
        issue,
        repo,
        context_packets: packets,
        constraint_snapshots: snapshots,
        doctrine_refs: doctrines,
        runs,
        artifacts,
        evidence_packs: evidence,
        review_decisions: reviews,
    }))
}

fn plain<T>(objects: Vec<Read<T>>) -> Vec<T> {
    objects.into_iter().map(|(object, _)| object).collect()
}

/// Each once.
fn ids<'a>(references: impl Iterator<Item = &'a Ref>) -> Vec<Id> {
    let ids: BTreeSet<Id> = references.map(|reference| reference.id.into()).collect();
    ids.into_iter().collect()
}

fn snapshots(issue: &Issue, packets: &[ContextPacket], runs: &[Run]) -> Vec<Id> {
    let of_packets = packets.iter().filter_map(|packet| packet.content.constraint_snapshot.as_ref());
    let of_runs = runs.iter().filter_map(|run| run.content.inputs.constraint_snapshot.as_ref());
    ids(issue.content.constraints.iter().chain(of_packets).chain(of_runs))
}

fn doctrines(issue: &Issue, packets: &[ContextPacket], runs: &[Run]) -> Vec<Id> {
    let of_packets = packets.iter().flat_map(|packet| &packet.content.doctrine_refs);
    let of_runs = runs.iter().flat_map(|run| &run.content.inputs.doctrine_refs);
    ids(issue.content.doctrine_refs.iter().chain(of_packets).chain(of_runs))
}
