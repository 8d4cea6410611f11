//! Every mistake is named, with where it stands and what is right, all at once, and without secrets.

use crate::support::resolve;

#[track_caller]
fn check(toml: &str, env: &[(&str, &str)], overrides: &[(&str, &str)], expected: &[&str]) {
    let errors = resolve(toml, env, overrides).unwrap_err();
    let found: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn everything_is_reported_at_once() {
    let toml = r#"
        [api]
        port = "8000"
        hots = "127.0.0.1"
        [databse]
        url = "sqlite:x"
        [worker]
        heartbeat_seconds = 20
        executors = ["Survey"]
        [policy]
        min_time_budget_seconds = 900
        max_time_budget_seconds = 60
        [[repo_sources]]
        prefix = "myorg/"
        url = "https://git.example.com/{repository}.git"
    "#;
    let env =
        [("JCT_WORKER_SLOT", "2"), ("API_HOST", "tower.example"), ("JCT_LOG_FORMAT", "xml"), ("JCT_API_PORT", "1")];
    let overrides = [("trace.root", "s3://bucket/traces"), ("worker.slotz", "1"), ("worker.lease_seconds", "1")];
    insta::assert_snapshot!(resolve(toml, &env, &overrides).unwrap_err());
}

#[test]
fn conflicts_are_found_between_valid_values() {
    let env = [
        ("JCT_WORKER_HEARTBEAT_SECONDS", "15"),
        ("JCT_WORKER_BACKOFF_BASE_SECONDS", "700"),
        ("JCT_POLICY_MAX_TIME_BUDGET_SECONDS", "29"),
        ("JCT_API_BATCH_BODY_LIMIT_BYTES", "2048"),
        ("JCT_SANDBOX_LEVEL", "L1"),
    ];
    insta::assert_snapshot!(resolve("", &env, &[]).unwrap_err());
    resolve("", &[("JCT_WORKER_HEARTBEAT_SECONDS", "14")], &[]).unwrap();
    resolve("", &[("JCT_SANDBOX_LEVEL", "L1"), ("JCT_SANDBOX_MINIMUM_LEVEL", "L1")], &[]).unwrap();
}

#[test]
fn failed_work_cannot_be_approved_by_a_setting() {
    let rule = "`review.auto_approve_verdicts` from environment variable `JCT_REVIEW_AUTO_APPROVE_VERDICTS` must hold `pass` or \
                `partial`; work that failed is never approved";
    check("", &[("JCT_REVIEW_AUTO_APPROVE_VERDICTS", "pass,fail")], &[], &[rule]);
}

#[test]
fn numbers_have_ranges_and_no_signs() {
    let reason = "`api.port` from environment variable `API_PORT` must be an integer without sign";
    for bad in ["-1", "+1", " 1", "1.0", "0x10", "eight"] {
        check("", &[("API_PORT", bad)], &[], &[reason]);
    }
    check("", &[("API_PORT", "65536")], &[], &["`api.port` from environment variable `API_PORT` is too large"]);
    check("[api]\nport = -1", &[], &[], &["`api.port` from file `jct.toml` must be an integer without sign"]);
    check("[worker]\nslots = 0", &[], &[], &["`worker.slots` from file `jct.toml` must be from 1 to 1024"]);
}

#[test]
fn nothing_is_coerced_in_the_file() {
    check("[api]\nport = \"1\"", &[], &[], &["`api.port` from file `jct.toml` must be an integer, not text"]);
    check("[api]\nport = 1.0", &[], &[], &["`api.port` from file `jct.toml` must be an integer, not a fraction"]);
    check(
        "[database]\nmigrate = 1",
        &[],
        &[],
        &["`database.migrate` from file `jct.toml` must be `true` or `false`, not an integer"],
    );
    check(
        "[worker]\nexecutors = \"survey\"",
        &[],
        &[],
        &["`worker.executors` from file `jct.toml` must be an array of texts, not text"],
    );
    check("api = 1", &[], &[], &["unknown key `api` in file `jct.toml`"]);
    check("[api.port]\nx = 1", &[], &[], &["`api.port` from file `jct.toml` must be an integer, not a table"]);
}

#[test]
fn other_storage_is_refused_at_the_start() {
    for bad in ["s3://bucket/x", "gs://bucket", "https://host/x", "FILE:///x"] {
        let reason = "must be a path or a `file://` address; no other storage is supported";
        check(
            "",
            &[("JCT_TRACE_ROOT", bad)],
            &[],
            &[&format!("`trace.root` from environment variable `JCT_TRACE_ROOT` {reason}")],
        );
    }
}

#[test]
fn a_syntax_error_names_its_place_and_quotes_nothing() {
    let toml = "[api]\nkey = \"s3cret-s3cret-s3cret\nport = 1\n";
    let errors = resolve(toml, &[], &[]).unwrap_err().to_string();
    assert!(errors.contains("`jct.toml`, line 2, column "), "{errors}");
    assert!(!errors.contains("s3cret"), "{errors}");
}

#[test]
fn no_message_repeats_a_secret() {
    let env = [
        ("JCT_API_KEY", "s3cret"),
        ("DATABASE_URL", "mysql://u:s3cret@h/d"),
        ("JCT_REPO_SOURCES", "o/n=http://u:s3cret@h/x"),
    ];
    let errors = resolve("", &env, &[]).unwrap_err();
    assert_eq!(errors.iter().count(), 3);
    assert!(!format!("{errors} {errors:?}").contains("s3cret"), "{errors:?}");
    let toml = "[[repo_sources]]\nrepo = \"o/n\"\nurl = \"https://h/x\"\ns3cret = 1";
    assert!(resolve(toml, &[], &[]).is_err());
}

#[test]
fn repo_sources_in_the_file_are_checked_by_row() {
    let row = |text: &str| format!("[[repo_sources]]\nrepo = \"o/n\"\nurl = \"/srv/n\"\n[[repo_sources]]\n{text}");
    let at = "`repo_sources` from file `jct.toml`";
    check(&row("url = \"/x\""), &[], &[], &[&format!("{at} row 2: must have `url` and either `prefix` or `repo`")]);
    check(&row("repo = 1\nurl = \"/x\""), &[], &[], &[&format!("{at} row 2: `repo` must be text")]);
    check(&row("repo = \"o/n\"\nurl = \"/x\""), &[], &[], &[&format!("{at} names `o/n` twice")]);
    check(
        &row("repo = \"o/m\"\nurl = \"/x\"\nbranch = \"main\""),
        &[],
        &[],
        &[&format!("{at} row 2: unknown key `branch`; a row has `url` and either `prefix` or `repo`")],
    );
    check("[repo_sources]\nx = 1", &[], &[], &[&format!("{at} must be written as `[[repo_sources]]` tables")]);
}
