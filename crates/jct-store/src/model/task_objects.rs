//! The work objects of a task on its way in. They are written out before the writer's turn: nothing in them depends on
//! what only the writer knows, except which repository has the slug already.

use jct_contract::{ConstraintSnapshotId, ContextPacketId, IssueId, NormalizedTask, RepoId, Timestamp, TraceId};
use jct_cwom::task::{TaskIds, TaskObjects, objects_of};
use jct_cwom::{ConstraintSnapshot, ContextPacket, Issue, Repo};
use serde::Serialize;

use crate::StoreError;
use crate::rows::{Birth, IssueRow, PacketRow, RepoRow, SnapshotRow};

/// A row, and the object it stands for as the audit log keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Written<R> {
    pub(crate) row: R,
    pub(crate) json: String,
}

/// The repository, constraint snapshot, issue and context packet that a task brings with it.
#[derive(Clone, Debug)]
pub struct NewTaskObjects {
    pub(crate) ids: TaskIds,
    pub(crate) at: Timestamp,
    trace_id: TraceId,
    objects: TaskObjects,
    /// Absent when the repository is known to be there.
    pub(crate) repo: Option<Written<RepoRow>>,
    pub(crate) constraint_snapshot: Written<SnapshotRow>,
    pub(crate) issue: Written<IssueRow>,
    pub(crate) context_packet: Written<PacketRow>,
}

impl NewTaskObjects {
    /// The objects of a task handed in at `at`. `repo` is the repository with the task's slug, if it is known to exist;
    /// otherwise one is created, unless another call was faster.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] if an object cannot be written as JSON.
    pub fn of(
        task: &NormalizedTask,
        repo: Option<RepoId>,
        trace_id: TraceId,
        at: Timestamp,
    ) -> Result<Self, StoreError> {
        let ids = TaskIds {
            repo: repo.unwrap_or_else(|| RepoId::at(at)),
            constraint_snapshot: ConstraintSnapshotId::at(at),
            issue: IssueId::at(at),
            context_packet: ContextPacketId::at(at),
        };
        let objects = objects_of(task, ids);
        let birth = Birth { at, trace_id: &trace_id };
        Ok(Self {
            repo: if repo.is_some() { None } else { Some(new_repo(&objects, ids, birth)?) },
            constraint_snapshot: constraint_snapshot(&objects, ids, birth)?,
            issue: issue(&objects, ids, birth)?,
            context_packet: context_packet(&objects, ids, birth)?,
            ids,
            at,
            objects,
            trace_id,
        })
    }

    /// The same objects in a repository that turned out to exist.
    pub(crate) fn in_repo(self, repo: RepoId) -> Result<Self, StoreError> {
        let ids = TaskIds { repo, ..self.ids };
        let objects = self.objects.in_repo(repo);
        let issue = issue(&objects, ids, Birth { at: self.at, trace_id: &self.trace_id })?;
        Ok(Self { ids, objects, issue, repo: None, ..self })
    }
}

fn new_repo(objects: &TaskObjects, ids: TaskIds, birth: Birth<'_>) -> Result<Written<RepoRow>, StoreError> {
    let object = Repo {
        id: ids.repo,
        content: objects.repo.clone(),
        trace_id: Some(birth.trace_id.clone()),
        created_at: birth.at,
        updated_at: birth.at,
    };
    Ok(Written { json: json(&object)?, row: RepoRow { id: ids.repo.into(), ..RepoRow::new(birth, &object.content) } })
}

fn constraint_snapshot(
    objects: &TaskObjects,
    ids: TaskIds,
    birth: Birth<'_>,
) -> Result<Written<SnapshotRow>, StoreError> {
    let id = ids.constraint_snapshot;
    let object = ConstraintSnapshot {
        id,
        content: objects.constraint_snapshot.clone(),
        trace_id: Some(birth.trace_id.clone()),
        captured_at: birth.at,
    };
    Ok(Written { json: json(&object)?, row: SnapshotRow { id: id.into(), ..SnapshotRow::new(birth, &object.content) } })
}

fn issue(objects: &TaskObjects, ids: TaskIds, birth: Birth<'_>) -> Result<Written<IssueRow>, StoreError> {
    let object = Issue {
        id: ids.issue,
        content: objects.issue.clone(),
        runs: Vec::new(),
        trace_id: Some(birth.trace_id.clone()),
        created_at: birth.at,
        updated_at: birth.at,
    };
    Ok(Written {
        json: json(&object)?,
        row: IssueRow { id: ids.issue.into(), ..IssueRow::new(birth, &object.content) },
    })
}

fn context_packet(objects: &TaskObjects, ids: TaskIds, birth: Birth<'_>) -> Result<Written<PacketRow>, StoreError> {
    let id = ids.context_packet;
    let object = ContextPacket {
        id,
        content: objects.context_packet.clone(),
        trace_id: Some(birth.trace_id.clone()),
        created_at: birth.at,
    };
    Ok(Written { json: json(&object)?, row: PacketRow { id: id.into(), ..PacketRow::new(birth, &object.content) } })
}

fn json(object: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(object)
        .map_err(|error| StoreError::corrupt(format!("a work object that is no JSON: {error}")))
}
