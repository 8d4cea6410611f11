//! What a secret looks like by itself, without the key before it.

use std::sync::LazyLock;

use jct_evidence::scan::Scanner;

use super::{assignment, url};

/// What stands where a key looked like a secret.
pub(crate) const MASK: &str = jct_evidence::scan::MARKER;

/// The one scanner of the tower: it knows what tokens look like.
pub(super) static SCANNER: LazyLock<Scanner> = LazyLock::new(Scanner::new);

/// A shorter stretch of letters and digits is not looked at for being random.
const LEAST_BLOB: usize = 32;
/// Least entropy of a random stretch, in bits for each character; Base64 of that length has more than four.
const BLOB_ENTROPY: f64 = 4.0;
/// More of a random stretch is not needed to say that it is random.
const MOST_BLOB: usize = 256;
/// Longest label of a block of Base64, in characters.
const MOST_LABEL_CHARS: usize = 64;
/// Least length of a token behind `Bearer`.
const LEAST_BEARER: usize = 16;

/// The rule by which a text looks like a secret, if it does.
pub(crate) fn rule_of(text: &str) -> Option<&'static str> {
    rule_without_blobs(text).or_else(|| has_blob(text).then_some("random-text"))
}

/// The same for a text that may be random, such as the identifier of a folder.
pub(super) fn rule_without_blobs(text: &str) -> Option<&'static str> {
    if let Some(found) = SCANNER.scan(text.as_bytes()).first() {
        return Some(found.rule);
    }
    if has_private_key(text) {
        Some("private-key")
    } else if url::has_credential(text) {
        Some("url-credential")
    } else if has_bearer(text) {
        Some("bearer-token")
    } else if assignment::is_there(text) {
        Some("assigned-secret")
    } else {
        None
    }
}

/// The beginning of a private key, whether or not a key follows.
fn has_private_key(text: &str) -> bool {
    text.match_indices("-----BEGIN ").any(|(at, begin)| {
        let label = text.get(at + begin.len()..).unwrap_or_default();
        let label: String = label.chars().take(MOST_LABEL_CHARS).take_while(|character| *character != '-').collect();
        label.contains("PRIVATE KEY")
    })
}

fn has_bearer(text: &str) -> bool {
    let mut words = text.split_ascii_whitespace().peekable();
    while let Some(word) = words.next() {
        let scheme = word.trim_start_matches(['"', '\'', '(']);
        let is_scheme = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("basic");
        if is_scheme && words.peek().is_some_and(|token| is_bearer_token(token)) {
            return true;
        }
    }
    false
}

fn is_bearer_token(token: &str) -> bool {
    let token = token.trim_end_matches(['"', '\'', ')', ',', '.']);
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_.~-".contains(&byte);
    token.len() >= LEAST_BEARER && token.bytes().all(inner) && token.bytes().any(|byte| byte.is_ascii_digit())
}

fn stretches(text: &str) -> impl Iterator<Item = &str> {
    let inner = |character: char| character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=' | '_' | '-');
    text.split(move |character: char| !inner(character)).filter(|part| part.len() >= LEAST_BLOB)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A long random stretch. Hexadecimal digits are none: digests and commits are of them.
fn has_blob(text: &str) -> bool {
    // Line breaks inside of Base64 do not hide it.
    let unbroken: String = text.chars().filter(|character| !matches!(character, '\n' | '\r')).collect();
    let is_blob = |part: &str| !is_hex(part) && entropy(part) >= BLOB_ENTROPY && is_random(part);
    stretches(text).any(is_blob) || (unbroken.len() < text.len() && stretches(&unbroken).any(is_blob))
}

/// A long stretch of hexadecimal digits, which is suspicious among credentials.
pub(super) fn has_hex(text: &str) -> bool {
    stretches(text).any(is_hex)
}

/// Whether the tower's scanner would take it for a secret if its name were one: no words, no folder, no UUID, no
/// stand-in.
fn is_random(part: &str) -> bool {
    let part = part.get(..MOST_BLOB).unwrap_or(part);
    !SCANNER.scan(format!("secret = \"{part}\"").as_bytes()).is_empty()
}

/// Shannon entropy in bits for each character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count = count.saturating_add(1);
        }
    }
    let length = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let parts = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length);
    parts.map(|part| -part * part.log2()).sum()
}
