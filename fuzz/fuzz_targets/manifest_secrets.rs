//! A token in any place of any text: the manifest is refused, and no piece of the token is told.

#![no_main]

use jct_manifest::{RawManifest, ViolationCode};
use libfuzzer_sys::fuzz_target;

/// Where a text has this, the token is put.
const PLACE: char = '§';
const RANDOM: &str = "k7Qz2mVx9RtB4nLp8WdC3sJf6HgY1aEu5oXw";

fuzz_target!(|text: &str| {
    // A token begins and ends where a word does.
    let mut parts: Vec<&str> = text.split(PLACE).collect();
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let touches = |pair: &[&str]| pair[0].ends_with(is_word) || pair[1].starts_with(is_word);
    if parts.len() < 2 || parts.windows(2).any(touches) || text.len() > 100_000 {
        return;
    }
    parts.truncate(20);
    let text = parts.join(&format!("ghp_{RANDOM}"));
    let refused = RawManifest::new(text.into_bytes()).validate().expect_err("a token is refused");
    let is_told = refused.has(ViolationCode::RawSecret) || refused.has(ViolationCode::TooManyViolations);
    assert!(is_told, "the token is the reason");
    let said = format!("{refused} {refused:?}");
    for start in 0..=RANDOM.len() - 10 {
        assert!(!said.contains(&RANDOM[start..start + 10]), "a piece of the token is told");
    }
});
