//! What holds for every manifest: one answer, no panic, and no piece of a secret in anything that is said.

use jct_manifest::{JobRequest, RawManifest, ViolationCode};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{FULL, GOLDEN, MINIMAL, random, validate};

/// Pieces of YAML that tend to go wrong together.
const PIECES: [&str; 44] = [
    "version",
    "v0",
    "metadata",
    "name",
    "notes",
    ": ",
    ":",
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "\"",
    "'",
    "&a ",
    "*a",
    "!!str ",
    "!!binary ",
    "<<",
    "? ",
    "|",
    ">",
    "# ",
    "---",
    "...",
    "%YAML 1.2\n",
    "~",
    ".nan",
    "0x1F",
    "1e9",
    "token",
    "${A}",
    "vault://a/b#c",
    "profile://a#b",
    "://u:p@h",
    "\\x67",
    "\t",
    "\r",
    "\u{feff}",
    "\u{0}",
];

fn yaml() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60).prop_map(|pieces| pieces.concat())
}

/// A valid manifest with one stretch of it replaced.
fn damaged() -> impl Strategy<Value = String> {
    let texts = prop::sample::select(vec![GOLDEN, FULL, MINIMAL]);
    (texts, any::<prop::sample::Index>(), 0..12_usize, yaml()).prop_map(|(text, at, length, piece)| {
        let characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        let end = (at + length).min(characters.len());
        let (before, after) = (&characters[..at], &characters[end..]);
        before.iter().collect::<String>() + &piece + &after.iter().collect::<String>()
    })
}

/// Random letters and digits of both cases, long enough to be a token.
fn secret() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select((b'a'..=b'z').chain(b'A'..=b'Z').chain(b'0'..=b'9').collect::<Vec<_>>()),
        40,
    )
    .prop_map(|bytes| String::from_utf8(bytes).unwrap())
}

fn assert_silent(said: &str, secret: &str) {
    for start in 0..=secret.len() - 10 {
        assert!(!said.contains(&secret[start..start + 10]), "{said}");
    }
}

/// A valid manifest with a mark wherever people write what they like.
fn marked([comment, description, owner, folder, tag]: &[String; 5]) -> String {
    format!(
        "# {comment}\nversion: v0\nmetadata:\n  name: notes\n  description: {description}\n  owner: {owner}\n  tags: [{tag}]\n\
         embeddings:\n  provider: ollama\n  model: tiny\nvectorStore:\n  type: qdrant\ndataSources:\n  - id: disk # {comment}\n    \
         type: SimpleDirectoryReader\n    params:\n      inputDir: {folder}\n"
    )
}

