//! What a task says about how it is to be run and checked: `inputs.isolation` and `inputs.checks`.

use jct_contract::{Check, IsolationLevel};
use serde_json::{Value, json};

use crate::support::{check, parse, set, with};

fn isolation(value: Value) -> Option<IsolationLevel> {
    parse(&with("/inputs/isolation", value)).unwrap().normalize().unwrap().minimum_isolation()
}

#[test]
fn isolation_is_one_of_four_levels() {
    assert_eq!(isolation(json!(null)), None);
    for level in IsolationLevel::ALL {
        assert_eq!(isolation(json!(level)), Some(level));
    }
    for bad in [json!(""), json!("l3"), json!("L4"), json!(3), json!(["L3"]), json!({}), json!(true)] {
        check(&with("/inputs/isolation", bad.clone()), &[("/inputs/isolation", "INVALID_ISOLATION")]);
        check(&with("/payload/isolation", bad), &[("/payload/isolation", "INVALID_ISOLATION")]);
    }
}

#[test]
fn a_network_of_its_own_insists_on_the_highest_level() {
    let minimum = |inputs: Value| parse(&with("/inputs", inputs)).unwrap().normalize().unwrap().minimum_isolation();
    for (inputs, expected) in [
        (json!({"network": "local"}), Some(IsolationLevel::L3)),
        (json!({"network": "local", "isolation": "L1"}), Some(IsolationLevel::L3)),
        (json!({"network": "local", "isolation": null}), Some(IsolationLevel::L3)),
        (json!({"network": "none", "isolation": "L1"}), Some(IsolationLevel::L1)),
        (json!({"network": "none"}), None),
        (json!({"network": true}), None),
        (json!({"network": ["local"]}), None),
    ] {
        assert_eq!(minimum(inputs.clone()), expected, "{inputs}");
    }
}

fn task(checks: Value) -> Value {
    let mut task = with("/acceptance_criteria", json!(["tests pass", "docs are there"]));
    set(&mut task, "/inputs/checks", checks);
    task
}

fn one(name: &str, criterion: Option<u32>) -> Check {
    Check { name: name.to_owned(), command: vec!["make".to_owned(), "test".to_owned()], criterion }
}

#[test]
fn a_check_names_its_criterion_by_index_or_by_text() {
    let checks = |value: Value| parse(&task(value)).unwrap().normalize().unwrap().checks();
    let sent =
        |name: &str, criterion: Value| json!({"name": name, "command": ["make", "test"], "criterion": criterion});
    assert_eq!(checks(json!(null)), []);
    assert_eq!(checks(json!([])), []);
    assert_eq!(checks(json!([{"name": "tests", "command": ["make", "test"]}])), [one("tests", None)]);
    assert_eq!(
        checks(json!([sent("a", json!(1)), sent("b", json!("tests pass")), sent("ä", json!(null))])),
        [one("a", Some(1)), one("b", Some(0)), one("ä", None)]
    );
}

#[test]
fn what_is_no_check_is_refused_where_it_stands() {
    let good = json!({"name": "a", "command": ["true"]});
    let place = |member: &str, value: Value| {
        let mut check = good.clone();
        check[member] = value;
        task(json!([check]))
    };
    for bad in [json!({}), json!("make"), json!(7), json!(true)] {
        check(&task(bad), &[("/inputs/checks", "INVALID_CHECK")]);
    }
    for bad in [json!("make"), json!(null), json!([])] {
        check(&task(json!([bad])), &[("/inputs/checks/0", "INVALID_CHECK")]);
    }
    for bad in [json!(""), json!("  "), json!(null), json!(3), json!("x".repeat(129))] {
        check(&place("name", bad), &[("/inputs/checks/0/name", "INVALID_CHECK")]);
    }
    check(&place("name", json!("ü".repeat(128))), &[]);
    for bad in [json!("make"), json!([]), json!([""]), json!(["a", 1]), json!([["a"]]), json!(null)] {
        check(&place("command", bad), &[("/inputs/checks/0/command", "INVALID_CHECK")]);
    }
    for bad in [json!(2), json!(-1), json!(0.5), json!("Tests pass"), json!([0]), json!({}), json!(true)] {
        check(&place("criterion", bad), &[("/inputs/checks/0/criterion", "INVALID_CHECK")]);
    }
    check(&place("timeout", json!(3)), &[("/inputs/checks/0/timeout", "INVALID_CHECK")]);
    check(&task(json!([good.clone(), good.clone()])), &[("/inputs/checks/1/name", "INVALID_CHECK")]);
    check(
        &task(json!([{"extra": 1}])),
        &[
            ("/inputs/checks/0/extra", "INVALID_CHECK"),
            ("/inputs/checks/0/name", "INVALID_CHECK"),
            ("/inputs/checks/0/command", "INVALID_CHECK"),
        ],
    );
    let many = |count: usize| {
        let check = |index: usize| json!({"name": index.to_string(), "command": ["true"]});
        task((0..count).map(check).collect())
    };
    check(&many(50), &[]);
    check(&many(51), &[("/inputs/checks", "INVALID_CHECK")]);
}

#[test]
fn without_criteria_no_check_can_name_one() {
    let named = json!([{"name": "a", "command": ["true"], "criterion": 0}]);
    check(&with("/inputs/checks", named), &[("/inputs/checks/0/criterion", "INVALID_CHECK")]);
}
