//! The rows that a transaction's writes of objects will change, locked before the first of them.
//!
//! Each write locks its own row; without this, two transactions that change the same objects in another order would
//! wait for each other.

use std::collections::BTreeSet;

use super::{Conn, primitives};
use crate::StoreError;
use crate::command::Command;
use crate::command_objects::{ObjectAction, ObjectWrite};
use crate::model::NewObject;
use crate::types::Id;

pub(crate) async fn lock(conn: &mut Conn, commands: &[&Command]) -> Result<(), StoreError> {
    let (mut issues, mut runs): (BTreeSet<Id>, BTreeSet<Id>) = Default::default();
    for command in commands {
        let action = match command {
            Command::Object(ObjectWrite { action, .. }) => action,
            Command::Review(new) => {
                issues.insert(new.content.for_issue.id.into());
                runs.insert(new.content.for_run.id.into());
                continue;
            }
            Command::Push(push) => {
                runs.insert(push.run_id.into());
                continue;
            }
            _ => continue,
        };
        match action {
            ObjectAction::ChangeIssue { id, .. } => drop(issues.insert((*id).into())),
            ObjectAction::ChangeRun { id, .. } => drop(runs.insert((*id).into())),
            ObjectAction::Create(new) => match new.as_ref() {
                NewObject::ContextPacket(new) => drop(issues.insert(new.for_issue.id.into())),
                NewObject::Run(new) => drop(issues.insert(new.for_issue.id.into())),
                NewObject::Artifact(new) => drop(runs.insert(new.produced_by.id.into())),
                NewObject::Repo(_)
                | NewObject::Issue(_)
                | NewObject::ConstraintSnapshot(_)
                | NewObject::DoctrineRef(_) => {}
            },
        }
    }
    // A write that is alone locks its row itself.
    if issues.len() + runs.len() > 1 {
        primitives::lock_objects(conn, issues.into_iter().collect(), runs.into_iter().collect()).await?;
    }
    Ok(())
}
