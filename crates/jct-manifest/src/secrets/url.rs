//! Passwords and tokens inside addresses: `postgres://user:password@host`, `https://token@host`, `?access_token=`.

use super::assignment::is_stand_in;
use super::keys::{Surroundings, is_sensitive};

/// Schemes in which a user by itself is a credential: nobody logs in to a web page as a user without a password.
const TOKEN_SCHEMES: [&str; 2] = ["http", "https"];

/// Whether any address in the text carries a credential. An address ends where the next one begins, so that the time is
/// linear in the text.
pub(super) fn has_credential(text: &str) -> bool {
    let mut parts = text.split("://");
    let mut before = parts.next().unwrap_or_default();
    parts.any(|after| {
        let scheme = before.rsplit(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default();
        let end = |character: char| character.is_whitespace() || matches!(character, '"' | '\'' | '`');
        let address = after.split(end).next().unwrap_or_default();
        before = after;
        in_authority(scheme, address) || in_query(address)
    })
}

fn in_authority(scheme: &str, rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A password may contain a slash or the like that somebody forgot to encode; the last `@` of the whole decides then.
    let Some((user_info, _)) = authority.rsplit_once('@').or_else(|| unencoded(rest)) else { return false };
    match user_info.split_once(':') {
        Some((_, password)) => !password.is_empty() && !is_stand_in(password),
        None => {
            let is_web = TOKEN_SCHEMES.iter().any(|web| scheme.eq_ignore_ascii_case(web));
            is_web && !user_info.is_empty() && !is_stand_in(user_info)
        }
    }
}

/// `user:pa/ss@host`: user and password, if a colon comes before the first slash and the colon is not that of a port.
fn unencoded(rest: &str) -> Option<(&str, &str)> {
    let (user_info, host) = rest.rsplit_once('@')?;
    let (_, password) = user_info.split_once(':')?;
    let is_port =
        password.split(['/', '?', '#']).next().is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let before_slash = user_info.find(':') < user_info.find(['/', '?', '#']);
    (before_slash && !is_port).then_some((user_info, host))
}

fn in_query(rest: &str) -> bool {
    let Some((_, query)) = rest.split_once(['?', '#']) else { return false };
    query.split(['&', ';', '#', '?']).filter_map(|pair| pair.split_once('=')).any(|(name, value)| {
        let is_named = is_sensitive(name, Surroundings::Credentials) || matches!(name, "sig" | "auth");
        is_named && !value.is_empty() && !is_stand_in(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_addresses_are_seen() {
        for text in [
            "postgres://app:hunter2@db.internal/app",
            "postgresql+asyncpg://app:p@db",
            "see amqp://u:pw@mq:5672/ for more",
            "https://x-access-token:abc@github.com/a/b",
            "https://abcdef@github.com/a/b",
            "redis://:hunter2@cache:6379/0",
            "postgres://app:hun/ter2@db/app",
            "https://host/x?access_token=abc",
            "https://host/x?a=b&api_key=abc",
            "https://host/x#token=abc",
            "https://account.blob/x?sig=abc",
            "POSTGRES://postgres:postgres@localhost/db",
        ] {
            assert!(has_credential(text), "{text}");
        }
    }

    #[test]
    fn addresses_without_are_left_alone() {
        for text in [
            "https://host.example/path?page=2&q=token",
            "http://host:8080/a@b",
            "ssh://git@host/repo",
            "postgres://db:5432/app",
            "postgres://app@db/app",
            "postgres://app:<password>@db/app",
            "postgres://app:***@db/app",
            "profile://Confluence#API-Token",
            "://",
            "nothing",
            "mail a@b.c: x",
        ] {
            assert!(!has_credential(text), "{text}");
        }
    }
}
