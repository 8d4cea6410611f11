//! Applies the rules, and the values that the caller knows to be secret.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use regex::bytes::{Captures, Regex, RegexBuilder};

use super::finding::{Fingerprint, SecretFinding, SecretMatch, SecretPlace};
use super::key_block::block;
use super::plausible::{is_harmless_name, is_no_real_host, is_placeholder, is_random, is_well_known};
use super::rules::{Guard, Rule, possible};

/// What stands where a secret was.
pub const MARKER: &str = "[secret removed]";
/// A shorter value would be found in ordinary text.
const LEAST_VALUE_BYTES: usize = 8;
const KNOWN_VALUE: &str = "known-value";

/// Finds secrets. Cheap to clone; its `Debug` form hides the values it was given.
#[derive(Clone, Default)]
pub struct Scanner {
    known: Option<Regex>,
}

impl Scanner {
    /// Finds what has the shape of a secret.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Finds these values too, wherever they stand: the secrets that the caller itself holds. Values shorter than 8
    /// bytes are left out, because ordinary text contains them.
    #[must_use]
    pub fn with_values<'v>(self, values: impl IntoIterator<Item = &'v str>) -> Self {
        let mut values: Vec<_> = values.into_iter().filter(|value| value.len() >= LEAST_VALUE_BYTES).collect();
        // The longest first, so that a value that begins with another one is found whole.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let escaped: Vec<_> = values.into_iter().map(regex::escape).collect();
        let known = RegexBuilder::new(&escaped.join("|")).unicode(false).size_limit(64 << 20).build();
        Self { known: if escaped.is_empty() { self.known } else { known.ok().or(self.known) } }
    }

    /// The secrets in these bytes, in their order, none overlapping another.
    #[must_use]
    pub fn scan(&self, bytes: &[u8]) -> Vec<SecretMatch> {
        let mut found = Vec::new();
        if let Some(known) = &self.known {
            found.extend(known.find_iter(bytes).map(|found| (KNOWN_VALUE, found.range(), found.range())));
        }
        for rule in possible(bytes) {
            found.extend(rule.pattern.captures_iter(bytes).filter_map(|captures| {
                let (secret, whole) = secret_in(rule, bytes, &captures)?;
                Some((rule.name, secret, whole))
            }));
        }
        // A stable sort: of two that begin together, the more specific one comes first and gives its name.
        found.sort_by_key(|(_, _, whole)| whole.start);
        merged(bytes, found)
    }

    /// The same as findings about one file.
    #[must_use]
    pub fn findings(&self, place: SecretPlace, file: &str, bytes: &[u8]) -> Vec<SecretFinding> {
        self.scan(bytes).iter().map(|found| SecretFinding::new(place, file, found)).collect()
    }

    /// The bytes with [`MARKER`] for every secret.
    #[must_use]
    pub fn redact<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        redacted(bytes, &self.scan(bytes))
    }
}

impl fmt::Debug for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scanner").field("has_known_values", &self.known.is_some()).finish_non_exhaustive()
    }
}

/// `bytes` with [`MARKER`] in place of each match.
pub(super) fn redacted<'b>(bytes: &'b [u8], found: &[SecretMatch]) -> Cow<'b, [u8]> {
    if found.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let mut text = Vec::with_capacity(bytes.len());
    let mut done = 0;
    for SecretMatch { range, .. } in found {
        text.extend_from_slice(bytes.get(done..range.start).unwrap_or_default());
        text.extend_from_slice(MARKER.as_bytes());
        done = range.end;
    }
    text.extend_from_slice(bytes.get(done..).unwrap_or_default());
    Cow::Owned(text)
}

/// The secret of a match, and what is to be removed with it; `None` if it is none.
fn secret_in(rule: &Rule, bytes: &[u8], captures: &Captures<'_>) -> Option<(Range<usize>, Range<usize>)> {
    let whole = captures.get(0)?;
    match rule.guard {
        Guard::Token => (!is_placeholder(whole.as_bytes())).then(|| (whole.range(), whole.range())),
        Guard::RandomToken => {
            let random = is_random(whole.as_bytes(), 350) && !is_placeholder(whole.as_bytes());
            random.then(|| (whole.range(), whole.range()))
        }
        Guard::KeyBlock => {
            let block = block(bytes, &whole.range())?;
            Some((block.clone(), block))
        }
        Guard::Url => {
            let (user, password, host) = (captures.get(1)?, captures.get(2)?, captures.get(3)?);
            let harmless = is_well_known(user.as_bytes(), password.as_bytes())
                || is_placeholder(password.as_bytes())
                || is_no_real_host(host.as_bytes());
            (!harmless).then(|| (password.range(), password.range()))
        }
        Guard::Assignment { entropy } => {
            let (name, value) = (captures.get(1)?, captures.get(2)?);
            let is_secret = is_random(value.as_bytes(), entropy)
                && !is_harmless_name(name.as_bytes())
                && !is_placeholder(value.as_bytes());
            is_secret.then(|| (value.range(), value.range()))
        }
    }
}

type Found = (&'static str, Range<usize>, Range<usize>);

/// Joins what overlaps, and says in which line each begins. `found` is sorted by its beginning.
fn merged(bytes: &[u8], found: Vec<Found>) -> Vec<SecretMatch> {
    let mut matches: Vec<SecretMatch> = Vec::new();
    let (mut line, mut counted) = (1_u64, 0);
    for (rule, secret, whole) in found {
        if let Some(last) = matches.last_mut()
            && whole.start < last.range.end
        {
            last.range.end = last.range.end.max(whole.end);
            continue;
        }
        let between = bytes.get(counted..whole.start).unwrap_or_default();
        line += between.iter().fold(0, |lines, byte| lines + u64::from(*byte == b'\n'));
        counted = whole.start;
        let fingerprint = Fingerprint::of(bytes.get(secret).unwrap_or_default());
        matches.push(SecretMatch { rule, range: whole, line, fingerprint });
    }
    matches
}
