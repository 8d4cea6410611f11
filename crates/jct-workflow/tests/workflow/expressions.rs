//! What expressions may say, what they come to, and what they may not use up.

use jct_workflow::{Context, EvaluationError, Expression, ExpressionError, Scope};
use serde_json::{Value, json};

fn event() -> Value {
    json!({
        "type": "development.code_commit", "priority": "high", "tags": {"team": "infra"},
        "data": {"branch": "main", "count": 3, "ratio": 0.5, "files": ["a.rs", "b.md"], "none": null,
                 "nested": {"deep": [1, {"x": "y"}]}}
    })
}

fn evaluate(source: &str) -> Result<Value, EvaluationError> {
    let expression = Expression::parse(source, Scope::Trigger).unwrap_or_else(|error| panic!("{source}: {error}"));
    expression.evaluate(&Context::for_trigger(&event()))
}

#[track_caller]
fn check(source: &str, expect: &Value) {
    assert_eq!(evaluate(source).as_ref(), Ok(expect), "{source}");
}

#[test]
fn values_of_every_type_come_through() {
    check("event.data.branch", &json!("main"));
    check("event.data.count + 1", &json!(4));
    check("event.data.ratio * 2.0", &json!(1.0));
    check("event.data.none", &Value::Null);
    check("event.data.nested", &json!({"deep": [1, {"x": "y"}]}));
    check("event.data.none == null && event.data.branch != null", &json!(true));
    check("event.data.ratio > 0 && event.data.count >= 2.5 && event.data.count == 3.0", &json!(true));
    check("event.data.nested.deep[1].x", &json!("y"));
    check("event.data['branch'] + '-' + string(event.data.count)", &json!("main-3"));
    check("{'b': [event.data.count], 'a': true}", &json!({"a": true, "b": [3]}));
    check("has(event.data.missing) ? 1 : 2", &json!(2));
    check("event.data.files.filter(f, f.endsWith('.rs'))", &json!(["a.rs"]));
    check("event.data.files.map(f, f + '!')", &json!(["a.rs!", "b.md!"]));
    check("event.data.files.map(f, f.startsWith('a'), size(f))", &json!([4]));
    check("event.data.files.exists(f, f == 'b.md') && event.data.files.all(f, size(f) == 4)", &json!(true));
    check("event.data.files.exists_one(f, f.contains('.'))", &json!(false));
    check("'team' in event.tags && event.tags.team in ['infra', 'web']", &json!(true));
    check("event.data.files.map(f, event.data.files.map(g, f + g))[1][0]", &json!("b.mda.rs"));
}

#[track_caller]
fn check_condition(source: &str, expect: &Result<bool, EvaluationError>) {
    let expression = Expression::parse(source, Scope::Trigger).unwrap();
    assert_eq!(&expression.holds(&Context::for_trigger(&event())), expect, "{source}");
}

#[test]
fn a_condition_is_true_or_false_and_nothing_else() {
    check_condition("event.priority == 'high'", &Ok(true));
    check_condition("event.data.count > 3", &Ok(false));
    check_condition("event.data.count", &Err(EvaluationError::NotBool("an integer")));
    check_condition("event.data.none", &Err(EvaluationError::NotBool("null")));
    check_condition("event.data.none.at_all == 1", &Err(EvaluationError::MemberOfNull));
    check_condition("event.data.missing == 1", &Err(EvaluationError::NoSuchMember("missing".to_owned())));
}

#[track_caller]
fn check_failure(source: &str, expect: &EvaluationError) {
    assert_eq!(evaluate(source).as_ref(), Err(expect), "{source}");
}

