//! The shapes of secrets: one line each, the most specific first.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Regex, RegexBuilder};

/// What beside its shape makes a match a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// Random text behind a known prefix: only placeholders are let through.
    Token,
    /// The same behind a prefix that ordinary words share.
    RandomToken,
    /// The beginning of a block; a key must follow.
    KeyBlock,
    /// A password in a URL; the groups are user, password and host.
    Url,
    /// What follows a word like `secret`; the groups are the name before the word and the value.
    Assignment {
        /// The least Shannon entropy of the value, in hundredths of a bit for each character.
        entropy: u16,
    },
}

/// One shape.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) pattern: Regex,
    pub(super) guard: Guard,
}

use Guard::{Assignment, KeyBlock, RandomToken, Token, Url};

/// The name of the rule for private keys.
pub(super) const PRIVATE_KEY: &str = "private-key";

/// Words after which a secret stands.
macro_rules! secret_words {
    () => {
        r"(?:secret|token|passw(?:or)?d|passwd|pwd|passphrase|credentials?|(?:api|access|private|secret|signing|encryption|auth|master|account)[_-]?key)"
    };
}

/// What stands between a name and its value, in the languages and formats that there are.
macro_rules! separator {
    () => {
        r#"["'\]\\]{0,3}[ \t]{0,4}(?:=>|:=|=|:)[ \t]{0,4}"#
    };
}

/// Texts of which each of those words has one.
const SECRET_WORDS: &[&str] = &["secret", "token", "passw", "pwd", "passphrase", "credential", "key"];

