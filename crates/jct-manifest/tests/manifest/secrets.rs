//! Every way around the scan that is known, each as a case: the secret is found, placed, and never told.

use crate::support::{MINIMAL, connection, plus, random, validate, with};

/// The manifest is refused with a `RAW_SECRET` by this rule at this pointer, and nothing that is said holds `secret`.
#[track_caller]
fn check(text: &str, secret: &str, rule: &str, pointer: &str) {
    let Err(refused) = validate(text) else { panic!("taken:\n{text}") };
    let found: Vec<_> = refused
        .iter()
        .filter(|violation| violation.code.as_str() == "RAW_SECRET")
        .map(|violation| (violation.rule.unwrap(), violation.pointer.as_str()))
        .collect();
    assert!(found.contains(&(rule, pointer)), "{found:?}\n{text}");
    for violation in refused.iter().filter(|violation| violation.rule.is_some()) {
        let line = usize::try_from(violation.line.unwrap()).unwrap();
        assert!((1..=text.lines().count()).contains(&line), "{violation}");
    }
    let told = format!("{refused} {refused:?} {}", serde_json::to_string(&refused).unwrap());
    assert!(!told.contains(secret), "{told}");
}

const HOST: &str = "/vectorStore/connection/host";

fn github() -> String {
    format!("ghp_{}", random(36))
}

#[test]
fn the_first_of_two_equal_keys_is_looked_at() {
    let text = connection(&format!("token: {}\n    token: ${{TOKEN}}", github()));
    check(&text, &github(), "sensitive-key", "/vectorStore/connection/token");
    let text = connection(&format!("token: ${{TOKEN}}\n    token: {}", github()));
    check(&text, &github(), "sensitive-key", "/vectorStore/connection/token");
}

#[test]
fn comments_are_looked_at() {
    check(&plus(&format!("# was {}", github())), &github(), "github-token", "");
    check(&plus("# password: hunter2 until we have a vault"), "hunter2", "assigned-secret", "");
    check(&with("name: notes", "name: notes # postgres://app:hunter2@db/x"), "hunter2", "url-password", "");
    check(&format!("# {}\n{MINIMAL}", random(48)), &random(48), "random-text", "");
}

#[test]
fn a_reference_does_not_cover_what_stands_beside_it() {
    let text = connection(&format!("host: ${{A}} {}", github()));
    check(&text, &github(), "github-token", HOST);
    let text = connection(&format!("host: \"${{A}}{}\"", github()));
    check(&text, &github(), "github-token", HOST);
    // It fits the grammar, and is a token all the same.
    let text = connection(&format!("host: vault://kv/{}#x", github()));
    check(&text, &github(), "github-token", HOST);
}

#[test]
fn tags_and_escapes_do_not_hide_it() {
    let text = connection(&format!("host: !!binary {}", github()));
    check(&text, &github(), "github-token", "");
    let escaped = github().replacen('g', "\\x67", 1);
    check(&connection(&format!("host: \"{escaped}\"")), &github(), "github-token", HOST);
    let (start, end) = (&github()[..20], &github()[20..]);
    let text = connection(&format!("host: \"{start}\\\n      {end}\""));
    check(&text, &github(), "github-token", HOST);
    check(&connection(&format!("host: |\n      a\n      {}\n", github())), &github(), "github-token", HOST);
}

#[test]
fn whatever_is_no_text_is_refused_under_a_sensitive_key() {
    check(&connection("password: 12345678"), "12345678", "sensitive-key", "/vectorStore/connection/password");
    check(&connection("password: 1234.5678"), "1234.5678", "sensitive-key", "/vectorStore/connection/password");
    check(&connection("password: true"), "password: true", "sensitive-key", "/vectorStore/connection/password");
    check(&connection("password: [hunter2]"), "hunter2", "sensitive-key", "/vectorStore/connection/password/0");
    let text = connection("password: {value: hunter2}");
    check(&text, "hunter2", "sensitive-key", "/vectorStore/connection/password/value");
    let text = connection("password: {type: hunter2}");
    check(&text, "hunter2", "sensitive-key", "/vectorStore/connection/password/type");
}

#[test]
fn compound_names_are_sensitive() {
    for key in
        ["clientSecret", "githubToken", "client-secret", "GITHUB_TOKEN", "dbPassword", "apiKey", "API-Key", "key"]
    {
        let text = connection(&format!("{key}: hunter"));
        check(&text, "hunter", "sensitive-key", &format!("/vectorStore/connection/{key}"));
    }
    let text = with("type: ConfluenceReader", "type: ConfluenceReader\n    auth: {token: hunter}");
    check(&text, "hunter", "sensitive-key", "/dataSources/0/auth/token");
}

#[test]
fn addresses_are_looked_at() {
    for address in [
        "postgres://app:hunter2@db.internal/app",
        "postgres://postgres:postgres@localhost/app",
        "https://hunter2@git.internal/x",
        "https://api.internal/x?access_token=hunter2",
        "host=db user=app password=hunter2",
    ] {
        let rule = if address.contains("://") { "url-credential" } else { "assigned-secret" };
        let refused = validate(&connection(&format!("host: \"{address}\""))).unwrap_err();
        let found = refused.as_slice()[0].rule.unwrap();
        // The tower's scanner names its own rule where it knows the shape.
        assert!(found == rule || found == "url-password", "{address}: {found}");
        assert!(!refused.to_string().contains("hunter2"));
    }
}

#[test]
fn tokens_of_providers_are_seen_by_their_shape() {
    let cases = [
        (format!("github_pat_{}", random(40)), "github-token"),
        (format!("glpat-{}", random(24)), "gitlab-token"),
        (format!("sk_live_{}", random(24)), "stripe-key"),
        (format!("xoxb-{}", random(24)), "slack-token"),
        (format!("AKIA{}", random(16).to_uppercase()), "aws-access-key"),
        (format!("AIza{}", random(35)), "google-key"),
        (format!("ya29.{}", random(40)), "google-key"),
        (format!("ATATT3xFf{}", random(60)), "atlassian-token"),
        (format!("EAAC{}", random(60)), "facebook-token"),
        (format!("Bearer {}", random(24)), "bearer-token"),
        (random(44), "random-text"),
        ("-----BEGIN RSA PRIVATE KEY-----".to_owned(), "private-key"),
    ];
    for (secret, rule) in cases {
        check(&connection(&format!("host: \"{secret}\"")), &secret, rule, HOST);
        check(&plus(&format!("llm: {{provider: p, model: \"{secret}\"}}")), &secret, rule, "/llm/model");
    }
}

#[test]
fn hexadecimal_keys_are_seen_among_credentials() {
    let hex = "3f786850e387550fdab836ed7e6dc881de23001b";
    check(&connection(&format!("host: {hex}")), hex, "random-hex", HOST);
}

#[test]
fn keys_are_looked_at_and_masked() {
    let text = connection(&format!("{}: x", github()));
    check(&text, &github(), "github-token", "/vectorStore/connection/[secret removed]");
    let text = plus(&format!("\"{}\": {{a: {{b: 1}}}}", github()));
    check(&text, &github(), "github-token", "/[secret removed]");
    let refused = validate(&plus(&format!("{}: 1\n{}: 2", github(), github()))).unwrap_err();
    assert!(!refused.to_string().contains(&github()));
}

#[test]
fn a_secret_in_text_that_is_not_even_yaml_is_found() {
    let text = format!("version: [\n token: {}", github());
    check(&text, &github(), "github-token", "");
}
