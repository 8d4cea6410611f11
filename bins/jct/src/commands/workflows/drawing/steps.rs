//! The steps that are drawn, in an order in which each comes after those it waits for.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::commands::cells::{self, items};
use crate::output::one_line;

/// Longest text of a label; names of workflows and steps are shorter.
const LABEL_MAX_CHARS: usize = 120;

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    id: String,
    name: String,
    /// Where it is, if it is that of a run.
    status: String,
    /// The places of the steps it waits for.
    pub(super) after: Vec<usize>,
    /// How many steps the longest way to it has.
    pub(super) depth: usize,
}

/// Steps in order. A place is the number of a step in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands::workflows) struct Steps(Vec<Step>);

impl Step {
    /// The id, fit to be shown.
    pub(super) fn id(&self) -> String {
        one_line(&self.id, LABEL_MAX_CHARS)
    }

    /// The name, fit to be shown, if it says more than the id.
    pub(super) fn name(&self) -> Option<String> {
        let says_more = !self.name.is_empty() && self.name != self.id;
        says_more.then(|| one_line(&self.name, LABEL_MAX_CHARS))
    }

    /// Where it is, fit to be shown, if it is that of a run.
    pub(super) fn status(&self) -> Option<String> {
        (!self.status.is_empty()).then(|| one_line(&self.status, LABEL_MAX_CHARS))
    }

    /// Everything that stands in its label, line by line.
    pub(super) fn label(&self) -> Vec<String> {
        [Some(self.id()), self.name(), self.status()].into_iter().flatten().collect()
    }
}