#[test]
fn what_fails_is_told_without_the_values() {
    check_failure("event.data.count / 0", &EvaluationError::Arithmetic("division by zero"));
    check_failure("event.data.count % 0", &EvaluationError::Arithmetic("division by zero"));
    check_failure("9223372036854775807 + event.data.count", &EvaluationError::Arithmetic("overflow"));
    check_failure("event.data.files[7]", &EvaluationError::Arithmetic("a list has no such place"));
    check_failure("1.0 / 0.0", &EvaluationError::NotJson("a number without end"));
    check_failure("bytes('a')", &EvaluationError::NotJson("a sequence of bytes"));
    check_failure("{1: 2}", &EvaluationError::NotJson("a map with keys that are no strings"));
    let mixed = evaluate("event.data.branch + event.data.count").unwrap_err().to_string();
    assert!(!mixed.contains("main") && mixed.contains("string"), "{mixed}");
}

#[track_caller]
fn check_refused(source: &str, scope: Scope, expect: &str) {
    let error = Expression::parse(source, scope).map(|expression| expression.source().to_owned()).unwrap_err();
    assert!(error.to_string().contains(expect), "{source}: {error}");
}

#[test]
fn what_never_comes_to_a_truth_is_no_condition() {
    let condition = |source: &str| Expression::condition(source, Scope::Trigger).map(|_| ());
    for source in [
        "1 + 1",
        "'a' + event.data.b",
        "1 - 1",
        "-event.data.a",
        "'text'",
        "[true]",
        "{'a': true}",
        "size('a')",
        "null",
    ] {
        assert_eq!(condition(source), Err(ExpressionError::NeverBool), "{source}");
    }
    for source in [
        "true",
        "event.data.a",
        "event.data.a == 1 + 1",
        "!event.data.a",
        "bool('true')",
        "event.a ? 1 : true",
        "[1].exists(x, x == 1)",
    ] {
        assert_eq!(condition(source), Ok(()), "{source}");
    }
}

#[test]
fn what_means_nothing_is_refused_when_it_is_defined() {
    check_refused("  ", Scope::Trigger, "empty");
    check_refused("event.", Scope::Trigger, "not a CEL expression");
    check_refused("event.a ==", Scope::Trigger, "not a CEL expression");
    check_refused("evnt.data", Scope::Trigger, "nothing is called `evnt` here; there is `event`");
    check_refused("steps.a.result", Scope::Trigger, "nothing is called `steps`");
    check_refused("secrets.key", Scope::Step, "nothing is called `secrets`");
    check_refused("now()", Scope::Trigger, "no function `now`");
    check_refused("event.data.branch.matches('x')", Scope::Trigger, "no function `matches`");
    check_refused("event.data.files.exists(f)", Scope::Trigger, "no function `exists`");
    check_refused("event.data.files.exists(event, true)", Scope::Trigger, "cannot call its variable `event`");
    check_refused("[1].map(x, x)[0] == x", Scope::Trigger, "nothing is called `x`");
    check_refused("steps[event.data.name]", Scope::Step, "followed by the id of a step");
    check_refused("size(steps) > 1", Scope::Step, "followed by the id of a step");
    check_refused("Message{a: 1}", Scope::Step, "no function `Message`");
    check_refused("@turns([1])", Scope::Step, "not a CEL expression");
    check_refused("event.?data", Scope::Step, "not a CEL expression");
}

#[test]
fn the_steps_that_are_named_are_known() {
    let expression = Expression::parse("steps.build.status == 'succeeded' && steps['test'].result.ok", Scope::Step);
    assert_eq!(expression.unwrap().steps().iter().collect::<Vec<_>>(), ["build", "test"]);
}

