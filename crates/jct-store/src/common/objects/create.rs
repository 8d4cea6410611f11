//! New objects, each with its links and its first audit entry; what names another object shows up there as well.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::Violation;
use jct_cwom::{
    NewArtifact, NewConstraintSnapshot, NewContextPacket, NewDoctrineRef, NewIssue, NewRepo, NewRun, ObjectKind, Ref,
    Reference,
};

use super::author::{Author, Entity};
use super::missing::missing;
use super::{Conn, primitives};
use crate::StoreError;
use crate::additions::Additions;
use crate::command_objects::CreateAnswer;
use crate::context::Context;
use crate::model::{NewObject, Versioned, WorkObject};
use crate::rows::{
    ArtifactRow, Birth, Chained, DoctrineRow, IssueDoctrineRow, IssueLinks, IssuePacketRow, IssueRow, IssueSnapshotRow,
    PacketDoctrineRow, PacketRow, RepoRow, RunDoctrineRow, RunLinks, RunPacketRow, RunRow, SnapshotRow, place_in_chain,
};
use crate::schema_objects::{cwom_context_packets, cwom_doctrine_refs, cwom_issues, cwom_repos, cwom_runs};
use crate::types::Id;

/// What every creation needs.
struct Work<'a> {
    author: Author<'a>,
    birth: Birth<'a>,
    additions: Additions,
}

pub(super) async fn create(
    conn: &mut Conn,
    context: Context<'_>,
    author: Author<'_>,
    new: &NewObject,
) -> Result<CreateAnswer, StoreError> {
    let missing = missing(conn, new.references()).await?;
    if !missing.is_empty() {
        return Ok(CreateAnswer::Missing(missing));
    }
    let birth = Birth { at: context.shared.next_created_at(context.now), trace_id: author.trace_id };
    let work = Work { author, birth, additions: context.additions() };
    match new {
        NewObject::Repo(new) => work.repo(conn, new).await,
        NewObject::Issue(new) => work.issue(conn, new).await,
        NewObject::ContextPacket(new) => work.context_packet(conn, new).await,
        NewObject::ConstraintSnapshot(new) => work.constraint_snapshot(conn, new).await,
        NewObject::DoctrineRef(new) => work.doctrine_ref(conn, new).await,
        NewObject::Run(new) => work.run(conn, new).await,
        NewObject::Artifact(new) => work.artifact(conn, new).await,
    }
}

