//! One write of one object: one step inside the transaction.

use super::author::Author;
use super::{Conn, change, create};
use crate::StoreError;
use crate::command::Answer;
use crate::command_objects::{ObjectAction, ObjectWrite};
use crate::context::Context;
use crate::journal::Actor;

pub(crate) async fn write(conn: &mut Conn, context: Context<'_>, write: &ObjectWrite) -> Result<Answer, StoreError> {
    let author = Author { actor: Actor::from(&write.by), trace_id: &write.trace_id };
    Ok(match &write.action {
        ObjectAction::Create(new) => Answer::ObjectCreated(Box::new(create::create(conn, context, author, new).await?)),
        ObjectAction::ChangeIssue { id, change, expect } => {
            Answer::ObjectChanged(Box::new(change::issue(conn, context, author, *id, change, *expect).await?))
        }
        ObjectAction::ChangeRun { id, change, expect } => {
            Answer::ObjectChanged(Box::new(change::run(conn, context, author, *id, change, *expect).await?))
        }
    })
}
