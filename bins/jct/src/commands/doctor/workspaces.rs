//! Workspaces that nothing but an operator removes.

use std::path::Path;

use jct_config::Config;
use jct_exec::{FoundWorkspace, KeepRules, list_workspaces};

use super::check::{Check, with_causes};
use crate::output::bytes;

const NAME: &str = "kept workspaces";
/// Names in the message; `jct workspaces list` has all of them.
const MOST_NAMED: usize = 10;

pub(super) fn check(config: &Config) -> Check {
    look(config.worker.workspace_root.as_path(), KeepRules::default().total_bytes)
}

fn look(root: &Path, most: u64) -> Check {
    match list_workspaces(root) {
        Ok(found) => judge(&found, most),
        Err(error) => Check::warning(NAME, with_causes(&error), "let this user read JCT_WORKER_WORKSPACE_ROOT"),
    }
}

/// What is in use is nobody's fault, and what was handed over goes by itself.
fn judge(found: &[FoundWorkspace], most: u64) -> Check {
    let kept: Vec<_> = found.iter().filter(|one| !one.in_use).collect();
    let dirty: Vec<_> = kept.iter().filter(|one| one.dirty).map(|one| one.name.as_str()).collect();
    let total: u64 = kept.iter().map(|one| one.bytes).sum();
    let message =
        format!("{} with {}, of which {} hold work that was not handed over", kept.len(), bytes(total), dirty.len());
    if total <= most || dirty.is_empty() {
        return Check::ok(NAME, message);
    }
    let more = if dirty.len() > MOST_NAMED { ", ..." } else { "" };
    let named = dirty.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
    let message = format!("{message} ({named}{more}); more than {} are not swept by any rule", bytes(most));
    Check::warning(NAME, message, "look at them with `jct workspaces list`, and remove them by name")
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    fn one(name: &str, dirty: bool, in_use: bool) -> FoundWorkspace {
        FoundWorkspace { name: name.to_owned(), path: name.into(), in_use, dirty, bytes: 1024, note: None }
    }

    #[track_caller]
    fn judged(found: &[FoundWorkspace], most: u64, state: State) -> String {
        let check = judge(found, most);
        assert_eq!(check.state, state, "{}", check.message);
        check.message
    }

    #[test]
    fn dirty_workspaces_are_named_once_they_take_too_much() {
        judged(&[], 0, State::Ok);
        judged(&[one("ws-a", true, false)], 1024, State::Ok);
        judged(&[one("ws-a", false, false)], 0, State::Ok);
        judged(&[one("ws-a", true, true)], 0, State::Ok);
        let found = [one("ws-a", true, false), one("ws-b", false, false)];
        let message = judged(&found, 2047, State::Warning);
        assert!(message.contains("(ws-a)") && !message.contains("ws-b"), "{message}");
    }
}