impl Work<'_> {
    async fn repo(mut self, conn: &mut Conn, new: &NewRepo) -> Result<CreateAnswer, StoreError> {
        let mut row = RepoRow::new(self.birth, new);
        let object = row.clone().read()?.into();
        row.set_head(self.author.created(&mut self.additions.journal, &object)?);
        if !primitives::insert_repos(conn, std::slice::from_ref(&row)).await?.contains(&row.id) {
            let taken = cwom_repos::table.filter(cwom_repos::slug.eq(row.slug)).select(cwom_repos::id);
            return Ok(duplicate(taken.first(conn).await?, "/slug"));
        }
        self.done(conn, object).await
    }

    async fn doctrine_ref(mut self, conn: &mut Conn, new: &NewDoctrineRef) -> Result<CreateAnswer, StoreError> {
        let mut row = DoctrineRow::new(self.birth, new);
        let object = row.clone().read()?.into();
        row.set_head(self.author.created(&mut self.additions.journal, &object)?);
        let insert = diesel::insert_into(cwom_doctrine_refs::table).values(row).on_conflict_do_nothing();
        if insert.execute(conn).await? == 0 {
            let taken = cwom_doctrine_refs::table
                .filter(cwom_doctrine_refs::namespace.eq(&new.namespace))
                .filter(cwom_doctrine_refs::name.eq(&new.name))
                .filter(cwom_doctrine_refs::version.eq(&new.version))
                .select(cwom_doctrine_refs::id);
            return Ok(duplicate(taken.first(conn).await?, "/version"));
        }
        self.done(conn, object).await
    }

    async fn constraint_snapshot(
        mut self,
        conn: &mut Conn,
        new: &NewConstraintSnapshot,
    ) -> Result<CreateAnswer, StoreError> {
        let row = SnapshotRow::new(self.birth, new);
        let object = row.clone().read()?.into();
        self.author.created(&mut self.additions.journal, &object)?;
        self.additions.snapshots.push(row);
        self.done(conn, object).await
    }

    async fn issue(mut self, conn: &mut Conn, new: &NewIssue) -> Result<CreateAnswer, StoreError> {
        if !new.context_packets.is_empty() {
            let foreign = |(index, packet)| {
                mismatch(&format!("/context_packets/{index}"), packet, "a context packet of this issue")
            };
            return Ok(CreateAnswer::Mismatch(new.context_packets.iter().enumerate().map(foreign).collect()));
        }
        let mut row = IssueRow::new(self.birth, new);
        let links = IssueLinks {
            doctrine_refs: new.doctrine_refs.clone(),
            constraints: new.constraints.clone(),
            ..IssueLinks::default()
        };
        let object = row.clone().read(links)?.into();
        row.set_head(self.author.created(&mut self.additions.journal, &object)?);
        let (id, at) = (row.id, row.created_at);
        self.additions.issues.push(row);
        self.additions.issue_doctrine_refs.extend(IssueDoctrineRow::list(id, &new.doctrine_refs, at));
        self.additions.issue_snapshots.extend(IssueSnapshotRow::list(id, &new.constraints, at));
        self.done(conn, object).await
    }

    async fn context_packet(mut self, conn: &mut Conn, new: &NewContextPacket) -> Result<CreateAnswer, StoreError> {
        let issue = lock_issue(conn, &new.for_issue).await?;
        // Whoever adds a packet holds the issue, so nobody else can add this version meanwhile.
        let taken: Option<Id> = cwom_context_packets::table
            .filter(cwom_context_packets::issue_id.eq(issue.id))
            .filter(cwom_context_packets::version.eq(&new.version))
            .select(cwom_context_packets::id)
            .first(conn)
            .await
            .optional()?;
        if let Some(taken) = taken {
            return Ok(duplicate(taken, "/version"));
        }
        let row = PacketRow::new(self.birth, new);
        let object = WorkObject::from(row.clone().read(new.doctrine_refs.clone())?);
        self.author.created(&mut self.additions.journal, &object)?;
        let position = self.link_to_issue(conn, issue, "context_packets", &object).await?;
        self.additions.issue_packets.push(IssuePacketRow {
            issue_id: row.issue_id,
            context_packet_id: row.id,
            role: None,
            position,
            created_at: row.created_at,
        });
        let doctrine_refs = PacketDoctrineRow::list(row.id, &new.doctrine_refs, row.created_at);
        self.additions.packet_doctrine_refs.extend(doctrine_refs);
        self.additions.packets.push(row);
        self.done(conn, object).await
    }

    async fn run(mut self, conn: &mut Conn, new: &NewRun) -> Result<CreateAnswer, StoreError> {
        let issue = lock_issue(conn, &new.for_issue).await?;
        if issue.repo_id != new.repo.id.into() {
            return Ok(CreateAnswer::Mismatch(vec![mismatch("/repo", &new.repo, "the repository of the issue")]));
        }
        let mut row = RunRow::new(self.birth, new, place_in_chain(issue.audit_seq + 1));
        let links = RunLinks {
            context_packets: new.inputs.context_packets.clone(),
            doctrine_refs: new.inputs.doctrine_refs.clone(),
            ..RunLinks::default()
        };
        let object = WorkObject::from(row.clone().read(links)?);
        row.set_head(self.author.created(&mut self.additions.journal, &object)?);
        self.link_to_issue(conn, issue, "runs", &object).await?;
        let (id, at) = (row.id, row.created_at);
        self.additions.runs.push(row);
        self.additions.run_packets.extend(RunPacketRow::list(id, &new.inputs.context_packets, at));
        self.additions.run_doctrine_refs.extend(RunDoctrineRow::list(id, &new.inputs.doctrine_refs, at));
        self.done(conn, object).await
    }

    async fn artifact(mut self, conn: &mut Conn, new: &NewArtifact) -> Result<CreateAnswer, StoreError> {
        let Some(mut run) = primitives::lock_run(conn, new.produced_by.id.into()).await? else {
            return Err(StoreError::corrupt(format!("run {} went away", new.produced_by.id)));
        };
        if run.issue_id != new.for_issue.id.into() {
            return Ok(CreateAnswer::Mismatch(vec![mismatch("/for_issue", &new.for_issue, "the issue of the run")]));
        }
        let mut row = ArtifactRow::new(self.birth, new, place_in_chain(run.audit_seq + 1));
        let object = WorkObject::from(row.clone().read()?);
        row.set_head(self.author.created(&mut self.additions.journal, &object)?);
        let (owner, target) =
            (Entity { kind: ObjectKind::Run, id: run.id.into() }, Ref::new(object.kind(), object.id()));
        let journal = &mut self.additions.journal;
        run.set_head(self.author.linked(journal, &run.head(), owner, "outputs.artifacts", &target));
        diesel::update(cwom_runs::table.find(run.id))
            .set((cwom_runs::audit_seq.eq(run.audit_seq), cwom_runs::audit_hash.eq(run.audit_hash)))
            .execute(conn)
            .await?;
        self.additions.artifacts.push(row);
        self.done(conn, object).await
    }

    /// Notes on the chain of the issue that it shows the object from now on; returns the place of the link.
    async fn link_to_issue(
        &mut self,
        conn: &mut Conn,
        mut issue: IssueRow,
        field: &str,
        object: &WorkObject,
    ) -> Result<i64, StoreError> {
        let owner = Entity { kind: ObjectKind::Issue, id: issue.id.into() };
        let target = Ref::new(object.kind(), object.id());
        issue.set_head(self.author.linked(&mut self.additions.journal, &issue.head(), owner, field, &target));
        let position = place_in_chain(issue.audit_seq);
        diesel::update(cwom_issues::table.find(issue.id))
            .set((cwom_issues::audit_seq.eq(issue.audit_seq), cwom_issues::audit_hash.eq(issue.audit_hash)))
            .execute(conn)
            .await?;
        Ok(position)
    }

    async fn done(self, conn: &mut Conn, object: WorkObject) -> Result<CreateAnswer, StoreError> {
        primitives::add(conn, &self.additions).await?;
        Ok(CreateAnswer::Created(Versioned { object, version: 1 }))
    }
}

/// The issue that a new object names; that it exists was looked up before.
async fn lock_issue(conn: &mut Conn, named: &Ref) -> Result<IssueRow, StoreError> {
    let issue = primitives::lock_issue(conn, named.id.into()).await?;
    issue.ok_or_else(|| StoreError::corrupt(format!("issue {} went away", named.id)))
}

fn duplicate(existing: Id, pointer: &'static str) -> CreateAnswer {
    CreateAnswer::Duplicate { existing: existing.into(), pointer }
}

fn mismatch(pointer: &str, named: &Ref, expected: &str) -> Violation {
    Reference { pointer: pointer.to_owned(), kind: named.kind, id: named.id }.mismatch(expected)
}
