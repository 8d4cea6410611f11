//! Tells a secret from what only looks like one: placeholders, words, names of variables.

/// Words that nobody's secret contains, in lower case.
const PLACEHOLDERS: [&[u8]; 20] = [
    b"example",
    b"placeholder",
    b"changeme",
    b"change_me",
    b"change-me",
    b"redacted",
    b"dummy",
    b"replace",
    b"your_",
    b"your-",
    b"_here",
    b"-here",
    b"xxxx",
    b"****",
    b"....",
    b"${",
    b"{{",
    b"#{",
    b"%(",
    b"[[",
];
/// Passwords that protect nothing.
const WELL_KNOWN: [&str; 16] = [
    "password", "passwd", "pass", "secret", "postgres", "mysql", "root", "admin", "test", "guest", "user", "token",
    "changeit", "letmein", "redis", "minio",
];
/// As many equal characters, or characters that follow each other, are no accident of randomness.
const LONG_RUN: usize = 6;

/// Whether the text stands for a secret instead of being one.
pub(super) fn is_placeholder(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    let has = |word: &&[u8]| lower.windows(word.len()).any(|window| window == *word);
    PLACEHOLDERS.iter().any(has) || matches!(lower.first(), Some(b'<' | b'$' | b'%' | b'{')) || has_long_run(&lower)
}

/// `aaaaaa`, `123456`, `abcdef`.
fn has_long_run(text: &[u8]) -> bool {
    let longest = |step: u8| {
        let follows = |pair: &[u8]| matches!(pair, [a, b] if a.checked_add(step) == Some(*b));
        let mut run = 1;
        text.windows(2).any(|pair| {
            run = if follows(pair) { run + 1 } else { 1 };
            run >= LONG_RUN
        })
    };
    longest(0) || longest(1)
}

/// A password that is known to everybody, or the user's name.
pub(super) fn is_well_known(user: &[u8], password: &[u8]) -> bool {
    let known = |word: &&str| password.eq_ignore_ascii_case(word.as_bytes());
    password.eq_ignore_ascii_case(user) || WELL_KNOWN.iter().any(known)
}

/// A host that only this machine or a document knows.
pub(super) fn is_no_real_host(host: &[u8]) -> bool {
    let host = host.to_ascii_lowercase();
    let reserved: [&[u8]; 7] =
        [b"example.com", b"example.org", b"example.net", b".example", b".test", b".invalid", b".localhost"];
    let local: [&[u8]; 4] = [b"localhost", b"127.0.0.1", b"[", b"0.0.0.0"];
    local.contains(&host.as_slice()) || reserved.iter().any(|end| host.ends_with(end))
}

/// Whether a name before the word says that what follows is no secret.
pub(super) fn is_harmless_name(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let harmless: [&[u8]; 9] =
        [b"public", b"primary", b"foreign", b"idempotency", b"cache", b"partition", b"sort", b"dedup", b"integrity"];
    harmless.iter().any(|word| name.windows(word.len()).any(|window| window == *word))
}

/// `/tmp/...`, `/srv/...`: a folder, as in `PWD=`, however random its deeper parts are.
fn is_path(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'/');
    let first = (parts.next(), parts.next(), parts.next());
    matches!(first, (Some([]), Some(top), Some(_)) if top.len() > 1 && top.iter().all(u8::is_ascii_lowercase))
}

/// Whether a value after a word like `secret` is random enough to be one: letters and digits, `entropy` hundredths of a
/// bit for each character, no words, no folder, no UUID (which is a name far more often).
pub(super) fn is_random(value: &[u8], entropy: u16) -> bool {
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let only_hex = value.iter().all(u8::is_ascii_hexdigit);
    letters >= 2
        && digits >= 2
        && !(only_hex && value.len() < 32)
        && !(is_uuid(value) || is_path(value) || is_made_of_words(value))
        && entropy_of(value) >= f64::from(entropy) / 100.0
}

/// Shannon entropy in bits for each character.
fn entropy_of(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let length = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let part = |count: &u32| f64::from(*count) / length;
    counts.iter().filter(|count| **count > 0).map(part).map(|part| -part * part.log2()).sum()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Other,
}

fn class_of(byte: u8) -> Class {
    match byte {
        b'a'..=b'z' => Class::Lower,
        b'A'..=b'Z' => Class::Upper,
        b'0'..=b'9' => Class::Digit,
        _ => Class::Other,
    }
}

/// `my-service-v2`: parts of one case, each with a short number at its end at most.
fn is_joined_of_words(value: &[u8]) -> bool {
    let is_word = |part: &[u8]| {
        let letters = part.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, number) = part.split_at_checked(letters).unwrap_or((part, &[]));
        let tail = word.get(1..).unwrap_or_default();
        let one_case = tail.iter().all(u8::is_ascii_lowercase) || word.iter().all(u8::is_ascii_uppercase);
        one_case && number.len() <= 4 && number.iter().all(u8::is_ascii_digit)
    };
    let mut parts = value.split(|byte| !byte.is_ascii_alphanumeric());
    let words = parts.clone().count();
    words >= 3 && parts.all(is_word)
}

/// Words, in whatever case and however joined, keep to one class of characters for long; random text does not: its runs
/// are about two characters long.
fn is_made_of_words(value: &[u8]) -> bool {
    let mut runs = 0_usize;
    let mut counted = 0_usize;
    let mut last = Class::Other;
    for class in value.iter().copied().map(class_of) {
        // A capital begins a word that goes on in small letters.
        let goes_on = class == last || (last == Class::Upper && class == Class::Lower);
        if class != Class::Other {
            counted += 1;
            runs += usize::from(!goes_on);
        }
        last = class;
    }
    counted >= runs.saturating_mul(4) || is_joined_of_words(value)
}

fn is_uuid(value: &[u8]) -> bool {
    let at_dash = |index: usize| matches!(index, 8 | 13 | 18 | 23);
    value.len() == 36
        && value
            .iter()
            .enumerate()
            .all(|(index, byte)| if at_dash(index) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
}
