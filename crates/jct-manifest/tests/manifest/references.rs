//! The one grammar of references, at the scan and at the collection.

use jct_manifest::{JobRequest, Source};
use serde_json::json;

use crate::support::{check, connection, validate};

const TOKEN: &str = "/vectorStore/connection/token";
const HOST: &str = "/vectorStore/connection/host";

#[track_caller]
fn taken(reference: &str, expected: &serde_json::Value) {
    for key in ["token", "host"] {
        let manifest = validate(&connection(&format!("{key}: \"{reference}\""))).unwrap();
        assert_eq!(&json!(manifest.secret_refs()), expected, "{reference} under {key}");
    }
}

/// The same answer under a sensitive key and elsewhere.
#[track_caller]
fn refused(reference: &str, code: &str) {
    for (key, pointer) in [("token", TOKEN), ("host", HOST)] {
        let refused = validate(&connection(&format!("{key}: \"{reference}\""))).unwrap_err();
        let first = &refused.as_slice()[0];
        assert_eq!((first.code.as_str(), first.pointer.as_str()), (code, pointer), "{reference}: {refused}");
    }
}

#[test]
fn whole_references_are_taken_and_collected() {
    taken("${A}", &json!({"environment": [{"name": "A"}]}));
    taken("${_a1_B}", &json!({"environment": [{"name": "_a1_B"}]}));
    taken(
        "profile://Open-AI.eu#api__key.",
        &json!({"profile": [{
            "provider": "open-ai.eu", "field": "api__key.", "envKey": "OPEN_AI_EU_API_KEY",
            "normalized": "profile://open-ai.eu#api__key.",
        }]}),
    );
    taken(
        "vault://KV/a.b/c-d/E#F_g",
        &json!({"vault": [{"mount": "KV", "path": "a.b/c-d/E", "field": "F_g", "ref": "vault://KV/a.b/c-d/E#F_g"}]}),
    );
}

#[test]
fn what_is_not_whole_is_refused() {
    for text in ["${A} ", "${A}b", "a${A}", "${A}${B}", " ${A}", "x ${", " vault://a/b#c", " profile://a#b"] {
        refused(text, "REFERENCE_NOT_WHOLE");
    }
}

#[test]
fn variables_have_names() {
    for text in ["${}", "${1A}", "${A-B}", "${A:-x}", "${root.path}", "${A", "${ A }", "${ä}", "${A$}"] {
        refused(text, "ENV_REF_MALFORMED");
    }
}

#[test]
fn schemes_are_in_lower_case() {
    for text in ["VAULT://a/b#c", "Vault://a/b#c", "PROFILE://a#b", " Profile://a#b", "vAult://"] {
        refused(text, "REFERENCE_SCHEME_CASE");
    }
}

#[test]
fn profiles_are_a_provider_and_a_field() {
    for text in [
        "profile://",
        "profile://a",
        "profile://a#",
        "profile://#b",
        "profile://a/x#b",
        "profile://a?q#b",
        "profile://a#b#c",
    ] {
        refused(text, "PROFILE_REF_MALFORMED");
    }
    for text in
        ["profile://a b#c", "profile://ä#c", "profile://a#b c", "profile://a#b ", "profile://-#b", "profile://..#b"]
    {
        refused(text, "PROFILE_REF_CHARSET");
    }
    refused(&format!("profile://{}#b", "a".repeat(129)), "PROFILE_REF_CHARSET");
}

#[test]
fn vaults_are_a_mount_a_path_and_a_field() {
    for text in [
        "vault://",
        "vault://a",
        "vault://a/b",
        "vault://a/b#",
        "vault://a#c",
        "vault:///b#c",
        "vault://a/#c",
        "vault://a//b#c",
        "vault://a/b/#c",
        "vault://a/b?version=2#c",
        "vault://a/b#c?x",
        "vault://a/b#c#d",
        "vault://a/b#c/d",
    ] {
        refused(text, "VAULT_REF_MALFORMED");
    }
    for text in ["vault://a/./b#c", "vault://a/../b#c", "vault://../b#c", "vault://a/b#..", "vault://a/..#c"] {
        refused(text, "VAULT_REF_TRAVERSAL");
    }
    for text in [
        "vault://a b/c#d",
        "vault://a/b c#d",
        "vault://a/b%2e#d",
        "vault://a/ä#d",
        "vault://a/b#c d",
        "vault://u:p@a/b#c",
    ] {
        refused(text, "VAULT_REF_CHARSET");
    }
}

#[test]
fn each_is_collected_once_in_the_order_of_the_document() {
    let text = connection(
        "{a: '${B}', b: 'profile://X#y', c: '${A}', d: ['${B}', 'profile://x#Y', 'vault://m/p#f', 'vault://M/p#f', 'vault://m/p#f']}",
    );
    let refs = json!(validate(&text).unwrap().secret_refs());
    assert_eq!(refs["environment"], json!([{"name": "B"}, {"name": "A"}]));
    assert_eq!(refs["profile"].as_array().unwrap().len(), 1);
    assert_eq!(refs["vault"].as_array().unwrap().len(), 2);
}

#[test]
fn two_references_for_one_name_are_refused() {
    let text = connection("{a: 'profile://open-ai#key', b: 'profile://open_ai#key'}");
    check(&text, &["ENV_KEY_COLLISION /vectorStore/connection/b"]);
    let text = connection("{a: 'profile://a#b-c', b: 'profile://a-b#c'}");
    check(&text, &["ENV_KEY_COLLISION /vectorStore/connection/b"]);
    // The worker gets both as variables.
    let text = connection("{a: 'profile://open-ai#key', b: '${OPEN_AI_KEY}'}");
    check(&text, &["ENV_KEY_COLLISION /vectorStore/connection/b"]);
}

#[test]
fn a_manifest_without_references_says_nothing_of_them() {
    let body = json!({"manifest": {"name": "notes", "source": {"kind": "inline", "content": crate::support::MINIMAL}}});
    let request = JobRequest::from_value(&body).unwrap();
    let Source::Inline { content } = request.source().clone() else { panic!("{request:?}") };
    let job = request.resolve(content.validate().unwrap()).unwrap();
    assert!(job.payload().get("manifestSecretRefs").is_none());
    assert!(job.secret_refs().is_empty());
}
