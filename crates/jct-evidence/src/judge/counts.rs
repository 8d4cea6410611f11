//! How many tests a check ran, read from what well-known test runners print.
//!
//! The counts decide nothing. They let a reviewer see at once that a check which passed in no time tested nothing.

use jct_cwom::TestCounts;

/// A longer line is no summary.
const MAX_LINE_BYTES: usize = 2_000;

/// Reads the output of a check line by line.
#[derive(Clone, Debug, Default)]
pub struct TestCounter {
    /// Of runners that print one summary for each of several parts.
    summed: Option<TestCounts>,
    /// Of runners that print one summary at the end; the last one counts.
    last: Option<TestCounts>,
    /// Of runners that print one line for each test and no numbers.
    counted: Option<TestCounts>,
    /// `Ran 5 tests` of a runner that says in the next line how many of them failed.
    ran: Option<u64>,
}

impl TestCounter {
    /// Takes the next line.
    pub fn line(&mut self, line: &str) {
        if line.len() > MAX_LINE_BYTES {
            return;
        }
        let plain = without_colours(line);
        let line = plain.trim();
        if let Some(counts) = cargo(line) {
            add(self.summed.get_or_insert_default(), &counts);
        } else if let Some(one) = go(line) {
            add(self.counted.get_or_insert_default(), &one);
        } else if !self.tap(line) && !self.unittest(line) {
            self.last = worded(line).or(self.last.take());
        }
    }

    /// What was counted; `None` if no line said anything.
    #[must_use]
    pub fn finish(self) -> Option<TestCounts> {
        self.summed.or(self.last).or(self.counted)
    }

    /// `# pass 5` of TAP, `ℹ pass 5` of node.
    fn tap(&mut self, line: &str) -> bool {
        let Some(rest) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) else { return false };
        let mut words = rest.split_ascii_whitespace();
        let (Some(word), Some(Ok(number)), None) = (words.next(), words.next().map(str::parse::<u64>), words.next())
        else {
            return false;
        };
        let counts = self.last.get_or_insert_default();
        match word {
            "pass" => counts.passed = number,
            "fail" => counts.failed = number,
            "skipped" | "todo" => counts.skipped = counts.skipped.saturating_add(number),
            _ => return false,
        }
        true
    }

    /// `Ran 5 tests in 0.1s`, then `OK (skipped=1)` or `FAILED (failures=1, errors=1)`.
    fn unittest(&mut self, line: &str) -> bool {
        if let Some(rest) = line.strip_prefix("Ran ")
            && let Some((number, rest)) = rest.split_once(' ')
            && rest.starts_with("test")
        {
            self.ran = number.parse().ok();
            return true;
        }
        let Some(ran) = self.ran.filter(|_| line.starts_with("OK") || line.starts_with("FAILED")) else { return false };
        let value = |name: &str| {
            let (_, rest) = line.split_once(name)?;
            rest.split(|character: char| !character.is_ascii_digit()).next()?.parse::<u64>().ok()
        };
        let failed = value("failures=").unwrap_or(0).saturating_add(value("errors=").unwrap_or(0));
        let skipped = value("skipped=").unwrap_or(0);
        let passed = ran.saturating_sub(failed).saturating_sub(skipped);
        self.last = Some(TestCounts { passed, failed, skipped });
        self.ran = None;
        true
    }
}

fn add(to: &mut TestCounts, more: &TestCounts) {
    to.passed = to.passed.saturating_add(more.passed);
    to.failed = to.failed.saturating_add(more.failed);
    to.skipped = to.skipped.saturating_add(more.skipped);
}

/// `test result: ok. 5 passed; 0 failed; 1 ignored; ...`, one for each binary.
fn cargo(line: &str) -> Option<TestCounts> {
    worded(line.strip_prefix("test result: ")?)
}

/// `--- PASS: TestOne (0.00s)`, one for each test.
fn go(line: &str) -> Option<TestCounts> {
    let rest = line.strip_prefix("--- ")?;
    let one = TestCounts::default();
    match rest.split_once(':')?.0 {
        "PASS" => Some(TestCounts { passed: 1, ..one }),
        "FAIL" => Some(TestCounts { failed: 1, ..one }),
        "SKIP" => Some(TestCounts { skipped: 1, ..one }),
        _ => None,
    }
}

/// `3 passed, 1 failed, 2 skipped`: numbers before words that everybody uses, in whatever order. One that only names
/// skipped tests is no summary.
fn worded(line: &str) -> Option<TestCounts> {
    let mut counts = TestCounts::default();
    let mut found = false;
    let mut before = None;
    for word in line.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if let Some(number) = before {
            let place = match word {
                "passed" | "passing" => &mut counts.passed,
                "failed" | "failing" | "error" | "errors" => &mut counts.failed,
                "skipped" | "ignored" | "pending" | "xfailed" => &mut counts.skipped,
                _ => {
                    before = word.parse::<u64>().ok();
                    continue;
                }
            };
            *place = place.saturating_add(number);
            found |= matches!(word, "passed" | "passing" | "failed" | "failing");
        }
        before = word.parse::<u64>().ok();
    }
    found.then_some(counts)
}

/// Without the escape sequences that colour a terminal.
fn without_colours(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(character) = rest.next() {
        if character == '\u{1b}' {
            let _ = rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            text.push(character);
        }
    }
    text
}