impl Steps {
    /// The steps of a definition or of a run. Dependencies that name no step are left out.
    pub(in crate::commands::workflows) fn read(steps: &Value) -> Self {
        let listed: Vec<&Value> = items(steps).collect();
        let mut places = HashMap::new();
        for (place, step) in listed.iter().enumerate() {
            places.entry(cells::text(step, "id")).or_insert(place);
        }
        let after: Vec<Vec<usize>> = listed
            .iter()
            .map(|step| {
                let named = step.get("dependencies").into_iter().flat_map(items);
                named.filter_map(|id| places.get(id.as_str()?).copied()).collect()
            })
            .collect();
        let order = order(&after);
        let mut moved = vec![0; order.len()];
        for (to, from) in order.iter().enumerate() {
            moved[*from] = to;
        }
        let mut read: Vec<Step> = Vec::with_capacity(order.len());
        for place in order {
            let after: Vec<usize> = after[place].iter().map(|before| moved[*before]).collect();
            let above = after.iter().filter_map(|before| read.get(*before)).map(|before| before.depth + 1);
            let depth = above.max().unwrap_or(0);
            let text = |member: &str| cells::text(listed[place], member);
            read.push(Step { id: text("id"), name: text("name"), status: text("status"), after, depth });
        }
        Self(read)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Step> {
        self.0.iter()
    }

    /// The ids of the steps that a step waits for.
    pub(super) fn awaited(&self, step: &Step) -> Vec<String> {
        step.after.iter().filter_map(|place| self.0.get(*place)).map(Step::id).collect()
    }

    /// Which waits for which: the places of the earlier and of the later step.
    pub(super) fn edges(&self) -> impl Iterator<Item = (usize, usize)> {
        let each = self.0.iter().enumerate();
        each.flat_map(|(place, step)| step.after.iter().map(move |before| (*before, place)))
    }

    /// The steps for scripts.
    pub(in crate::commands::workflows) fn to_json(&self) -> Value {
        let each = self.0.iter().map(|step| {
            let Step { id, name, status, after, depth } = step;
            let before: Vec<&str> = after.iter().filter_map(|place| Some(self.0.get(*place)?.id.as_str())).collect();
            let name = if name.is_empty() { id } else { name };
            let status = Some(status).filter(|status| !status.is_empty());
            json!({ "id": id, "name": name, "dependencies": before, "status": status, "depth": depth })
        });
        each.collect()
    }
}

/// The places of steps with these dependencies, so that each comes as soon as all of its own are there: what goes on
/// from a step stands below it. Steps in a circle, which no tower lets in, and what waits for them come last.
fn order(after: &[Vec<usize>]) -> Vec<usize> {
    let mut open: Vec<usize> = after.iter().map(Vec::len).collect();
    let mut followers = vec![Vec::new(); after.len()];
    for (step, before) in after.iter().enumerate() {
        for before in before {
            followers[*before].push(step);
        }
    }
    // A stack, so that the first has to be pushed last.
    let mut free: Vec<usize> = (0..after.len()).rev().filter(|step| open[*step] == 0).collect();
    let mut order = Vec::with_capacity(after.len());
    while let Some(step) = free.pop() {
        order.push(step);
        for follower in followers[step].iter().rev() {
            open[*follower] -= 1;
            if open[*follower] == 0 {
                free.push(*follower);
            }
        }
    }
    order.extend((0..after.len()).filter(|step| open[*step] > 0));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(steps: &[(&str, &[&str])], expect: &[(&str, usize)]) {
        let steps: Value = steps.iter().map(|(id, before)| json!({"id": id, "dependencies": before})).collect();
        let read = Steps::read(&steps);
        let shown: Vec<_> = read.0.iter().map(|step| (step.id.as_str(), step.depth)).collect();
        assert_eq!(shown, expect);
        let is_in_order = read.edges().all(|(before, after)| before < after);
        let has_circle = expect.iter().any(|(id, _)| id.starts_with("circle"));
        assert!(is_in_order || has_circle, "{read:?}");
    }

    #[test]
    fn each_step_stands_below_those_it_waits_for() {
        check(&[], &[]);
        check(&[("a", &[]), ("b", &["a"]), ("c", &["b"])], &[("a", 0), ("b", 1), ("c", 2)]);
        check(&[("c", &["b"]), ("b", &["a"]), ("a", &[])], &[("a", 0), ("b", 1), ("c", 2)]);
        // Two chains stay together instead of being told layer by layer.
        check(&[("a", &[]), ("x", &[]), ("b", &["a"]), ("y", &["x"])], &[("a", 0), ("b", 1), ("x", 0), ("y", 1)]);
        check(
            &[("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["c", "b"])],
            &[("a", 0), ("b", 1), ("c", 1), ("d", 2)],
        );
        check(
            &[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &["a", "c"])],
            &[("a", 0), ("b", 1), ("c", 2), ("d", 3)],
        );
    }

    #[test]
    fn what_no_tower_sends_is_drawn_all_the_same() {
        check(&[("a", &["nobody"])], &[("a", 0)]);
        check(&[("a", &[]), ("a", &["a"])], &[("a", 0), ("a", 1)]);
        let circle: &[(&str, &[&str])] = &[("circle1", &["circle2"]), ("circle2", &["circle1"]), ("a", &[])];
        check(circle, &[("a", 0), ("circle1", 0), ("circle2", 1)]);
        check(&[("circle", &["circle"])], &[("circle", 0)]);
        assert_eq!(Steps::read(&Value::Null), Steps(Vec::new()));
        assert_eq!(Steps::read(&json!([7, {"dependencies": 7}])).0.len(), 2);
    }

    #[test]
    fn a_thousand_steps_in_a_row_are_no_burden() {
        let chain: Value = (0..1_000)
            .map(|step: usize| {
                let before: Vec<String> = step.checked_sub(1).map(|before| format!("s{before}")).into_iter().collect();
                json!({"id": format!("s{step}"), "dependencies": before})
            })
            .collect();
        assert_eq!(Steps::read(&chain).0.last().map(|step| step.depth), Some(999));
    }

    #[test]
    fn scripts_get_the_steps_in_the_same_order() {
        let steps = json!([
            {"id": "b", "dependencies": ["a"], "name": "Second", "status": "waiting"},
            {"id": "a"},
        ]);
        let expect = json!([
            {"id": "a", "name": "a", "dependencies": [], "status": null, "depth": 0},
            {"id": "b", "name": "Second", "dependencies": ["a"], "status": "waiting", "depth": 1},
        ]);
        assert_eq!(Steps::read(&steps).to_json(), expect);
    }
}
