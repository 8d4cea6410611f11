//! Changes of issues and runs: compared with the expected version, checked, made and noted under the lock of the row.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{IssueId, RunId};
use jct_cwom::run::moved_by_hand;
use jct_cwom::{
    Body, IllegalTransition, IssueChange, Reference, RunChange, RunChangeError, Status, issue as issue_state,
};

use super::author::Author;
use super::missing::missing;
use super::{Conn, primitives, read};
use crate::StoreError;
use crate::command_objects::ObjectChangeAnswer;
use crate::context::Context;
use crate::model::{Versioned, WorkObject};
use crate::rows::{Chained, IssueLinks, RunLinks};
use crate::schema_objects::{cwom_issues, cwom_runs};

pub(super) async fn issue(
    conn: &mut Conn,
    context: Context<'_>,
    author: Author<'_>,
    id: IssueId,
    change: &IssueChange,
    expect: Option<u64>,
) -> Result<ObjectChangeAnswer, StoreError> {
    let Some(mut row) = primitives::lock_issue(conn, id.into()).await? else {
        return Ok(ObjectChangeAnswer::NotFound);
    };
    if expect.is_some_and(|expected| expected != row.version()) {
        return Ok(ObjectChangeAnswer::Stale { current: row.version() });
    }
    let missing = missing(conn, change.references()).await?;
    if !missing.is_empty() {
        return Ok(ObjectChangeAnswer::Missing(missing));
    }
    let before = read::issue(conn, row.clone()).await?;
    let mut content = before.content.clone();
    if let Err(illegal) = change.clone().apply(&mut content) {
        return Ok(illegal_move(illegal, |to| issue_state::next(illegal.from, to).is_ok()));
    }
    row.set_content(&content);
    let mut after = row.clone().read(IssueLinks::of(&before))?;
    let mut additions = context.additions();
    let updated_at = context.now.max(before.updated_at);
    let (before, shown) = (WorkObject::from(before), WorkObject::from(after.clone()));
    let Some(head) = author.changed(&mut additions.journal, &row.head(), &before, &shown, updated_at)? else {
        return Ok(ObjectChangeAnswer::Changed(Versioned { object: before, version: row.version() }));
    };
    row.set_head(head);
    after.updated_at = updated_at;
    let version = row.version();
    diesel::update(cwom_issues::table.find(row.id))
        .set((
            cwom_issues::status.eq(row.status),
            cwom_issues::issue_type.eq(row.issue_type),
            cwom_issues::priority.eq(row.priority),
            cwom_issues::document.eq(row.document),
            cwom_issues::updated_at.eq(updated_at.as_micros()),
            cwom_issues::audit_seq.eq(row.audit_seq),
            cwom_issues::audit_hash.eq(row.audit_hash),
        ))
        .execute(conn)
        .await?;
    primitives::add(conn, &additions).await?;
    Ok(ObjectChangeAnswer::Changed(Versioned { object: after.into(), version }))
}

pub(super) async fn run(
    conn: &mut Conn,
    context: Context<'_>,
    author: Author<'_>,
    id: RunId,
    change: &RunChange,
    expect: Option<u64>,
) -> Result<ObjectChangeAnswer, StoreError> {
    let Some(mut row) = primitives::lock_run(conn, id.into()).await? else {
        return Ok(ObjectChangeAnswer::NotFound);
    };
    if expect.is_some_and(|expected| expected != row.version()) {
        return Ok(ObjectChangeAnswer::Stale { current: row.version() });
    }
    let missing = missing(conn, change.references()).await?;
    if !missing.is_empty() {
        return Ok(ObjectChangeAnswer::Missing(missing));
    }
    let before = read::run(conn, row.clone()).await?;
    // Everything that a change of a run refers to is an artifact of it.
    let has = |named: &Reference| before.state.outputs.artifacts.iter().any(|artifact| artifact.id == named.id);
    if let Some(foreign) = change.references().iter().find(|named| !has(named)) {
        return Ok(ObjectChangeAnswer::Refused(foreign.mismatch("an artifact of this run")));
    }
    let (from, of_task) = (before.state.status, before.content.is_of_task());
    let by_hand = |to| moved_by_hand(of_task, from, to);
    if let Some(Err(illegal)) = change.status.map(by_hand) {
        return Ok(illegal_move(illegal, |to| by_hand(to).is_ok()));
    }
    let mut state = before.state.clone();
    match change.clone().apply(&mut state) {
        Ok(()) => row.set_state(state),
        Err(RunChangeError::Status(illegal)) => return Ok(illegal_move(illegal, |to| by_hand(to).is_ok())),
        Err(RunChangeError::ArtifactRemoved(violation)) => return Ok(ObjectChangeAnswer::Refused(violation)),
    }
    let mut after = row.clone().read(RunLinks::of(&before))?;
    let mut additions = context.additions();
    let updated_at = context.now.max(before.updated_at);
    let (before, shown) = (WorkObject::from(before), WorkObject::from(after.clone()));
    let Some(head) = author.changed(&mut additions.journal, &row.head(), &before, &shown, updated_at)? else {
        return Ok(ObjectChangeAnswer::Changed(Versioned { object: before, version: row.version() }));
    };
    row.set_head(head);
    after.updated_at = updated_at;
    let version = row.version();
    diesel::update(cwom_runs::table.find(row.id))
        .set((
            cwom_runs::status.eq(row.status),
            cwom_runs::state.eq(row.state),
            cwom_runs::updated_at.eq(updated_at.as_micros()),
            cwom_runs::audit_seq.eq(row.audit_seq),
            cwom_runs::audit_hash.eq(row.audit_hash),
        ))
        .execute(conn)
        .await?;
    primitives::add(conn, &additions).await?;
    Ok(ObjectChangeAnswer::Changed(Versioned { object: after.into(), version }))
}

/// A move that is refused, with those that are not.
fn illegal_move(illegal: IllegalTransition, can_go: impl Fn(Status) -> bool) -> ObjectChangeAnswer {
    let allowed = Status::ALL.iter().copied().filter(|to| can_go(*to)).collect();
    ObjectChangeAnswer::Illegal { illegal, allowed }
}
