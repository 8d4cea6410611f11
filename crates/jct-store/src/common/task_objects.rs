//! The work objects of new tasks: the repository by its slug, created once; the others new with each task.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{IssueId, RepoId};
use jct_cwom::ObjectKind;
use jct_cwom::task::TaskIds;

use super::objects::{Author, Entity};
use super::{Conn, primitives};
use crate::StoreError;
use crate::additions::Additions;
use crate::journal::Actor;
use crate::model::{NewTask, NewTaskObjects, Written};
use crate::rows::{Chained, IssuePacketRow, IssueSnapshotRow, RepoRow, place_in_list};
use crate::schema_objects::{cwom_context_packets, cwom_issues, cwom_repos};
use crate::types::Id;

/// Adds the objects of those tasks that are new, each with the first entry of its chain; returns their ids, in order.
pub(super) async fn add(
    conn: &mut Conn,
    additions: &mut Additions,
    tasks: &[&NewTask],
) -> Result<Vec<Option<TaskIds>>, StoreError> {
    let repos = keep_repos(conn, additions, tasks).await?;
    let mut kept = Vec::with_capacity(tasks.len());
    for task in tasks {
        let Some(objects) = &task.objects else {
            kept.push(None);
            continue;
        };
        let objects = match objects.repo.as_ref().and_then(|repo| repos.get(&repo.row.slug)) {
            Some(repo) if *repo != objects.ids.repo => objects.as_ref().clone().in_repo(*repo)?,
            _ => objects.as_ref().clone(),
        };
        kept.push(Some(objects.ids));
        add_objects(additions, objects, author(task));
    }
    Ok(kept)
}

/// Creates the repositories that are not there yet; returns which repository has which slug.
async fn keep_repos(
    conn: &mut Conn,
    additions: &mut Additions,
    tasks: &[&NewTask],
) -> Result<HashMap<String, RepoId>, StoreError> {
    let mut wanted: HashMap<&str, (&NewTask, &Written<RepoRow>)> = HashMap::new();
    for task in tasks {
        if let Some(repo) = task.objects.as_ref().and_then(|objects| objects.repo.as_ref()) {
            wanted.entry(&repo.row.slug).or_insert((task, repo));
        }
    }
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    // In one order everywhere: two transactions that create the same repositories must not wait for each other.
    let mut wanted: Vec<_> = wanted.into_values().collect();
    wanted.sort_unstable_by(|(_, a), (_, b)| a.row.slug.cmp(&b.row.slug));
    let known = by_slug(conn, wanted.iter().map(|(_, repo)| repo.row.slug.clone()).collect()).await?;
    wanted.retain(|(_, repo)| !known.contains_key(&repo.row.slug));
    let mut journal = additions.journal.another();
    let rows: Vec<RepoRow> = wanted
        .iter()
        .map(|(task, repo)| {
            let mut row = repo.row.clone();
            let entity = Entity::of(ObjectKind::Repo, row.id);
            row.set_head(author(task).created_as(&mut journal, entity, repo.json.clone()));
            row
        })
        .collect();
    let created = if rows.is_empty() { Default::default() } else { primitives::insert_repos(conn, &rows).await? };
    let (mut repos, mut late) = (known, Vec::new());
    let mut entries = journal.audits.into_iter();
    for row in rows {
        let entry = entries.next();
        if created.contains(&row.id) {
            additions.journal.audits.extend(entry);
            repos.insert(row.slug, row.id.into());
        } else {
            late.push(row.slug);
        }
    }
    if !late.is_empty() {
        // Another writer was faster, and has committed by now: the insert waited for it.
        repos.extend(by_slug(conn, late).await?);
    }
    Ok(repos)
}

pub(crate) async fn by_slug(conn: &mut Conn, slugs: Vec<String>) -> Result<HashMap<String, RepoId>, StoreError> {
    let found: Vec<(String, Id)> = cwom_repos::table
        .filter(cwom_repos::slug.eq_any(slugs))
        .select((cwom_repos::slug, cwom_repos::id))
        .load(conn)
        .await?;
    Ok(found.into_iter().map(|(slug, id)| (slug, id.into())).collect())
}

pub(crate) async fn repo_by_slug(conn: &mut Conn, slug: String) -> Result<Option<RepoId>, StoreError> {
    Ok(by_slug(conn, vec![slug]).await?.into_values().next())
}

/// The objects that were created together with an issue: the first of each kind.
pub(crate) async fn ids_of(conn: &mut Conn, issue: IssueId) -> Result<Option<TaskIds>, StoreError> {
    let id = Id::from(issue);
    let repo: Option<Id> = cwom_issues::table.find(id).select(cwom_issues::repo_id).first(conn).await.optional()?;
    let packet: Option<(Id, Option<Id>)> = cwom_context_packets::table
        .filter(cwom_context_packets::issue_id.eq(id))
        .order(cwom_context_packets::id)
        .select((cwom_context_packets::id, cwom_context_packets::constraint_snapshot_id))
        .first(conn)
        .await
        .optional()?;
    let (Some(repo), Some((context_packet, Some(constraint_snapshot)))) = (repo, packet) else { return Ok(None) };
    Ok(Some(TaskIds {
        repo: repo.into(),
        constraint_snapshot: constraint_snapshot.into(),
        issue,
        context_packet: context_packet.into(),
    }))
}

fn add_objects(additions: &mut Additions, objects: NewTaskObjects, author: Author<'_>) {
    let NewTaskObjects { constraint_snapshot, issue: Written { row: mut issue, json }, context_packet, .. } = objects;
    let (snapshot, packet) = (constraint_snapshot.row, context_packet.row);
    let journal = &mut additions.journal;
    let mut created = |kind, id, json| author.created_as(journal, Entity::of(kind, id), json);
    created(ObjectKind::ConstraintSnapshot, snapshot.id, constraint_snapshot.json);
    let head = created(ObjectKind::Issue, issue.id, json);
    created(ObjectKind::ContextPacket, packet.id, context_packet.json);
    issue.set_head(head);
    additions.issue_packets.push(IssuePacketRow {
        issue_id: issue.id,
        context_packet_id: packet.id,
        role: None,
        position: place_in_list(0),
        created_at: issue.created_at,
    });
    additions.issue_snapshots.push(IssueSnapshotRow {
        issue_id: issue.id,
        constraint_snapshot_id: snapshot.id,
        role: None,
        position: place_in_list(0),
        created_at: issue.created_at,
    });
    additions.snapshots.push(snapshot);
    additions.issues.push(issue);
    additions.packets.push(packet);
}

/// Whoever handed the task in is the author of what came with it.
fn author(task: &NewTask) -> Author<'_> {
    Author { actor: Actor::from(&task.submitter), trace_id: &task.trace_id }
}
