//! `jct audit checkpoint`: seals now.

use jct_tower::audit::{SealError, Sealed};
use serde_json::json;

use crate::context::{Context, block_on};
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) const EXAMPLES: &str = "\
Examples:
  jct audit checkpoint
  jct audit checkpoint && cp .jct/audit-checkpoints.jsonl /mnt/elsewhere/

Signs with the key of JCT_AUDIT_KEY_FILE, which is made if the log has none, and appends to the file \
of JCT_AUDIT_CHECKPOINT_FILE. The tower does the same by itself while it runs and when it ends.";

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let config = context.config(Vec::new())?;
    let sealed = block_on(async {
        let store = database::open(&config).await?;
        let sealed = async {
            let sealer = database::sealer(&config, &store).await?;
            sealer.seal().await.map_err(|error| failed(&error))
        }
        .await;
        store.close().await;
        sealed
    })?;
    let Sealed { checkpoints, entries, last, .. } = sealed;
    let output = context.output();
    if output.is_json() {
        output.document(&json!({ "checkpoints": checkpoints, "entries": entries, "last_checkpoint": last }))?;
    } else if checkpoints == 0 {
        output.line(format!("nothing new since checkpoint {last}"))?;
    } else {
        output.line(format!("checkpoint {last}: {entries} entries"))?;
    }
    Ok(Exit::Success)
}

/// Why the log was not sealed.
pub(super) fn failed(error: &SealError) -> Failure {
    let exit = match error {
        SealError::KeyNotInForce { .. } | SealError::Outrun => Exit::Conflict,
        SealError::Key(_) | SealError::File(_) => Exit::Local,
        _ => Exit::Unavailable,
    };
    Failure::caused(exit, "the log was not sealed", error)
}
