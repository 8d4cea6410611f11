//! What `jct config` shows: every key, where its value comes from, and no secret.

use crate::support::resolve;

const TOML: &str = r#"
    [api]
    key = "s3cret-s3cret-s3cret"
    [[repo_sources]]
    prefix = "myorg/"
    url = "https://s3cret@git.example.com/{repo}.git"
"#;
const ENV: [(&str, &str); 2] = [
    ("DATABASE_URL", "postgres://jct:s3cret@db/jct?sslpassword=s3cret"),
    ("JCT_ALLOWED_REPO_PREFIXES", "myorg/,other/"),
];

#[test]
fn for_people() {
    insta::assert_snapshot!(resolve(TOML, &ENV, &[("log.format", "json")]).unwrap().render());
}

#[test]
fn for_machines() {
    let config = resolve(TOML, &ENV, &[]).unwrap();
    let entries = serde_json::to_value(config.effective()).unwrap();
    assert_eq!(entries.as_array().unwrap().len(), jct_config::registry().count());
    let first = serde_json::json!({
        "key": "database.url",
        "value": "postgresql://jct:***@db/jct?***",
        "source": "environment variable `DATABASE_URL`",
    });
    assert_eq!(entries[0], first);
}

#[test]
fn no_form_shows_a_secret() {
    let config = resolve(TOML, &ENV, &[]).unwrap();
    let shown = format!("{config:?} {config:#?} {} {:?}", config.render(), config.effective());
    assert!(!shown.contains("s3cret"), "{shown}");
}
