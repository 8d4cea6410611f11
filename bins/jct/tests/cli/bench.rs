//! The measurements that are short enough to be tried: whether they measure, not what.

use serde_json::Value;

use crate::support::{checked, jct};

#[test]
fn what_a_start_costs_is_measured_at_every_level_that_there_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let measure = |flags: &[&str]| {
        let arguments = [&["bench", "spawn", "--starts", "3"], flags].concat();
        let output = jct(folder.path(), &arguments).output().expect("run");
        (checked(&output, 0, &arguments), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (text, _) = measure(&["--json"]);
    let measured: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a measurement")).collect();
    // Only people are told what is left out, so that they are asked for.
    let left_out = measure(&[]).1.matches("not measured: ").count();
    for way in ["unconfined", "L1", "L2", "L3"] {
        let of_this_way = |one: &&Value| one["name"].as_str().is_some_and(|name| name.contains(&format!(", {way}, ")));
        let found: Vec<_> = measured.iter().filter(of_this_way).collect();
        // A machine gives a level, or it is said why not.
        assert!(found.len() == 2 || (found.is_empty() && left_out > 0 && way != "unconfined"), "{way}: {text}");
        for one in found {
            assert!(one["value"].as_f64().is_some_and(|value| value > 0.0) && one["unit"] == "ms", "{one}");
        }
    }
    assert_eq!(measured.len() + 2 * left_out, 8, "{text}");
}
