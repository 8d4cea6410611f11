//! `jct audit` as its users meet it: without a tower, on a database in an empty folder, and on files that somebody
//! changed.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{checked, jct};

struct Place(tempfile::TempDir);

impl Place {
    /// A folder whose log has the chains of two keys, sealed twice.
    fn sealed() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        for name in ["ci", "ada"] {
            place.run(0, &["keys", "create", name, "--kind", "agent", "--all-scopes"]);
            place.run(0, &["keys", "revoke", name]);
            place.run(0, &["audit", "checkpoint"]);
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    fn run(&self, expect: i32, arguments: &[&str]) -> String {
        checked(&jct(self.0.path(), arguments).output().expect("run"), expect, arguments)
    }

    #[track_caller]
    fn json(&self, expect: i32, arguments: &[&str]) -> Value {
        let text = self.run(expect, &[&["--json"], arguments].concat());
        serde_json::from_str(&text).expect("JSON")
    }

    /// The exported log with its lines changed, written anew.
    fn bundle(&self, change: impl FnOnce(&mut Vec<String>)) -> String {
        let file = self.path("audit.jsonl");
        let out = file.to_str().expect("a path").to_owned();
        self.run(0, &["audit", "export", "--out", &out]);
        let mut lines: Vec<String> = fs::read_to_string(&file).expect("written").lines().map(str::to_owned).collect();
        change(&mut lines);
        fs::write(&file, lines.join("\n") + "\n").expect("written");
        out
    }

    /// Verifies an exported log against the checkpoint file.
    #[track_caller]
    fn verify(&self, expect: i32, bundle: &str) -> Value {
        let copy = self.path(".jct/audit-checkpoints.jsonl");
        self.json(expect, &["audit", "verify", "--bundle", bundle, "--checkpoints", copy.to_str().expect("a path")])
    }
}

/// The places of the entries of one key.
fn entries_of(lines: &[String], name: &str) -> Vec<usize> {
    let about = format!(r#""entity_id":"{name}""#);
    let entry = |line: &&(usize, &String)| line.1.contains(r#""type":"entry""#) && line.1.contains(&about);
    lines.iter().enumerate().collect::<Vec<_>>().iter().filter(entry).map(|(place, _)| *place).collect()
}

#[test]
fn a_sealed_log_is_intact_and_a_newer_entry_is_not_yet_anchored() {
    let place = Place::sealed();
    let text = place.run(0, &["audit", "verify"]);
    assert!(text.starts_with("intact: "), "{text}");
    let report = place.json(0, &["audit", "verify"]);
    assert_eq!((report["verdict"].as_str(), report["checkpoints"].as_u64()), (Some("intact"), Some(2)));
    assert_eq!(report["findings"], Value::Array(Vec::new()));
    place.run(0, &["keys", "create", "late", "--kind", "agent", "--all-scopes"]);
    assert_eq!(place.json(10, &["audit", "verify"])["uncovered"], 1);
    place.run(0, &["audit", "checkpoint"]);
    place.run(0, &["audit", "verify"]);
    assert_eq!(place.run(0, &["audit", "checkpoint"]), "nothing new since checkpoint 3\n");
    fs::remove_file(place.path(".jct/audit-checkpoints.jsonl")).expect("removed");
    assert_eq!(place.json(10, &["audit", "verify"])["outside_copy"], false);
}

#[test]
fn each_way_to_change_an_exported_log_has_its_exit_code() {
    let place = Place::sealed();
    let whole = place.bundle(|_| {});
    assert_eq!(place.verify(0, &whole)["verdict"], "intact");
    assert_eq!(place.json(10, &["audit", "verify", "--bundle", &whole])["verdict"], "not_yet_anchored");

    let altered = place.bundle(|lines| {
        let entry = entries_of(lines, "ci")[1];
        lines[entry] = lines[entry].replace("operator", "somebody");
    });
    let report = place.verify(11, &altered);
    assert_eq!(report["findings"][0]["problem"], "content_changed", "{report}");
    assert_eq!(
        (&report["findings"][0]["subject"]["entity_id"], &report["findings"][0]["subject"]["seq"]),
        (&"ci".into(), &2.into())
    );

    let reordered = place.bundle(|lines| {
        let entries = entries_of(lines, "ci");
        lines.swap(entries[0], entries[1]);
    });
    assert_eq!(place.verify(12, &reordered)["verdict"], "reordered");

    let truncated = place.bundle(|lines| {
        let entry = entries_of(lines, "ci")[1];
        lines.remove(entry);
    });
    assert_eq!(place.verify(13, &truncated)["findings"][0]["problem"], "tail_missing");

    let forged = place.bundle(|lines| {
        let checkpoint = lines.iter().position(|line| line.contains("number 1")).expect("a checkpoint");
        lines[checkpoint] = lines[checkpoint].replace("entries ", "entries 1");
    });
    assert_eq!(place.verify(14, &forged)["verdict"], "checkpoint_broken");

    fs::write(place.path("nonsense"), "{}\n").expect("written");
    place.run(11, &["audit", "verify", "--bundle", "nonsense"]);
    place.run(8, &["audit", "verify", "--bundle", "nowhere"]);
    place.run(14, &["audit", "verify", "--checkpoints", "nonsense"]);
}

#[test]
fn the_key_is_shown_pinned_and_changed() {
    let place = Place::sealed();
    let key = place.json(0, &["audit", "key", "show"])["keys"][0]["public_key"].as_str().expect("a key").to_owned();
    fs::write(place.path("tower.pub"), &key).expect("written");
    assert_eq!(place.json(0, &["audit", "verify", "--public-key", "tower.pub"])["key_pinned"], true);
    place.run(14, &["audit", "verify", "--public-key", "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]);
    place.run(2, &["audit", "verify", "--public-key", "ed25519:nothing"]);
    let next = place.json(0, &["audit", "key", "rotate"])["public_key"].clone();
    assert_ne!(next, key);
    let shown = place.json(0, &["audit", "key", "show"]);
    assert_eq!((shown["keys"].as_array().map(Vec::len), &shown["keys"][1]["public_key"]), (Some(2), &next));
    place.run(0, &["audit", "verify", "--public-key", &key]);
    place.run(0, &["audit", "verify", "--public-key", next.as_str().expect("a key")]);
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::sealed();
    fs::set_permissions(place.path(".jct/audit.key"), fs::Permissions::from_mode(0o644)).expect("changed");
    let output = jct(place.0.path(), &["audit", "checkpoint"]).output().expect("run");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), text.contains("chmod 600")), (Some(8), true), "{text}");
}

#[test]
fn entries_are_shown_and_parts_exported() {
    let place = Place::sealed();
    let table = place.run(0, &["audit", "show", "api_key", "ci"]);
    assert!(table.contains("created") && table.contains("operator (human)"), "{table}");
    let entries = place.json(0, &["audit", "show", "api_key", "ci"]);
    assert_eq!(entries.as_array().map(Vec::len), Some(2));
    place.run(4, &["audit", "show", "api_key", "nobody"]);
    place.run(2, &["audit", "show", "ghost", "x"]);
    let part = place.run(0, &["audit", "export", "--entity", "api_key/ci"]);
    assert!(part.contains("\"ci\"") && !part.contains("\"ada\""), "{part}");
    fs::write(place.path("part.jsonl"), part).expect("written");
    place.verify(0, "part.jsonl");
    place.run(4, &["audit", "export", "--trace", "nothing"]);
    place.run(2, &["audit", "export", "--entity", "ci"]);
    let elsewhere = tempfile::tempdir().expect("a folder");
    checked(&jct(elsewhere.path(), &["audit", "verify"]).output().expect("run"), 4, &["audit", "verify"]);
    assert!(!elsewhere.path().join(".jct/jct.db").exists(), "looking makes nothing");
}