const QUOTED: &str =
    concat!(r"(?i)([a-z0-9_.-]{0,24})", secret_words!(), separator!(), r#"\\?["'`]([^"'`\s\\]{12,512})\\?["'`]"#);
const PLAIN: &str = concat!(
    r"(?i)([a-z0-9_.-]{0,24})",
    secret_words!(),
    separator!(),
    r"([a-z0-9+/=_.~-]{16,512})(?:[^a-z0-9+/=_.~(\[-]|$)"
);
const OTHER_KEY: &str = concat!(
    r"(?i)([a-z0-9_.-]{0,24})[_-]key",
    separator!(),
    r#"\\?["'`]?([a-z0-9+/=_~-]{24,512})(?:[^a-z0-9+/=_.~(\[-]|$)"#
);

/// Name, texts of which every match has one (in lower case), pattern, guard. Lengths are bounded above everywhere: that is what keeps the scan linear.
pub(super) const TABLE: &[(&str, &[&str], &str, Guard)] = &[
    (PRIVATE_KEY, &["private key"], r"-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----", KeyBlock),
    ("age-key", &["age-secret-key-1"], r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b", Token),
    ("jct-api-key", &["jctk_"], r"\bjctk_[0-9a-f]{64}\b", Token),
    ("jct-signing-key", &["ed25519-secret:"], r"\bed25519-secret:[A-Za-z0-9+/]{43}=", Token),
    ("aws-access-key", &["akia", "asia", "abia", "acca"], r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b", Token),
    ("github-token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"\bgh[pousr]_[A-Za-z0-9]{36,255}", Token),
    ("github-token", &["github_pat_"], r"\bgithub_pat_[A-Za-z0-9_]{22,255}", Token),
    (
        "gitlab-token",
        &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-"],
        r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_.-]{20,255}",
        Token,
    ),
    ("slack-token", &["xox"], r"\bxox[abeoprs]-[A-Za-z0-9-]{16,255}", Token),
    ("slack-token", &["xapp-"], r"\bxapp-[0-9]-[A-Za-z0-9-]{16,255}", Token),
    ("slack-webhook", &["hooks.slack.com/"], r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/]{24,128}", Token),
    ("stripe-key", &["_live_", "_test_", "whsec_"], r"\b(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,255}", Token),
    ("anthropic-key", &["sk-ant-"], r"\bsk-ant-[a-z0-9]{2,16}-[A-Za-z0-9_-]{20,255}", Token),
    ("openrouter-key", &["sk-or-v1-"], r"\bsk-or-v1-[0-9a-f]{64}\b", Token),
    ("openai-key", &["sk-"], r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,255}", RandomToken),
    ("google-key", &["aiza"], r"\bAIza[A-Za-z0-9_-]{35}", Token),
    ("google-key", &["gocspx-"], r"\bGOCSPX-[A-Za-z0-9_-]{28}", Token),
    ("google-key", &["ya29."], r"\bya29\.[A-Za-z0-9_-]{20,512}", Token),
    ("azure-key", &["accountkey="], r"(?i)accountkey=[a-z0-9+/]{86}==", Token),
    ("npm-token", &["npm_"], r"\bnpm_[A-Za-z0-9]{36}\b", Token),
    ("pypi-token", &["pypi-a"], r"\bpypi-A[A-Za-z0-9_-]{50,512}", Token),
    ("crates-token", &["cio"], r"\bcio[A-Za-z0-9]{32}\b", RandomToken),
    ("docker-token", &["dckr_"], r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{24,64}", Token),
    ("huggingface-token", &["hf_"], r"\bhf_[A-Za-z0-9]{34}\b", Token),
    ("digitalocean-token", &["doo_v1_", "dop_v1_", "dor_v1_"], r"\bdo[opr]_v1_[a-f0-9]{64}\b", Token),
    ("sendgrid-key", &["sg."], r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", Token),
    ("telegram-token", &[":aa"], r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b", Token),
    ("vault-token", &["hvs.", "hvb.", "hvr."], r"\bhv[sbr]\.[A-Za-z0-9_-]{24,255}", Token),
    ("databricks-token", &["dapi"], r"\bdapi[a-f0-9]{32}\b", Token),
    ("shopify-token", &["shpat_", "shpca_", "shppa_", "shpss_"], r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b", Token),
    ("atlassian-token", &["atatt3"], r"\bATATT3[A-Za-z0-9_=-]{40,255}", Token),
    ("facebook-token", &["eaac"], r"\bEAAC[A-Za-z0-9]{40,255}", Token),
    ("linear-key", &["lin_api_"], r"\blin_api_[A-Za-z0-9]{40}\b", Token),
    ("postman-key", &["pmak-"], r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b", Token),
    ("jwt", &["eyj"], r"\beyJ[A-Za-z0-9_-]{10,4096}\.eyJ[A-Za-z0-9_-]{10,4096}\.[A-Za-z0-9_-]{20,1024}", Token),
    (
        "authorization-header",
        &["authorization"],
        r#"(?i)(authorization)["'\\]{0,2}[ \t]{0,3}[:=][ \t]{0,3}\\?["'`]?(?:basic|bearer|token)[ \t]{1,3}([a-z0-9+/=_.~-]{16,512})"#,
        Assignment { entropy: 330 },
    ),
    (
        "url-password",
        &["://"],
        r#"(?i)\b[a-z][a-z0-9+.-]{1,15}://([^\s:/?#@"'<>`]{0,64}):([^\s/?#@"'<>`]{4,128})@([a-z0-9.\[-]{1,128})"#,
        Url,
    ),
    ("assigned-secret", SECRET_WORDS, QUOTED, Assignment { entropy: 320 }),
    ("assigned-secret", SECRET_WORDS, PLAIN, Assignment { entropy: 350 }),
    ("assigned-key", &["key"], OTHER_KEY, Assignment { entropy: 410 }),
];

/// The table, compiled once. That every pattern compiles is for a test to say: one that does not is left out here.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let compiled = TABLE.iter().filter_map(|(name, _, pattern, guard)| {
        let pattern = RegexBuilder::new(pattern).unicode(false).size_limit(32 << 20).build().ok()?;
        Some(Rule { name, pattern, guard: *guard })
    });
    compiled.collect()
});

/// All anchors of all rules, and which rule each belongs to.
static ANCHORS: LazyLock<Option<(AhoCorasick, Vec<usize>)>> = LazyLock::new(|| {
    let each =
        TABLE.iter().enumerate().flat_map(|(rule, (_, anchors, ..))| anchors.iter().map(move |text| (*text, rule)));
    let (texts, rules): (Vec<&str>, Vec<usize>) = each.unzip();
    let built = AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(texts);
    built.ok().map(|automaton| (automaton, rules))
});

/// The rules that can match anything in these bytes, in the order of the table. Most lines of a log have none, and are
/// looked at once instead of once for each rule.
pub(super) fn possible(bytes: &[u8]) -> impl Iterator<Item = &'static Rule> {
    let seen = ANCHORS.as_ref().map(|(automaton, rules)| {
        let mut seen = vec![false; RULES.len()];
        for anchor in automaton.find_overlapping_iter(bytes) {
            if let Some(seen) = rules.get(anchor.pattern().as_usize()).and_then(|rule| seen.get_mut(*rule)) {
                *seen = true;
            }
        }
        seen
    });
    let may_match = move |index: usize| seen.as_ref().is_none_or(|seen| seen.get(index).is_none_or(|seen| *seen));
    RULES.iter().enumerate().filter(move |(index, _)| may_match(*index)).map(|(_, rule)| rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(RULES.len(), TABLE.len());
    }

    #[test]
    fn anchors_are_in_lower_case_and_found_whatever_their_case() {
        assert!(ANCHORS.is_some());
        assert!(TABLE.iter().all(|(_, anchors, ..)| anchors.iter().all(|anchor| *anchor == anchor.to_lowercase())));
        let names: Vec<_> = possible(b"x PWD AKIA GLPAT- y").map(|rule| rule.name).collect();
        assert_eq!(names, ["aws-access-key", "gitlab-token", "assigned-secret", "assigned-secret"]);
        assert_eq!(possible(b"running 3 of 12 steps").count(), 0);
    }

    #[test]
    fn every_pattern_is_bounded() {
        let mut parser = regex_syntax::ParserBuilder::new();
        let parser = parser.unicode(false).utf8(false);
        for (name, _, pattern, _) in TABLE {
            let longest = parser.build().parse(pattern).unwrap().properties().maximum_len();
            assert!(longest.is_some_and(|bytes| bytes < 10_000), "`{name}`: {longest:?}");
        }
    }
}
