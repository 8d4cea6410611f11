//! What was changed lies where the task said that work is to be done.

use crate::judge::facts::{ChangeFacts, Facts};
use crate::judge::reading::{Reading, listed};

const RULE: &str = "inside_target_path";

pub(super) fn read(facts: &Facts) -> Vec<Reading> {
    let Some(ChangeFacts { files, .. }) = &facts.changes else { return Vec::new() };
    let target = facts.target_path.trim_matches('/');
    let paths = files.iter().flat_map(|file| file.old_path.iter().chain([&file.path]));
    let mut outside: Vec<_> = paths.map(String::as_str).filter(|path| !is_inside(path, target)).collect();
    outside.sort_unstable();
    outside.dedup();
    let reading = if !outside.is_empty() {
        Reading::open(RULE, format!("changed outside of `{target}`: {}", listed(outside)))
    } else {
        Reading::held(RULE)
    };
    vec![reading]
}

/// By whole segments: `src` holds `src/a` and not `src-old/a`.
fn is_inside(path: &str, target: &str) -> bool {
    target.is_empty() || path.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