/// Where a secret may hide, `§` standing for it.
const PLACES: [&str; 12] = [
    "vectorStore:\n  type: qdrant\n  connection:\n    password: §\n",
    "# ghp_§\n",
    "ghp_§: x\n",
    "metadata: {name: ghp_§, ghp_§: {ghp_§: 1}}\n",
    "version: \"ghp_\\\n  §\"\n",
    "run: {dryRun: ghp_§}\n",
    "dataSources: [{id: ghp_§, type: ghp_§, auth: {token: §}}]\n",
    "embeddings: {provider: ghp_§, model: 'https://ghp_§@git.internal/x'}\n",
    "indices: [{id: a, type: VectorStoreIndex, sources: [ghp_§]}]\n",
    "llm: &ghp_§ x\nrun: *ghp_§\n",
    "llm: !ghp_§ x\n",
    "llm: [ghp_§\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_answered_and_always_alike(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let answer = RawManifest::new(bytes.clone()).validate();
        prop_assert_eq!(&answer, &RawManifest::new(bytes).validate());
        if let Err(refused) = answer {
            prop_assert!(!refused.as_slice().is_empty());
        }
    }

    #[test]
    fn any_yaml_is_answered_and_always_alike(text in prop_oneof![yaml(), damaged()]) {
        let answer = validate(&text);
        prop_assert_eq!(&answer, &validate(&text));
        if let Err(refused) = &answer {
            prop_assert!(!refused.as_slice().is_empty());
            for violation in refused {
                prop_assert!(violation.pointer.is_empty() || violation.pointer.starts_with('/'));
            }
        }
        if let Ok(manifest) = answer {
            prop_assert_eq!(manifest.raw().bytes(), text.as_bytes());
            prop_assert_eq!(manifest.capabilities().as_slice()[0].as_str(), "manifest");
        }
    }

    #[test]
    fn any_request_is_answered_by_both_doors_alike(
        kind in "inline|registry|path|repo|x", text in yaml(), flag in any::<bool>(), number in any::<i64>(),
    ) {
        let body = json!({"manifest": {
            "name": "notes", "source": {"kind": kind, "content": text, "path": text, "repo": text},
            "options": {"dryRun": flag, "maxDocs": number},
        }});
        prop_assert_eq!(JobRequest::parse(body.to_string().as_bytes()), JobRequest::from_value(&body));
        let _ = JobRequest::parse(text.as_bytes());
    }

    #[test]
    fn no_piece_of_a_secret_is_ever_said(secret in secret(), place in prop::sample::select(&PLACES[..])) {
        let text = format!("{MINIMAL}{}", place.replace('§', &secret));
        let refused = validate(&text).unwrap_err();
        let said = format!("{refused} {refused:?} {}", serde_json::to_string(&refused).unwrap());
        assert_silent(&said, &secret);
        let body = json!({"manifest": {"name": "notes", "source": {"kind": "inline", "content": text}}});
        let request = JobRequest::from_value(&body).unwrap();
        assert_silent(&format!("{request:?}"), &secret);
    }

    #[test]
    fn a_token_between_any_pieces_is_refused_and_never_told(before in prop_oneof![yaml(), damaged()], after in yaml()) {
        let token = random(36);
        let refused = validate(&format!("{before} ghp_{token} {after}")).unwrap_err();
        prop_assert!(refused.has(ViolationCode::RawSecret) || refused.has(ViolationCode::TooManyViolations), "{refused}");
        assert_silent(&format!("{refused} {refused:?}"), &token);
    }

    #[test]
    fn no_piece_of_the_content_is_in_the_payload(
        marks in prop::array::uniform5("[g-z]{16}"), action in "plan|run", source in "inline|registry|path|repo",
    ) {
        let text = marked(&marks);
        let source = match source.as_str() {
            "inline" => json!({"kind": "inline", "content": text}),
            "registry" => json!({"kind": "registry"}),
            "path" => json!({"kind": "path", "path": "a.yaml"}),
            _ => json!({"kind": "repo", "repo": "o/r", "path": "a.yaml"}),
        };
        let body = json!({"manifest": {"name": "notes", "action": action, "source": source}});
        let request = JobRequest::from_value(&body).unwrap();
        let told = format!("{request:?}");
        let job = request.resolve(validate(&text).unwrap()).unwrap();
        let told = format!("{told} {}", job.payload());
        for mark in &marks {
            for start in 0..=mark.len() - 8 {
                prop_assert!(!told.contains(&mark[start..start + 8]), "{} of {}", mark, told);
            }
        }
    }

    #[test]
    fn the_payload_is_derived_always_alike_and_without_content(
        dry_run in any::<Option<bool>>(), force_full in any::<Option<bool>>(), max_docs in prop::option::of(1..=1_000_000_000_u32),
    ) {
        let body = json!({"manifest": {
            "name": "harbor-full", "source": {"kind": "inline", "content": FULL},
            "options": {"dryRun": dry_run, "forceFull": force_full, "maxDocs": max_docs},
        }});
        let job = || JobRequest::from_value(&body).unwrap().resolve(validate(FULL).unwrap()).unwrap();
        let payload = job().payload().to_string();
        prop_assert_eq!(&payload, &job().payload().to_string());
        for line in FULL.lines().filter(|line| line.trim().len() >= 20 && !line.contains("vault://")) {
            prop_assert!(!payload.contains(line.trim()), "{}", line);
        }
        prop_assert_eq!(job().run_config().max_docs, max_docs.or(Some(1000)));
        prop_assert_eq!(job().run_config().dry_run, dry_run.or(Some(false)));
    }
}
