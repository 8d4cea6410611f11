//! The gate as its callers meet it: every rule, their order, the exact texts, and what holds for every input.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use jct_contract::{Sha256Digest, TaskSpec};
use jct_policy::{
    DecisionId, PolicyCode, PolicyConfig, PolicyConfigError, PolicyError, RepoPrefix, decide, evaluate,
    evaluate_normalized, refuse_spelling,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn task(changes: &[(&str, Value)]) -> TaskSpec {
    let mut task = json!({
        "requested_by": {"kind": "human", "id": "ana", "label": "Ana"},
        "objective": "Describe the repository",
        "operation": "analysis",
        "target": {"repo": "testorg/repo", "ref": "v1", "path": "src"},
        "constraints": {"time_budget_seconds": 60},
        "inputs": {"a": 1},
        "metadata": {"b": 2},
        "acceptance_criteria": ["c"],
        "evidence_requirements": ["d"],
    });
    for (pointer, value) in changes {
        *task.pointer_mut(pointer).unwrap() = value.clone();
    }
    TaskSpec::from_json(task.to_string().as_bytes()).unwrap()
}

fn repo(raw: &str) -> TaskSpec {
    task(&[("/target/repo", json!(raw))])
}

fn constrained(constraints: Value) -> TaskSpec {
    task(&[("/constraints", constraints)])
}

fn policy() -> PolicyConfig {
    PolicyConfig::from_prefix_list("testorg/").unwrap()
}

#[track_caller]
fn check(spec: &TaskSpec, expected: Result<(), (PolicyCode, &str)>) {
    let found = evaluate(spec, &policy()).map(|_| ()).map_err(|error| (error.code(), error.message()));
    assert_eq!(found, expected.map_err(|(code, message)| (code, message.to_owned())));
}

#[test]
fn each_rule_has_its_code_and_text() {
    check(&task(&[]), Ok(()));
    check(
        &task(&[("/operation", json!("build"))]),
        Err((
            PolicyCode::InvalidOperation,
            "Operation 'build' is not allowed. Allowed operations: analysis, code_change, docs, ops",
        )),
    );
    check(
        &repo("Evil/X.git"),
        Err((PolicyCode::RepoNotAllowed, "Repository 'Evil/X.git' is not in the allowed namespace.")),
    );
    for (seconds, answer) in [
        (-1, Err((PolicyCode::TimeBudgetTooLow, "Time budget -1s is below minimum (30s)"))),
        (29, Err((PolicyCode::TimeBudgetTooLow, "Time budget 29s is below minimum (30s)"))),
        (30, Ok(())),
        (86_400, Ok(())),
        (86_401, Err((PolicyCode::TimeBudgetTooHigh, "Time budget 86401s exceeds maximum (86400s)"))),
    ] {
        check(&constrained(json!({"time_budget_seconds": seconds})), answer);
    }
    check(
        &constrained(json!({"allow_network": true})),
        Err((
            PolicyCode::NetworkAccessDenied,
            "Network access is not allowed in V1. Set constraints.allow_network to false.",
        )),
    );
    check(
        &constrained(json!({"allow_secrets": true})),
        Err((
            PolicyCode::SecretsAccessDenied,
            "Secrets access is not allowed in V1. Set constraints.allow_secrets to false.",
        )),
    );
}

#[test]
fn the_first_rule_that_applies_is_the_answer() {
    let mut changes = vec![
        ("/operation", json!("build")),
        ("/target/repo", json!("evil/x")),
        ("/constraints", json!({"time_budget_seconds": 1, "allow_network": true, "allow_secrets": true})),
    ];
    let code = |changes: &[(&str, Value)]| evaluate(&task(changes), &policy()).map(|_| ()).unwrap_err().code();
    assert_eq!(code(&changes), PolicyCode::InvalidOperation);
    changes[0].1 = json!("docs");
    assert_eq!(code(&changes), PolicyCode::RepoNotAllowed);
    changes[1].1 = json!("no repository");
    assert_eq!(code(&changes), PolicyCode::RepoNotAllowed);
    changes[1].1 = json!("testorg/x");
    assert_eq!(code(&changes), PolicyCode::TimeBudgetTooLow);
    changes[2].1["time_budget_seconds"] = json!(1_000_000);
    assert_eq!(code(&changes), PolicyCode::TimeBudgetTooHigh);
    changes[2].1["time_budget_seconds"] = json!(60);
    assert_eq!(code(&changes), PolicyCode::NetworkAccessDenied);
    changes[2].1["allow_network"] = json!(false);
    assert_eq!(code(&changes), PolicyCode::SecretsAccessDenied);
    changes[2].1["allow_secrets"] = json!(false);
    assert!(evaluate(&task(&changes), &policy()).is_ok());
}

#[test]
fn spellings_of_an_allowed_repository_are_admitted_in_one_spelling() {
    for raw in [
        "testorg/repo",
        "TestOrg/Repo",
        " testorg/repo ",
        "testorg/repo.git",
        "testorg/repo.GIT",
        "testorg/repo/",
        "testorg/repo.git/",
    ] {
        assert_eq!(evaluate(&repo(raw), &policy()).unwrap().task().repo().as_str(), "testorg/repo", "{raw}");
    }
}

#[test]
fn what_is_no_repository_is_refused_in_the_words_of_the_caller() {
    for raw in [
        "testorg/",
        "testorg/.git",
        "testorg/x.git.git",
        "testorg/../evil",
        "testorg/a b",
        "testorg//x",
        "testorg",
        "https://github.com/testorg/x",
        "testorg-evil/x",
        "testorg.evil/x",
        "xtestorg/x",
        "  ",
    ] {
        check(
            &repo(raw),
            Err((PolicyCode::RepoNotAllowed, &format!("Repository '{raw}' is not in the allowed namespace."))),
        );
    }
    // One line of a log stays one line, and no longer than it has to be.
    check(
        &repo("testorg/x\nfoo"),
        Err((PolicyCode::RepoNotAllowed, "Repository 'testorg/x\\nfoo' is not in the allowed namespace.")),
    );
    let long = evaluate(&task(&[("/operation", json!("x".repeat(10_000)))]), &policy()).unwrap_err().message();
    assert!(long.len() < 400 && long.contains("x…'"), "{long}");
}

#[test]
fn the_public_text_never_names_the_allowed_prefixes() {
    let policy = PolicyConfig::from_prefix_list("secret-client/,testorg/team").unwrap();
    let error = evaluate(&repo("evil/x"), &policy).unwrap_err();
    assert_eq!(error.to_string(), "REPO_NOT_ALLOWED: Repository 'evil/x' is not in the allowed namespace.");
    assert_eq!(
        error.allowed_prefixes().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["secret-client/", "testorg/team/"]
    );
    let other = evaluate(&task(&[("/operation", json!("build"))]), &policy).unwrap_err();
    assert!(other.allowed_prefixes().is_empty());
}

#[test]
fn repositories_are_denied_by_default() {
    for policy in [
        PolicyConfig::default(),
        PolicyConfig::from_prefix_list("").unwrap(),
        PolicyConfig::from_prefix_list(" , ,").unwrap(),
    ] {
        assert_eq!(evaluate(&task(&[]), &policy).unwrap_err().code(), PolicyCode::RepoNotAllowed);
        assert_eq!(policy, PolicyConfig::default());
    }
}

#[test]
fn nothing_is_dropped_on_the_way() {
    let sent = repo("TestOrg/Repo.git");
    let mut expected = serde_json::to_value(&sent).unwrap();
    expected["target"]["repo"] = json!("testorg/repo");
    let admitted = evaluate(&sent, &policy()).unwrap();
    assert_eq!(serde_json::to_value(admitted.task()).unwrap(), expected);
}

#[test]
fn an_admission_names_policy_input_and_decision() {
    let policy = policy();
    let admitted = evaluate(&task(&[]), &policy).unwrap();
    assert_eq!(admitted.policy_digest(), Sha256Digest::of(&policy.canonical_bytes()));
    assert_eq!(admitted.input_digest(), Sha256Digest::of(&admitted.task().canonical_bytes()));
    assert_eq!(admitted.decision_id(), DecisionId::derive(admitted.policy_digest(), admitted.input_digest()));
    assert_eq!(admitted.decision_id().as_uuid().get_version_num(), 8);
    assert_eq!(admitted.decision_id().to_string().parse(), Ok(admitted.decision_id()));
    assert_eq!(evaluate(&task(&[]), &policy).unwrap(), admitted);

    let other_input = evaluate(&repo("testorg/other"), &policy).unwrap();
    assert_ne!(other_input.decision_id(), admitted.decision_id());
    let other_policy = evaluate(&task(&[]), &PolicyConfig::from_prefix_list("testorg/repo").unwrap()).unwrap();
    assert_eq!(other_policy.input_digest(), admitted.input_digest());
    assert_ne!(other_policy.decision_id(), admitted.decision_id());
}

/// Frozen: admission records refer to these bytes and ids.
#[test]
fn golden_policy_and_decision() {
    let policy = PolicyConfig::from_prefix_list("partner/, MyOrg/team ,partner").unwrap();
    assert_eq!(
        policy.canonical_json(),
        concat!(
            r#"{"allow_network":false,"allow_secrets":false,"allowed_operations":["code_change","docs","analysis","ops"],"#,
            r#""allowed_repo_prefixes":["myorg/team/","partner/"],"gate":"1.0","max_time_budget_seconds":86400,"min_time_budget_seconds":30}"#
        )
    );
    let (zero, one) = (Sha256Digest::from_bytes([0; 32]), Sha256Digest::from_bytes([1; 32]));
    assert_eq!(DecisionId::derive(zero, one).to_string(), "0671dab1-9221-865f-a1bf-7fd561eeb125");
    assert_ne!(DecisionId::derive(one, zero), DecisionId::derive(zero, one));
}

#[test]
fn equal_policies_have_equal_digests() {
    let digest = |list: &str| PolicyConfig::from_prefix_list(list).unwrap().digest();
    assert_eq!(digest("a,b"), digest(" B/ ,,A/,b"));
    assert_ne!(digest("a,b"), digest("a"));
    let budget = |min, max| PolicyConfig::builder().time_budget_seconds(min, max).build().unwrap().digest();
    assert_eq!(budget(30, 86_400), PolicyConfig::default().digest());
    assert_ne!(budget(30, 86_400), budget(31, 86_400));
    assert_ne!(budget(30, 86_400), budget(30, 86_399));
}

#[test]
fn a_policy_that_makes_no_sense_is_not_one() {
    for (min, max) in [(0, 10), (-5, 10), (11, 10), (i64::MIN, i64::MAX)] {
        let found = PolicyConfig::builder().time_budget_seconds(min, max).build();
        assert_eq!(found, Err(PolicyConfigError::TimeBudgets { min, max }));
    }
    for list in ["my org/", "ok/,..", "*", "https://host/org"] {
        assert!(matches!(PolicyConfig::from_prefix_list(list), Err(PolicyConfigError::Prefix(_))), "{list}");
    }
}

#[test]
fn own_time_budgets_replace_the_default_ones() {
    let policy = PolicyConfig::builder().allow("testorg".parse().unwrap()).time_budget_seconds(5, 10).build().unwrap();
    let answer = |seconds: i64| {
        evaluate(&constrained(json!({"time_budget_seconds": seconds})), &policy)
            .map(|_| ())
            .map_err(|error| error.message())
    };
    assert_eq!(answer(5), Ok(()));
    assert_eq!(answer(10), Ok(()));
    assert_eq!(answer(4), Err("Time budget 4s is below minimum (5s)".to_owned()));
    assert_eq!(answer(11), Err("Time budget 11s exceeds maximum (10s)".to_owned()));
}

fn any_spec() -> impl Strategy<Value = TaskSpec> {
    let known = prop::sample::select(vec!["code_change", "docs", "analysis", "ops"]).prop_map(str::to_owned);
    let operation = prop_oneof![3 => known, 1 => "[a-z_]{0,8}"];
    let repo = prop_oneof![3 => "(TestOrg|testorg|other)/[a-zA-Z0-9._-]{1,8}(\\.git)?/?", 1 => "[^\\x00]{1,20}"];
    let budget = prop_oneof![2 => 0_i64..100_000, 1 => -(1_i64 << 53)..=1 << 53];
    (operation, repo, budget, any::<bool>(), any::<bool>()).prop_map(|(operation, repo, seconds, network, secrets)| {
        task(&[
            ("/operation", json!(operation)),
            ("/target/repo", json!(repo)),
            (
                "/constraints",
                json!({"time_budget_seconds": seconds, "allow_network": network, "allow_secrets": secrets}),
            ),
        ])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_gate_is_total_and_deterministic(
        spec in any_spec(),
        list in prop::collection::vec(prop::sample::select(vec!["testorg", "other/", "x"]), 0..3),
    ) {
        let policy = PolicyConfig::from_prefix_list(&list.join(",")).unwrap();
        prop_assert_eq!(evaluate(&spec, &policy), evaluate(&spec, &policy));
    }

    #[test]
    fn an_admitted_task_keeps_every_rule_and_is_admitted_again(spec in any_spec()) {
        let policy = policy();
        let Ok(admitted) = evaluate(&spec, &policy) else { return Ok(()) };
        let task = admitted.task();
        prop_assert!(task.repo().as_str().starts_with("testorg/"));
        prop_assert!((30..=86_400).contains(&task.constraints().time_budget_seconds()));
        prop_assert!(!task.constraints().allow_network() && !task.constraints().allow_secrets());
        let again = evaluate(&task.to_spec(), &policy);
        prop_assert_eq!(again, Ok(admitted));
    }

    #[test]
    fn all_ways_through_the_gate_agree(spec in any_spec()) {
        let policy = policy();
        let whole = evaluate(&spec, &policy);
        match spec.normalize() {
            Err(error) => prop_assert_eq!(whole, Err(refuse_spelling(error, &policy))),
            Ok(task) => {
                let alone = decide(&task, &policy).map_err(|error| error.code());
                prop_assert_eq!(alone, whole.as_ref().map(|_| ()).map_err(PolicyError::code));
                prop_assert_eq!(evaluate_normalized(task, spec.target().repo(), &policy), whole);
            }
        }
    }

    #[test]
    fn a_prefix_is_its_own_spelling(text in "[ A-Za-z0-9._/-]{0,16}") {
        if let Ok(prefix) = text.parse::<RepoPrefix>() {
            prop_assert_eq!(prefix.to_string().parse(), Ok(prefix));
        }
    }
}
