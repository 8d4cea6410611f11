//! From a task to work objects and back.
//!
//! A task says in one document what the model keeps apart: where (`Repo`), under which limits (`ConstraintSnapshot`),
//! what for (`Issue`) and with what (`ContextPacket`). Nothing of it is lost on the way: what has no place of its own in
//! an object stands in its `meta`, so that [`spec_of`] gives the task again. The limits of the door do not hold for
//! objects made here: their `meta` is as large as the task.

mod artifact;
mod attempt;
mod backward;
mod evidence;
mod follow_up;
mod forward;
mod keys;

pub(crate) use keys::is_source;

pub use artifact::{TraceFile, artifact_of};
pub use attempt::{Attempt, run_of};
pub use backward::spec_of;
pub use evidence::{Judged, pack_of};
pub use follow_up::{Feedback, follow_up_packet};
pub use forward::{TaskIds, TaskObjects, objects_of};
