//! Which keys promise a secret, however they are spelt: `api_key`, `apiKey`, `API-Key`, `githubToken`.

/// Words that make a key sensitive wherever they stand in it.
const CORES: [&str; 8] =
    ["password", "passwd", "passphrase", "secret", "credential", "credentials", "passwort", "apikey"];
/// Ends of a key that make it sensitive.
const ENDS: [&str; 16] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "credential",
    "credentials",
    "authorization",
    "cookie",
];
/// What a key may name about a secret without being one, as its last word.
const DESCRIPTORS: [&str; 30] = [
    "url", "uri", "endpoint", "name", "names", "file", "path", "dir", "id", "ids", "type", "kind", "policy", "length",
    "count", "limit", "ttl", "expiry", "header", "field", "env", "engine", "mount", "manager", "provider", "store",
    "rotation", "required", "ref", "refs",
];
/// Last words that say nothing about what is there.
const FILLERS: [&str; 9] = ["value", "text", "string", "raw", "plain", "base64", "b64", "hash", "prod"];
/// What stands before `key` when it is no secret.
const HARMLESS_KEYS: [&str; 30] = [
    "space",
    "primary",
    "foreign",
    "sort",
    "partition",
    "public",
    "cache",
    "idempotency",
    "index",
    "document",
    "doc",
    "group",
    "routing",
    "metadata",
    "field",
    "map",
    "unique",
    "row",
    "column",
    "object",
    "project",
    "issue",
    "order",
    "range",
    "join",
    "dedup",
    "env",
    "hash",
    "chunk",
    "payload",
];
/// What stands before `token` when it is a piece of text.
const COUNTED_TOKENS: [&str; 10] = ["max", "min", "num", "stop", "pad", "eos", "bos", "unk", "mask", "per"];

/// Words of a key in lower case: split at capitals and at everything that is no letter or digit; digits at the end of a
/// word are cut off.
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut last_is_lower = false;
    let characters: Vec<char> = key.chars().collect();
    for (index, character) in characters.iter().enumerate() {
        let next_is_lower = characters.get(index + 1).is_some_and(|next| next.is_lowercase());
        let begins = character.is_uppercase() && (last_is_lower || (next_is_lower && !word.is_empty()));
        if begins || !character.is_alphanumeric() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        last_is_lower = character.is_lowercase() || character.is_numeric();
    }
    words.push(word);
    let trimmed = words.into_iter().map(|word| word.trim_end_matches(|last: char| last.is_ascii_digit()).to_owned());
    trimmed.filter(|word| !word.is_empty()).collect()
}

/// Where a key stands, as far as it changes what the key promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// Below `auth`, `connection` or the like: even a bare `key` is one.
    Credentials,
    /// Below `transforms`: a token is a piece of text.
    Text,
    /// Everywhere else.
    Plain,
}

/// Whether only a reference may stand under this key.
pub(super) fn is_sensitive(key: &str, surroundings: Surroundings) -> bool {
    let mut words = words(key);
    while words.len() > 1 && words.last().is_some_and(|word| FILLERS.contains(&word.as_str())) {
        words.pop();
    }
    let joined = words.concat();
    let (last, before) = match words.as_slice() {
        [] => return false,
        [last] => (last.as_str(), None),
        [.., before, last] => (last.as_str(), Some(before.as_str())),
    };
    if DESCRIPTORS.contains(&last) {
        return false;
    }
    if last == "token" && before.is_some_and(|before| COUNTED_TOKENS.contains(&before)) {
        return false;
    }
    if last.ends_with("token") {
        return surroundings != Surroundings::Text;
    }
    match (last, before) {
        ("key", Some(before)) => return !HARMLESS_KEYS.contains(&before),
        ("key" | "pass" | "pat" | "pin" | "jwt" | "bearer" | "sas", None) => {
            return surroundings == Surroundings::Credentials;
        }
        ("pass" | "pat" | "jwt" | "bearer" | "passcode", Some(_)) => return true,
        ("tokens", Some(before)) => return matches!(before, "access" | "api" | "auth" | "bearer" | "refresh"),
        _ => {}
    }
    ENDS.iter().any(|end| joined.ends_with(end)) || words.iter().any(|word| CORES.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, surroundings: Surroundings, expected: bool) {
        assert_eq!(is_sensitive(key, surroundings), expected, "{key} in {surroundings:?}: {:?}", words(key));
    }

    #[test]
    fn every_spelling_of_a_secret_is_seen() {
        for key in [
            "api_key",
            "apikey",
            "apiKey",
            "API-KEY",
            "APIKey",
            "access_key",
            "accessKey",
            "client_secret",
            "clientSecret",
            "secret",
            "secret_key",
            "private_key",
            "password",
            "Password",
            "dbPassword",
            "password2",
            "passwordProd",
            "password_main",
            "passwd",
            "token",
            "githubToken",
            "auth_token",
            "bearer_token",
            "tokenValue",
            "secretValue",
            "credentials",
            "awsSecretAccessKey",
            "signingKey",
            "githubPat",
            "accesstoken",
            "db.password",
            "accessTokens",
            "Authorization",
            "userPass",
        ] {
            check(key, Surroundings::Plain, true);
        }
    }

    #[test]
    fn other_keys_are_left_alone() {
        for key in [
            "",
            "spaceKey",
            "space_key",
            "primaryKey",
            "key",
            "maxTokens",
            "max_token",
            "stopToken",
            "tokens",
            "tokenizer",
            "tokenUrl",
            "secretName",
            "passwordFile",
            "serviceAccountKeyPath",
            "type",
            "splitter",
            "keyword",
            "monkey",
            "model",
            "folderId",
            "host",
            "secretary",
            "compass",
            "author",
        ] {
            check(key, Surroundings::Plain, false);
        }
    }

    #[test]
    fn surroundings_decide_about_the_ambiguous() {
        check("token", Surroundings::Text, false);
        check("password", Surroundings::Text, true);
        check("key", Surroundings::Credentials, true);
        check("pass", Surroundings::Credentials, true);
        check("pass", Surroundings::Plain, false);
    }
}
