//! What is a secret and what is none. The secrets below are made up, and written in two parts, so that no scanner of
//! this repository takes them for real.

use jct_evidence::scan::{LineScanner, MARKER, Scanner, SecretPlace, SecretStream};
use proptest::prelude::*;

/// Random, as tokens are.
const R16: &str = "q7Zt4LxW9aKp2VnR";
const R20: &str = "Yb8mQ2rJ5uTf1XcG6hDw";
const HEX32: &str = "9f3a1c7be05d4826af91c3e7d20b6854";
const KEY_LINE: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";

fn key(kind: &str, line_start: &str) -> String {
    let lines = [KEY_LINE; 3].map(|line| format!("{line_start}{line}\n")).concat();
    format!("{line_start}-----BEGIN {kind}PRIVATE KEY-----\n{lines}{line_start}-----END {kind}PRIVATE KEY-----\n")
}

fn rules(text: &str) -> Vec<&'static str> {
    Scanner::new().scan(text.as_bytes()).iter().map(|found| found.rule).collect()
}

#[track_caller]
fn finds(rule: &str, text: &str) {
    assert_eq!(rules(text), [rule], "{text}");
    let cleaned = Scanner::new().redact(text.as_bytes()).into_owned();
    let cleaned = String::from_utf8(cleaned).unwrap();
    assert!(cleaned.contains(MARKER), "{cleaned}");
    assert_eq!(rules(&cleaned), [""; 0], "{cleaned}");
}

#[track_caller]
fn passes(text: &str) {
    assert_eq!(rules(text), [""; 0], "{text}");
}

