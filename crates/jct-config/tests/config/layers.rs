//! Defaults, file, environment, flags: the later one wins, for every type of setting.

use std::path::{Path, PathBuf};

use jct_config::{Config, Engine, LogFormat, RepoMatch};

use crate::support::resolve;

/// The value of `api.port` and where it comes from.
#[track_caller]
fn check_port(toml: &str, env: &[(&str, &str)], overrides: &[(&str, &str)], port: u16, source: &str) {
    let config = resolve(toml, env, overrides).unwrap();
    assert_eq!(config.api.port, port);
    let entry = config.effective().iter().find(|entry| entry.key == "api.port").unwrap();
    assert_eq!((entry.value.clone(), entry.source.to_string()), (port.to_string(), source.to_owned()));
}

#[test]
fn the_stronger_layer_wins() {
    let toml = "[api]\nport = 1\n";
    let env = [("API_PORT", "2")];
    check_port("", &[], &[], 8000, "default");
    check_port(toml, &[], &[], 1, "file `jct.toml`");
    check_port(toml, &env, &[], 2, "environment variable `API_PORT`");
    check_port(toml, &env, &[("api.port", "3")], 3, "command line");
    check_port("", &[], &[("api.port", "3"), ("api.port", "0")], 0, "command line");
    check_port(toml, &[("API_PORT", "")], &[], 1, "file `jct.toml`");
}

#[test]
fn an_empty_variable_empties_a_list() {
    let toml = "[policy]\nallowed_repo_prefixes = [\"myorg/\"]\n";
    let prefixes =
        |config: Config| config.policy.allowed_repo_prefixes.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(prefixes(resolve(toml, &[], &[]).unwrap()), ["myorg/"]);
    assert!(prefixes(resolve(toml, &[("JCT_ALLOWED_REPO_PREFIXES", "")], &[]).unwrap()).is_empty());
    let env = [("JCT_ALLOWED_REPO_PREFIXES", " myorg/ ,, Other/repo ")];
    assert_eq!(prefixes(resolve(toml, &env, &[]).unwrap()), ["myorg/", "other/repo/"]);
}

#[test]
fn a_whole_file_is_read() {
    let toml = r#"
        [database]
        url = "postgresql+asyncpg://jct:s3cret@db/jct"
        migrate = false
        writers = 4
        [api]
        host = "::1"
        cors_origins = ["https://console.example.com", "http://localhost:3000"]
        key = "0123456789abcdef"
        [worker]
        name = "w-1"
        executors = ["survey", "command"]
        [trace]
        root = "file:///srv/traces"
        [log]
        level = "warn,jct_store=debug"
        format = "json"
        [[repo_sources]]
        prefix = "MyOrg/"
        url = "https://git.example.com/{repo}.git"
        [[repo_sources]]
        repo = "owner/name"
        url = "/Srv/Name.git"
    "#;
    let config = resolve(toml, &[], &[]).unwrap();
    assert_eq!(config.database.url.engine(), &Engine::Postgres { url: "postgresql://jct:s3cret@db/jct".to_owned() });
    assert!(!config.database.migrate);
    assert_eq!(config.api.cors_origins.len(), 2);
    assert_eq!(config.api.key.unwrap().expose(), "0123456789abcdef");
    assert_eq!(config.worker.executors[0].as_str(), "survey");
    assert_eq!(config.trace.root.as_path(), Path::new("/srv/traces"));
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.log.level.to_string(), "warn,jct_store=debug");
    let sources: Vec<_> = config.repo_sources.iter().map(|source| (source.matches(), source.url())).collect();
    let expected = [
        (&RepoMatch::Prefix("myorg/".to_owned()), "https://git.example.com/{repo}.git"),
        (&RepoMatch::Exact("owner/name".to_owned()), "/Srv/Name.git"),
    ];
    assert_eq!(sources, expected);
}

#[test]
fn the_policy_section_makes_a_gate() {
    let env = [("JCT_ALLOWED_REPO_PREFIXES", "myorg/"), ("JCT_POLICY_MAX_TIME_BUDGET_SECONDS", "600")];
    let gate = resolve("", &env, &[]).unwrap().policy.gate().unwrap();
    assert_eq!(gate.allowed_repo_prefixes().len(), 1);
    assert_eq!((gate.min_time_budget_seconds(), gate.max_time_budget_seconds()), (30, 600));
}

#[test]
fn the_machine_gives_the_name_and_the_slots() {
    let config = resolve("", &[], &[]).unwrap();
    assert_eq!(config.worker.name.as_str(), "build-7.example");
    assert_eq!((config.worker.slots, config.api.workers), (2, 2));
    assert_eq!(config.database.url.engine(), &Engine::Sqlite { path: PathBuf::from(".jct/jct.db") });
}

#[test]
fn localhost_is_this_machine_alone() {
    assert!(resolve("", &[("API_HOST", "localhost")], &[]).unwrap().api.host.is_loopback());
}

#[test]
fn variables_of_tests_and_of_others_are_passed_over() {
    let env = [
        ("JCT_TEST_POSTGRES_URL", "x"),
        ("JCT_CONFIG", "x"),
        ("JCT_TASK_ID", "x"),
        ("JCT_RUN_MARKER", "x"),
        ("JCT_ARTIFACTS", "x"),
        ("JCT_CHECK", "x"),
        ("PATH", "x"),
        ("API_KEY", "x"),
        ("jct_worker_slots", "x"),
    ];
    resolve("", &env, &[]).unwrap();
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_refused_only_if_it_is_ours() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let not_text = || OsString::from_vec(vec![0xff]);
    let mut sources = crate::support::sources("", &[], &[]);
    sources.env = vec![(not_text(), not_text()), ("OTHER".into(), not_text())];
    Config::resolve(&sources).unwrap();
    sources.env.push(("API_HOST".into(), not_text()));
    let errors = Config::resolve(&sources).unwrap_err();
    assert!(
        errors.to_string().contains("`api.host` from environment variable `API_HOST` must be Unicode text"),
        "{errors}"
    );
}