#[test]
fn nothing_nests_or_grows_without_end() {
    let deep = |open: &str, close: &str, times: usize| format!("{}1{}", open.repeat(times), close.repeat(times));
    let _ = Expression::parse(&deep("(", ")", 400), Scope::Trigger);
    for (open, close) in [("[", "]"), ("{'a': ", "}"), ("size([", "])"), ("[1].map(x, ", ")"), ("-(", ")")] {
        let source = deep(open, close, 200);
        assert!(Expression::parse(&source, Scope::Trigger).is_err(), "{open}");
        let _ = Expression::parse(&deep(open, close, 400), Scope::Trigger);
    }
    for chain in ["1+", "1-", "1*", "event.a==", "!", "-", "!-", "event.a?1:", "event.a&&", "event.a||"] {
        let _ = Expression::parse(&format!("{}1", chain.repeat(120)), Scope::Trigger);
        let refused = Expression::parse(&format!("{}1", chain.repeat(1_100)), Scope::Trigger);
        assert_eq!(refused.map(|_| ()), Err(ExpressionError::TooManySigns), "{chain}");
    }
    let selection = format!("event{}", ".a".repeat(900));
    assert_eq!(Expression::parse(&selection, Scope::Trigger).map(|_| ()), Err(ExpressionError::TooDeep));
    let long = format!("event.a == '{}'", "x".repeat(16 * 1024));
    assert_eq!(Expression::parse(&long, Scope::Trigger).map(|_| ()), Err(ExpressionError::TooLong));
    let wide = format!("[{}1]", "1,".repeat(3_000));
    assert!(Expression::parse(&wide, Scope::Trigger).is_err());
}

/// Parses and evaluates whatever is let in; gives how often `open` could be repeated.
fn deepest(open: &str, end: &str, close: &str, times: impl Iterator<Item = usize>) -> usize {
    let mut deepest = 0;
    for times in times {
        let source = format!("{}{end}{}", open.repeat(times), close.repeat(times));
        if let Ok(expression) = Expression::parse(&source, Scope::Trigger) {
            deepest = deepest.max(times);
            let _ = expression.evaluate(&Context::for_trigger(&event()));
        }
    }
    deepest
}

#[test]
fn what_is_let_in_can_be_evaluated_on_little_stack() {
    let work = || {
        for (open, close) in [
            ("[", "]"),
            ("{'a': ", "}"),
            ("size([", "])"),
            ("[1].map(x, ", ")"),
            ("[1].all(x, x == ", ")"),
            ("(1 + ", ")"),
        ] {
            assert!(deepest(open, "1", close, 1..=40) > 10, "{open}");
        }
        for chain in ["1 + ", "event.data.count == 0 ? 1 : ", "!-", "true && ", "[1].map(x, x) + "] {
            assert!(deepest(chain, "1", "", (1..=40).chain([60, 200, 450])) > 10, "{chain}");
        }
        assert!(deepest("", "event", ".a", (1..=40).chain([60, 200, 900])) > 10);
    };
    std::thread::Builder::new().stack_size(192 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn values_may_be_as_deep_as_events() {
    let deep = (0..30).fold(json!(1), |inner, _| json!({"a": [inner]}));
    let context = Context::for_trigger(&json!({"data": deep}));
    let whole = Expression::parse("{'x': [event.data]}", Scope::Trigger).unwrap().evaluate(&context);
    assert_eq!(whole, Ok(json!({"x": [deep]})));
}

#[test]
fn loops_have_an_end_and_values_a_size() {
    let context = Context::for_trigger(&json!({"list": vec![1; 1_000], "text": "x".repeat(100_000)}));
    let evaluate = |source: &str| Expression::parse(source, Scope::Trigger).unwrap().evaluate(&context);
    assert_eq!(evaluate("event.list.all(x, x == 1)"), Ok(json!(true)));
    let twice = "event.list.map(x, event.list.map(y, x + y))";
    assert_eq!(evaluate(twice), Err(EvaluationError::TooManyTurns));
    // An error that `exists` would pass over stays an error when it is the budget's.
    let hidden = "event.list.exists(x, event.list.exists(y, event.list.exists(z, z == 2)) || x == 1)";
    assert_eq!(evaluate(hidden), Err(EvaluationError::TooManyTurns));
    assert_eq!(evaluate("event.list.map(x, event.text)"), Err(EvaluationError::TooLarge));
    let joined = format!("size(event.text{})", " + event.text".repeat(20));
    assert_eq!(evaluate(&joined), Err(EvaluationError::TooLarge));
    assert_eq!(evaluate("size(event.text + event.text)"), Ok(json!(200_000)));
}