#[test]
fn the_shapes_of_known_tokens() {
    let hex64 = format!("{HEX32}{HEX32}");
    let r40 = format!("{R20}{R20}");
    finds("private-key", &key("", ""));
    finds("private-key", &key("RSA ", "+"));
    finds("private-key", &key("OPENSSH ", "2026-01-01T12:00:00.000000Z stdout "));
    finds("private-key", &key("EC ", "").replace('\n', "\\n"));
    finds("age-key", &format!("AGE-SECRET-KEY-1{}", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE"));
    finds("jct-api-key", &format!("curl -H 'x: jctk_{hex64}'"));
    finds("jct-signing-key", &format!("ed25519-secret:{R20}{R20}abc="));
    finds("aws-access-key", concat!("id = AK", "IAZ7QX3MWN5RTK2VBD"));
    finds("github-token", &format!("git push https://ghp_{R16}{R20}@github.com/x/y"));
    finds("github-token", &format!("github_pat_{R20}_{r40}"));
    finds("gitlab-token", &format!("glpat-{R20}"));
    finds("slack-token", &format!("xoxb-1234098-{R20}"));
    finds("slack-webhook", &format!("https://hooks.slack.com/services/T0AB1CD2E/B0FG3HI4J/{R20}"));
    finds("stripe-key", &format!("sk_live_{R20}"));
    finds("anthropic-key", &format!("sk-ant-api03-{r40}"));
    finds("openai-key", &format!("sk-proj-{r40}"));
    finds("openrouter-key", &format!("sk-or-v1-{hex64}"));
    finds("google-key", &format!("AIza{R16}{R16}abc"));
    finds("azure-key", &format!("AccountKey={r40}{r40}Ab12C3=="));
    finds("npm-token", &format!("//registry/:_authToken=npm_{R16}{R20}"));
    finds("pypi-token", &format!("pypi-AgEIcHlwaS5vcmc{r40}"));
    finds("huggingface-token", &format!("hf_{R16}{R16}ab"));
    finds("crates-token", &format!("cio{R16}{R16}"));
    finds("docker-token", &format!("dckr_pat_{R20}k2v9w4"));
    finds("digitalocean-token", &format!("dop_v1_{hex64}"));
    finds("shopify-token", &format!("shpat_{HEX32}"));
    finds("atlassian-token", &format!("ATATT3xFfGF0{r40}"));
    finds("facebook-token", &format!("EAAC{r40}"));
    finds("linear-key", &format!("lin_api_{r40}"));
    finds("postman-key", &format!("PMAK-{}-{}ab", &HEX32[..24], HEX32));
    finds("slack-token", &format!("xapp-1-{R20}"));
    finds("google-key", &format!("GOCSPX-{R20}k2v9w4x1"));
    finds("google-key", &format!("ya29.{r40}"));
    finds("sendgrid-key", &format!("SG.{R20}ab.{r40}abc"));
    finds("telegram-token", &format!("123498765:AA{R16}{R16}a"));
    finds("vault-token", &format!("hvs.{R20}{R16}"));
    finds("databricks-token", &format!("dapi{HEX32}"));
    finds("jwt", &format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.{r40}"));
}

#[test]
fn secrets_without_a_shape_of_their_own() {
    finds("url-password", "DATABASE_URL=postgres://app:h7Kq2vLx@db.internal:5432/app");
    finds("url-password", "git clone https://deploy:tr0ub4dor3@git.corp.io/x.git");
    finds("authorization-header", &format!("Authorization: Bearer {R20}{R16}"));
    finds("authorization-header", &format!(r#"{{"authorization": "Basic {R20}="}}"#));
    finds("assigned-secret", &format!("AWS_SECRET_ACCESS_KEY={R20}{R20}"));
    finds("assigned-secret", &format!("  api_key: \"{R16}\","));
    finds("assigned-secret", &format!(r#"{{"client_secret":"{R20}"}}"#));
    finds("assigned-secret", &format!(r#""{{\"password\": \"{R16}!#\"}}""#));
    finds("assigned-secret", &format!("+export API_TOKEN={HEX32}"));
    finds("assigned-secret", &format!("password => '{R16}'"));
    finds("assigned-key", &format!("DEPLOY_KEY={R20}{R16}"));
}

#[test]
fn placeholders_are_none() {
    passes("AKIAIOSFODNN7EXAMPLE");
    passes("ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    passes("sk_test_1234567890abcdefghijklmnop");
    passes("password = \"changeme-please-2024\"");
    passes("api_key: \"<your-api-key-goes-here>\"");
    passes("token: ${{ secrets.GITHUB_TOKEN_2024_A }}");
    passes("SECRET_KEY=$(openssl rand -hex 32)");
    passes("postgres://user:password@db.internal/app");
    passes("postgres://postgres:postgres@db/app");
    passes("postgres://app:h7Kq2vLx@localhost:5432/app");
    passes("https://u:h7Kq2vLx@example.com/");
    passes("postgres://app:${DB_PASSWORD}@db.internal/app");
    passes("Authorization: Bearer <token>");
    passes("Authorization: Bearer $TOKEN_FROM_ENV_2");
    passes("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n");
    passes("a line that says `-----BEGIN RSA PRIVATE KEY-----` and goes on in prose for a while, as documents do.");
}

#[test]
fn code_and_data_are_none() {
    passes("let token = generate_random_token_v2(user);");
    passes("const token = await getInstallationTokenForRepo2(id)");
    passes("secret = os.environ[\"SERVICE_SECRET_2\"]");
    passes("token: my-service-token-v2-eu-west-1");
    passes("password_hash_algorithm = argon2id-v19-m65536");
    passes("session_token = \"550e8400-e29b-41d4-a716-446655440000\"");
    passes("public_key = \"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\"");
    passes("idempotency_key: Yb8mQ2rJ5uTf1XcG6hDwq7Zt4LxW");
    passes("checksum = \"9f3a1c7be05d4826af91c3e7d20b68549f3a1c7be05d4826af91c3e7d20b6854\"");
    passes("token_digest = \"sha256:9f3a1c7be05d4826af91c3e7d20b68549f3a1c7be05d4826af91c3e7d20b6854\"");
    passes("sk-learn-is-not-a-key-but-a-library-name-v2");
    passes("git@github.com:owner/name.git https://github.com/owner/name");
    passes("see http://[::1]:8080/path and user@host:path");
    passes("npm_config_registry npm_lifecycle_event");
    passes("tokens: 123456 prompt, 987654 completion");
}

#[test]
fn values_that_the_caller_holds_are_found_wherever_they_stand() {
    let scanner = Scanner::new().with_values(["correct horse battery", "correct horse", "short"]);
    let text = b"a short line\nthe correct horse battery, the correct horse";
    let found = scanner.scan(text);
    assert_eq!(found.iter().map(|found| (found.rule, found.line)).collect::<Vec<_>>(), [("known-value", 2); 2]);
    assert_eq!(scanner.redact(text), format!("a short line\nthe {MARKER}, the {MARKER}").as_bytes());
    assert!(!format!("{scanner:?}").contains("horse"));
    assert_eq!(Scanner::new().with_values([]).scan(text), []);
}

#[test]
fn a_finding_says_where_and_never_what() {
    let text = format!("one\ntwo\nkey = glpat-{R20}\nagain glpat-{R20}\n");
    let found = Scanner::new().findings(SecretPlace::Diff, "src/a.rs", text.as_bytes());
    let [first, second] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((first.line, second.line), (3, 4));
    assert_eq!(first.fingerprint, second.fingerprint);
    assert_eq!(first.to_string(), format!("gitlab-token in diff `src/a.rs` line 3 ({})", first.fingerprint));
    let json = serde_json::to_string(&found).unwrap();
    assert!(!json.contains(R20) && json.contains(r#""place":"diff""#), "{json}");
}

#[test]
fn a_log_is_cleaned_line_by_line() {
    let log = format!("before\n{}after\nexport T=glpat-{R20} done\n", key("RSA ", "  "));
    let mut lines = LineScanner::new(Scanner::new());
    let (mut kept, mut found) = (Vec::new(), Vec::new());
    for line in log.lines() {
        let scanned = lines.line(line);
        kept.push(scanned.text.into_owned());
        found.extend(scanned.found.iter().map(|found| (found.rule, found.line)));
    }
    assert_eq!(found, [("private-key", 3), ("gitlab-token", 8)]);
    assert_eq!(kept[2..5], [MARKER; 3]);
    assert_eq!(kept[6..], ["after".to_owned(), format!("export T={MARKER} done")]);
    assert!(!kept.concat().contains(KEY_LINE));
}

#[test]
fn talk_about_keys_does_not_silence_a_log() {
    let mut lines = LineScanner::new(Scanner::new());
    for line in ["put your -----BEGIN PRIVATE KEY----- here", "ok", "running 3 tests", "done"] {
        assert_eq!(lines.line(line).text, line);
    }
}

#[test]
fn a_stream_finds_what_the_whole_finds() {
    let filler = "nothing to see in this line\n".repeat(9_000);
    let text = format!("{filler}t=glpat-{R20}\n{filler}{}{filler}api_key: \"{R16}\"\n", key("", "+"));
    let scanner = Scanner::new();
    let whole = scanner.scan(text.as_bytes());
    assert_eq!(whole.len(), 3);
    for size in [1_000, 4_096, 65_537, text.len()] {
        let mut stream = SecretStream::new(&scanner);
        let mut found: Vec<_> = text.as_bytes().chunks(size).flat_map(|piece| stream.push(piece)).collect();
        found.extend(stream.finish());
        assert_eq!(found, whole, "pieces of {size} bytes");
    }
}

/// A pattern that backs up for each byte would take minutes for these.
#[test]
fn the_work_is_linear() {
    let scanner = Scanner::new();
    for seed in
        ["a", "token=", "eyJ", "eyJaaaaaaaaaaaa.", "https://a:", "-----BEGIN PRIVATE KEY-----", "AAAA1", "_key:\"a1"]
    {
        let text = seed.repeat(100_000 / seed.len());
        let started = std::time::Instant::now();
        let _ = scanner.scan(text.as_bytes());
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "`{seed}` took {:?}", started.elapsed());
    }
}

proptest! {
    #[test]
    fn no_bytes_panic_and_what_is_cleaned_is_clean(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let scanner = Scanner::new();
        for found in scanner.scan(&bytes) {
            prop_assert!(found.range.start < found.range.end && found.range.end <= bytes.len());
        }
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = LineScanner::new(scanner);
        for line in text.lines() {
            let _ = lines.line(line);
        }
    }

    #[test]
    fn a_token_is_found_in_whatever_surrounds_it(
        before in "[ -~\n]{0,200}[ \n]", after in "[ \n][ -~\n]{0,200}", piece in 1_usize..300
    ) {
        let text = format!("{before}glpat-{R20}{after}");
        let scanner = Scanner::new();
        let cleaned = scanner.redact(text.as_bytes()).into_owned();
        prop_assert!(!String::from_utf8_lossy(&cleaned).contains(R20));
        let mut stream = SecretStream::new(&scanner);
        let mut found: Vec<_> = text.as_bytes().chunks(piece).flat_map(|piece| stream.push(piece)).collect();
        found.extend(stream.finish());
        prop_assert_eq!(found, scanner.scan(text.as_bytes()));
    }
}

/// A patch as git writes it, with a change, a new file, a binary file, and a name that git quotes.
fn patch() -> String {
    let token = format!("glpat-{R20}");
    let key = key("RSA ", "+");
    format!(
        "diff --git a/src/a.rs b/src/a.rs\n\
         index 1111111..2222222 100644\n\
         --- a/src/a.rs\n\
         +++ b/src/a.rs\n\
         @@ -10,4 +10,5 @@ fn main() {{\n \
         unchanged {token}\n\
         -removed {token}\n\
         -++ b/nowhere\n\
         +let token = \"{token}\";\n\
         ++++ b/still in this file {token}\n\
         +fine\n \
         context\n\
         diff --git a/new.pem b/new.pem\n\
         new file mode 100644\n\
         index 0000000..3333333\n\
         --- /dev/null\n\
         +++ b/new.pem\n\
         @@ -0,0 +1,6 @@\n\
         +# a key\n\
         {key}\
         \\ No newline at end of file\n\
         diff --git a/logo.png b/logo.png\n\
         index 4444444..5555555\n\
         GIT binary patch\n\
         literal 5\n\
         Mcmd=z{token}\n\
         \n\
         diff --git \"a/caf\\303\\251 \\\"x\\\".txt\" \"b/caf\\303\\251 \\\"x\\\".txt\"\n\
         --- \"a/caf\\303\\251 \\\"x\\\".txt\"\n\
         +++ \"b/caf\\303\\251 \\\"x\\\".txt\"\n\
         @@ -3 +3 @@\n\
         -a\n\
         +b {token}\n"
    )
}

#[test]
fn only_what_a_patch_adds_is_found() {
    let patch = patch();
    let scanned = Scanner::new().scan_patch(patch.as_bytes());
    let found: Vec<_> =
        scanned.found.iter().map(|found| (found.file.as_str(), found.line, found.rule.as_str())).collect();
    assert_eq!(
        found,
        [
            ("src/a.rs", 11, "gitlab-token"),
            ("src/a.rs", 12, "gitlab-token"),
            ("new.pem", 2, "private-key"),
            ("café \"x\".txt", 3, "gitlab-token"),
        ]
    );
    let text = String::from_utf8(scanned.text.into_owned()).unwrap();
    assert!(!text.contains(KEY_LINE));
    assert_eq!(text.matches(R20).count(), 3, "what was there before stays: {text}");
    assert_eq!(text.lines().count(), patch.lines().count());
    assert!(text.contains(&format!("+let token = \"{MARKER}\";\n++++ b/still in this file {MARKER}\n+fine\n")));
}

#[test]
fn a_clean_patch_stays_as_it_is() {
    let patch = patch().replace(R20, "x").replace(KEY_LINE, "...");
    let scanned = Scanner::new().scan_patch(patch.as_bytes());
    assert_eq!((scanned.found, scanned.text.as_ref()), (vec![], patch.as_bytes()));
}

#[test]
fn results_and_messages_are_cleaned() {
    let mut value = serde_json::json!({
        "answer": format!("the token is glpat-{R20}."),
        "nested": [{"api_key": R16, "count": 3, "plain": "text"}],
    });
    let found = Scanner::new().clean_json(SecretPlace::Output, "output.json", &mut value);
    let expected = serde_json::json!({
        "answer": format!("the token is {MARKER}"),
        "nested": [{"api_key": MARKER, "count": 3, "plain": "text"}],
    });
    assert_eq!(value.to_string().replace(&format!("{MARKER}."), MARKER), expected.to_string());
    assert_eq!(found.iter().map(|found| found.rule.as_str()).collect::<Vec<_>>(), ["gitlab-token", "assigned-secret"]);
    assert_eq!(Scanner::new().clean_json(SecretPlace::Output, "output.json", &mut value), []);
    assert_eq!(Scanner::new().redact_text("nothing here"), "nothing here");
}

proptest! {
    #[test]
    fn no_patch_panics(lines in proptest::collection::vec("(@@ -[0-9]{1,3}(,[0-9]{1,3})? \\+[0-9]{1,20} @@|\\+\\+\\+ \"?b/[a-z\\\\0-9]{0,5}\"?|diff --git a|[-+ \\\\]?token=[a-zA-Z0-9]{0,40}|\\PC{0,20})", 0..40)) {
        let patch = lines.join("\n");
        let scanned = Scanner::new().scan_patch(patch.as_bytes());
        prop_assert_eq!(scanned.found.is_empty(), scanned.text.as_ref() == patch.as_bytes());
    }
}
