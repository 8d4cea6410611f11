//! "Did you mean": the known name nearest to an unknown one.

/// The candidate with the fewest edits from `unknown`, if few enough to be a slip of the keyboard.
pub(crate) fn nearest<'a>(unknown: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the name may differ; an unknown name can be of any length, and the cost grows with it.
    let limit = (unknown.len() / 3).clamp(1, 6);
    candidates
        .filter(|candidate| candidate.len().abs_diff(unknown.len()) <= limit)
        .map(|candidate| (edits(unknown, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements between two names, upper and lower case being equal.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, from) in left.chars().enumerate() {
        let mut diagonal = above;
        let mut before = above + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&right) {
            let replaced = diagonal + usize::from(!from.eq_ignore_ascii_case(to));
            diagonal = *cell;
            *cell = replaced.min(*cell + 1).min(before + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(unknown: &str, expected: Option<&str>) {
        let known = ["JCT_WORKER_SLOTS", "JCT_TRACE_ROOT", "api.port", "JCT_LOG"];
        assert_eq!(nearest(unknown, known.into_iter()), expected);
    }

    #[test]
    fn suggests_what_is_near() {
        check("JCT_WORKER_SLOT", Some("JCT_WORKER_SLOTS"));
        check("JCT_WORKERS_SLOTS", Some("JCT_WORKER_SLOTS"));
        check("jct_trace_root", Some("JCT_TRACE_ROOT"));
        check("api.prot", Some("api.port"));
        check("JCT_LGO", Some("JCT_LOG"));
        check("", None);
        check("JCT_SOMETHING_ELSE_ENTIRELY", None);
        check(&"x".repeat(100_000), None);
    }

    #[test]
    fn edits_are_counted_exactly() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", ""), 3);
        assert_eq!(edits("Abc", "abC"), 0);
    }
}
