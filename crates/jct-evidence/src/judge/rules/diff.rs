//! Work that changes something has changed something, and a look changes nothing.

use jct_contract::Operation;

use crate::judge::facts::{ChangeFacts, Facts, RunEnded};
use crate::judge::reading::{Reading, listed};

const NON_EMPTY: &str = "diff_not_empty";
const EMPTY: &str = "diff_empty";
const READABLE: &str = "diff_readable";

pub(super) fn read(facts: &Facts) -> Vec<Reading> {
    let changed = facts.changes.as_ref().filter(|changes| !changes.is_empty());
    let reading = match facts.operation {
        // What a run that failed did not do is explained by its failure.
        Operation::CodeChange | Operation::Docs if facts.run != RunEnded::Done => Reading::skipped(NON_EMPTY),
        Operation::CodeChange | Operation::Docs => match changed {
            Some(_) => Reading::held(NON_EMPTY),
            None => Reading::fails(
                NON_EMPTY,
                format!("nothing was changed, and `{}` is to change something", facts.operation),
            ),
        },
        Operation::Analysis => match changed {
            None => Reading::held(EMPTY),
            Some(ChangeFacts { files, .. }) => {
                let files = listed(files.iter().map(|file| file.path.as_str()));
                Reading::fails(EMPTY, format!("an analysis changes nothing, and this one changed {files}"))
            }
        },
        Operation::Ops => return left_out(facts),
    };
    [vec![reading], left_out(facts)].concat()
}

/// Whoever reviews has to look at the commits instead.
fn left_out(facts: &Facts) -> Vec<Reading> {
    let left_out = facts.changes.iter().filter(|changes| changes.patch_left_out);
    let note = |_| Reading::noted(READABLE, "the patch is too large to be kept; the bundle has the commits");
    left_out.map(note).collect()
}
