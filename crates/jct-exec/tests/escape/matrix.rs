//! The matrix as tests: one for each level and user. What could not be shown is counted and printed.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use jct_exec::sandbox::IsolationLevel;
use libtest_mimic::{Failed, Trial};
use nix::libc;

use crate::attempts::syscall::raw;
use crate::judge::Verdict;
use crate::row::Place;
use crate::scene::SECRET;
use crate::tools::{Tools, User};
use crate::worker::{Finding, Options};

/// Everything that could not be shown, and why; printed at the end of the run.
static SKIPPED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A level, and the next one, which it must not be taken for.
const MISTAKEN: [(IsolationLevel, IsolationLevel); 3] = [
    (IsolationLevel::L0, IsolationLevel::L1),
    (IsolationLevel::L1, IsolationLevel::L2),
    (IsolationLevel::L2, IsolationLevel::L3),
];

pub(crate) fn trials(tools: &Arc<Tools>) -> Vec<Trial> {
    let mistaken = MISTAKEN.map(|(given, promised)| {
        let tools = Arc::clone(tools);
        let name = format!("matrix::notices-{given}-in-place-of-{promised}");
        Trial::test(name, move || notices(&tools, Place::Level(given), Place::Level(promised)))
    });
    let mut trials = Vec::from(mistaken);
    trials.extend(checks(tools));
    trials
}

fn checks(tools: &Arc<Tools>) -> Vec<Trial> {
    let pairs = Place::ALL.into_iter().flat_map(|place| User::ALL.map(|user| (place, user)));
    pairs
        .map(|(place, user)| {
            let tools = Arc::clone(tools);
            Trial::test(format!("matrix::{place}::{}", user.name()), move || check(&tools, place, user))
        })
        .collect()
}

/// Notes something that could not be shown.
pub(crate) fn skipped(what: String) {
    SKIPPED.lock().unwrap().push(what);
}

/// Says what was not shown.
pub(crate) fn print_skipped() {
    let skipped = SKIPPED.lock().unwrap();
    println!("{} skipped", skipped.len());
    skipped.iter().for_each(|what| println!("  {what}"));
}

fn check(tools: &Tools, place: Place, user: User) -> Result<(), Failed> {
    let at = format!("{place} as {}", user.name());
    if !user.is_possible() {
        skipped(format!("{at}: all rows, the tests do not run as root"));
        return Ok(());
    }
    let findings = findings(tools, place, None, user)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for finding in findings {
        match finding {
            Finding::Unavailable(why) => return unavailable(tools, &at, place, user, &why),
            Finding::Row { name, verdict } => {
                let word = match verdict {
                    Verdict::Held => "held",
                    Verdict::Uncontrolled => "held without a control",
                    Verdict::NotPromised => "not promised",
                    Verdict::Skipped(why) => {
                        skipped(format!("{at}: {name}: {why}"));
                        "skipped"
                    }
                    Verdict::Failed(why) => {
                        failures.push(format!("{name}: {why}"));
                        "failed"
                    }
                };
                *counts.entry(word).or_default() += 1;
            }
        }
    }
    let counts: Vec<_> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    println!("{at}: {}", counts.join(", "));
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

/// The matrix must see the difference between two levels: what only the higher one refuses is a breach in the lower.
fn notices(tools: &Tools, given: Place, promised: Place) -> Result<(), Failed> {
    let user = User::Ordinary;
    if let Finding::Unavailable(why) = &findings(tools, promised, None, user)?[0] {
        skipped(format!("{given} in place of {promised}: {why}"));
        return Ok(());
    };
    let findings = findings(tools, given, Some(promised), user)?;
    let is_breach = |verdict: &Verdict| matches!(verdict, Verdict::Failed(why) if why.contains("BREACH"));
    let breaches =
        findings.iter().filter(|finding| matches!(finding, Finding::Row { verdict, .. } if is_breach(verdict)));
    match breaches.count() {
        0..3 => Err(format!("{given} passed for {promised}").into()),
        seen => {
            println!("{given} in place of {promised}: {seen} breaches were noticed");
            Ok(())
        }
    }
}

/// Runs a worker as the user and reads what it found.
fn findings(tools: &Tools, place: Place, promised: Option<Place>, user: User) -> Result<Vec<Finding>, Failed> {
    let programs = tools.programs(user);
    let attempts = programs.attempts.clone();
    let options = serde_json::to_string(&Options {
        programs,
        place: place.to_string(),
        promised: promised.map(|place| place.to_string()),
    })
    .unwrap();
    let output = user
        .command(&attempts)
        .args(["worker", options.as_str()])
        .env("JCT_API_KEY", SECRET)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("the worker ended with {}", output.status).into());
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    lines.lines().map(|line| serde_json::from_str(line).map_err(Failed::from)).collect()
}

/// A level that the machine does not give is skipped, unless a look of our own says that it could.
fn unavailable(tools: &Tools, at: &str, place: Place, user: User, why: &str) -> Result<(), Failed> {
    let attempts = tools.programs(user).attempts;
    let status = user.command(&attempts).args(["machine-gives", place.level().as_str()]).status()?;
    if status.success() {
        return Err(format!("this machine can give {}, but the sandbox says: {why}", place.level()).into());
    }
    skipped(format!("{at}: all rows, {why}"));
    Ok(())
}

/// Whether the kernel gives this process what a level is made of. Independent of the probe on purpose.
pub(crate) fn machine_gives(level: &str) -> bool {
    const NAMESPACES: usize = 0x1000_0000 | 0x0002_0000 | 0x4000_0000 | 0x2000_0000 | 0x0800_0000 | 0x0400_0000;
    let landlock = || raw(libc::SYS_landlock_create_ruleset, [0, 0, 1]).is_ok();
    match level.parse() {
        Ok(IsolationLevel::L0 | IsolationLevel::L1) => true,
        Ok(IsolationLevel::L2) => landlock(),
        Ok(IsolationLevel::L3) => landlock() && raw(libc::SYS_unshare, [NAMESPACES]).is_ok(),
        Err(_) => false,
    }
}
