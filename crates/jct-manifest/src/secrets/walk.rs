//! Looks at every key, value and comment, and at the raw text.

use std::ops::Range;

use jct_contract::door::Path;

use super::keys::{Surroundings, is_sensitive};
use super::shapes::{SCANNER, has_hex, rule_of, rule_without_blobs};
use crate::node::{Node, Value};
use crate::reference::Reference;
use crate::secret_refs::Collector;
use crate::violation::Found;
use crate::yaml::Comment;

const USE_A_REFERENCE: &str =
    "a secret must not be written out; use `${NAME}`, `profile://provider#field` or `vault://mount/path#field`";
const SENSITIVE_KEY: &str = "sensitive-key";

/// Mappings whose every member is about credentials.
const CREDENTIALS: [&str; 4] = ["auth", "connection", "credentials", "authentication"];
/// Fields that hold identifiers which others chose at random.
const RANDOM_IDS: [&str; 6] = ["folderId", "fileIds", "ref", "branch", "hash", "contentHash"];
/// What may describe a secret below its key: `token: {type: header}`.
const DESCRIBING_KEYS: [&str; 4] = ["type", "kind", "in", "scheme"];
const DESCRIBING_VALUES: [&str; 12] =
    ["header", "query", "cookie", "basic", "bearer", "oauth2", "apikey", "env", "vault", "profile", "string", "none"];

/// What the keys above a value say about it.
#[derive(Clone, Copy)]
struct Above {
    is_sensitive: bool,
    is_random_id: bool,
    is_prose: bool,
    is_request: bool,
    surroundings: Surroundings,
}

impl Above {
    const NOTHING: Self = Self {
        is_sensitive: false,
        is_random_id: false,
        is_prose: false,
        is_request: false,
        surroundings: Surroundings::Plain,
    };
}

/// Reports every secret in the tree, and every reference that breaks the grammar; collects the other references.
pub(crate) fn scan_tree(root: &Node, references: &mut Collector, found: &mut Found) {
    walk(root, Path::Root, Above::NOTHING, references, found);
}

fn walk(node: &Node, path: Path<'_>, above: Above, references: &mut Collector, found: &mut Found) {
    match &node.value {
        Value::Null | Value::Refused => {}
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {
            if above.is_sensitive {
                found.secret(path, node.line, SENSITIVE_KEY, USE_A_REFERENCE);
            }
        }
        Value::Text(text) => leaf(text, node.line, path, above, references, found),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, path.index(index), above, references, found);
            }
        }
        Value::Map(entries) => {
            for entry in entries.iter().filter(|entry| !(above.is_request && entry.key == "content")) {
                walk(&entry.value, path.name(&entry.key), below(&entry.key, &entry.value, above), references, found);
            }
        }
    }
}

/// The same for a request: the content of a manifest is left to the scan of the document, and nobody resolves what a
/// request refers to.
pub(crate) fn scan_request(root: &Node, found: &mut Found) {
    walk(root, Path::Root, Above { is_request: true, ..Above::NOTHING }, &mut Collector::default(), found);
}

/// What a key adds to what stands above it.
fn below(key: &str, value: &Node, above: Above) -> Above {
    let surroundings = match above.surroundings {
        Surroundings::Plain if CREDENTIALS.contains(&key) => Surroundings::Credentials,
        Surroundings::Plain if key == "transforms" => Surroundings::Text,
        inherited => inherited,
    };
    let describes = DESCRIBING_KEYS.contains(&key)
        && matches!(&value.value, Value::Text(text) if DESCRIBING_VALUES.contains(&text.as_str()));
    // `credentials` and `auth` hold members with names of their own, which say what is secret.
    let is_container = matches!(value.value, Value::Map(_)) && CREDENTIALS.contains(&key);
    Above {
        is_sensitive: (above.is_sensitive && !describes) || (!is_container && is_sensitive(key, above.surroundings)),
        is_random_id: RANDOM_IDS.contains(&key) || above.is_random_id,
        is_prose: key == "description",
        is_request: above.is_request,
        surroundings,
    }
}

fn leaf(text: &str, line: u32, path: Path<'_>, above: Above, references: &mut Collector, found: &mut Found) {
    let shape = || if above.is_random_id { rule_without_blobs(text) } else { rule_of(text) };
    match Reference::of_value(text, above.is_prose) {
        Some(Ok(reference)) => {
            // The grammar leaves room for a token: `vault://kv/<token>#x`.
            match SCANNER.scan(text.as_bytes()).first() {
                Some(secret) => found.secret(path, line, secret.rule, USE_A_REFERENCE),
                None => references.take(reference, path, line, found),
            }
            return;
        }
        Some(Err((code, message))) => found.report(path, line, code, message),
        None if above.is_sensitive && !text.trim().is_empty() => {
            found.secret(path, line, SENSITIVE_KEY, USE_A_REFERENCE);
            return;
        }
        None => {}
    }
    if let Some(rule) = shape() {
        found.secret(path, line, rule, USE_A_REFERENCE);
    } else if above.surroundings == Surroundings::Credentials && !above.is_random_id && has_hex(text) {
        found.secret(path, line, "random-hex", USE_A_REFERENCE);
    }
}

/// Reports every secret in a comment.
pub(crate) fn scan_comments(comments: &[Comment], found: &mut Found) {
    for comment in comments {
        if let Some(rule) = rule_of(&comment.text) {
            found.secret(Path::Root, comment.line, rule, "a comment holds what looks like a secret");
        }
    }
}

/// Reports every secret in the raw text that no other walk reported in its line.
pub(crate) fn scan_raw(text: &str, found: &mut Found) {
    let matches = SCANNER.scan(text.as_bytes());
    if matches.is_empty() {
        return;
    }
    let references = references_in(text);
    for secret in matches {
        let line = u32::try_from(secret.line).unwrap_or(u32::MAX);
        let is_reference = secret.rule.starts_with("assigned-")
            && references.iter().any(|range| range.start <= secret.range.start && secret.range.end <= range.end);
        if !is_reference && !found.has_secret_in(line) {
            found.secret(Path::Root, line, secret.rule, "the text holds what looks like a secret");
        }
    }
}

/// Where whole references stand; what only looks like the value of `token: ...` because of them is none.
fn references_in(text: &str) -> Vec<Range<usize>> {
    let end = |character: char| {
        !(character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-' | '/' | '#' | ':'))
    };
    let starts = ["profile://", "vault://"].into_iter().flat_map(|scheme| text.match_indices(scheme));
    let ranges = starts.filter_map(|(at, _)| {
        let rest = text.get(at..)?;
        let reference = rest.split(end).next()?;
        matches!(Reference::of_value(reference, false), Some(Ok(_))).then(|| at..at + reference.len())
    });
    ranges.collect()
}
