//! What only looks like a secret: refused once, or likely to be.

use crate::support::{FULL, GOLDEN, check, connection, plus, validate, with};

#[test]
fn the_samples_are_taken() {
    check(GOLDEN, &[]);
    check(FULL, &[]);
}

#[test]
fn commits_and_digests_are_no_secrets() {
    for hex in
        ["3f786850e387550fdab836ed7e6dc881de23001b", "1cbffc7a84d9d15f0f6e6b79f0cc1b9e83cdfecced6e2bcc6fc0897be2c49a2f"]
    {
        check(&format!("{}# as of {hex}\n", plus(&format!("llm: {{provider: p, model: m@sha256:{hex}}}"))), &[]);
        let github = format!("type: GithubRepositoryReader\n    params: {{owner: a, repo: b, branch: {hex}}}");
        check(&with("type: ConfluenceReader", &github), &[]);
        check(&with("name: notes", &format!("name: notes\n  description: built from {hex}")), &[]);
    }
}

#[test]
fn long_paths_are_no_secrets() {
    for path in [
        "documentation/handbook/operations/harbour/procedures",
        "srv/data/2024/reports/q1/final-version-v2/chapter12/section3",
        "./notes/of/the/harbour/in/a/very/long/folder/name/without/a/dot",
    ] {
        let reader = format!("type: SimpleDirectoryReader\n    params: {{inputDir: {path}}}");
        check(&with("type: ConfluenceReader", &reader), &[]);
    }
}

#[test]
fn words_that_begin_like_a_key_are_words() {
    for word in ["Asia", "Aizawa", "akia-port", "Akiasa", "eaac", "EAAC project", "sk-learn", "ghp_", "AIza", "xoxb-"] {
        check(&with("name: notes", &format!("name: notes\n  description: {word} and the rest")), &[]);
        check(&with("name: notes", &format!("name: notes\n  owner: {word}")), &[]);
        check(&plus(&format!("# {word}")), &[]);
    }
}

#[test]
fn prose_is_prose() {
    for prose in [
        "the bearer of this letter",
        "Bearer of bad news, basic instructions follow",
        "ask for a token: the office has them",
        "the password is in the vault",
        "every secret has its place",
        "see https://wiki.example/handbook?page=2#tokens",
        "mail docs@harbor.example: we answer",
        "set HARBOR_REGION=eu-central-1",
    ] {
        check(&with("name: notes", &format!("name: notes\n  description: \"{prose}\"")), &[]);
        check(&plus(&format!("# {prose}")), &[]);
    }
    // Where nothing is interpolated, a variable may be spoken of.
    check(&with("name: notes", "name: notes\n  description: starts when ${REGION} is set"), &[]);
}

#[test]
fn tokens_of_texts_are_no_credentials() {
    // Refused because there is no such field, and for no other reason.
    check(&plus("transforms: {splitter: {token: cl100k}}"), &["UNKNOWN_FIELD /transforms/splitter/token"]);
    check(&plus("transforms: {enrichMetadata: [{token: cl100k, maxTokens: 512}]}"), &[]);
    check(&connection("{token: {type: header}, maxTokens: 100, stopToken: end, spaceKey: HARBOR}"), &[]);
}

#[test]
fn nothing_is_no_secret() {
    check(&connection("token: null"), &[]);
    check(&connection("token: ~"), &[]);
    check(&connection("token: \"\""), &[]);
    check(&connection("token:"), &[]);
}

#[test]
fn addresses_without_credentials_are_taken() {
    for address in ["postgres://db.internal:5432/app", "http://qdrant:6333", "ssh://git@host/repo", "grpc://user@host"]
    {
        check(&connection(&format!("host: {address}")), &[]);
    }
}

#[test]
fn identifiers_that_others_chose_are_taken() {
    let folder = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms";
    let drive = format!("type: GoogleDriveReader\n    params: {{folderId: {folder}, fileIds: [{folder}]}}");
    check(&with("type: ConfluenceReader", &drive), &[]);
    check(&connection("tenant: 018f4e7a-9c3b-7d21-a8e5-1b2c3d4e5f60"), &[]);
}

#[test]
fn the_raw_text_does_not_contradict_the_tree() {
    // To a scanner of text `token: "vault://..."` is a random value under a name that promises a secret.
    for reference in
        ["vault://kv2/harbor/x7Kq9/Zt4Lm#sa_json9", "profile://c0nfluence-7x#t0ken-9a", "vault://a1/b2c3D4e5F6g7#H8i9"]
    {
        let text = connection(&format!("token: \"{reference}\"\n    password: {reference}"));
        assert!(validate(&text).is_ok(), "{:?}", validate(&text));
    }
}
