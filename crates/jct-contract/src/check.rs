//! The checks that a task brings along: commands that somebody other than the executor runs on what it left behind.

use serde_json::{Map, Value};

use crate::door::{Path, Violations};
use crate::free_form::{command, excerpt};
use crate::limits::{CHECK_NAME_MAX_CHARS, CHECKS_MAX_ITEMS};
use crate::violation::ViolationCode;

const MEMBERS: [&str; 3] = ["name", "command", "criterion"];

/// One check: it holds if its command exits with status 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is called: 1 to 128 characters, unique within the task.
    pub name: String,
    /// The program and its arguments; never empty.
    pub command: Vec<String>,
    /// The index of the acceptance criterion that it decides, if it names one.
    pub criterion: Option<u32>,
}

/// Reads `inputs.checks`, reporting whatever is wrong with it. `null` is the same as absent. The result is only to be
/// used when nothing was reported.
pub(crate) fn read(value: &Value, criteria: &[&str], path: Path<'_>, violations: &mut Violations) -> Vec<Check> {
    if value.is_null() {
        return Vec::new();
    }
    let Some(items) = value.as_array() else {
        refuse(path, "must be an array of checks", violations);
        return Vec::new();
    };
    if items.len() > CHECKS_MAX_ITEMS {
        refuse(path, format!("must have at most {CHECKS_MAX_ITEMS} checks, has {}", items.len()), violations);
        return Vec::new();
    }
    let mut checks: Vec<Check> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = path.index(index);
        let Some(check) = check(item, criteria, path, violations) else { continue };
        if checks.iter().any(|other| other.name == check.name) {
            refuse(path.name("name"), "another check has this name already", violations);
        }
        checks.push(check);
    }
    checks
}

fn check(value: &Value, criteria: &[&str], path: Path<'_>, violations: &mut Violations) -> Option<Check> {
    let Some(members) = value.as_object() else {
        refuse(path, "must be an object with `name`, `command` and, if wanted, `criterion`", violations);
        return None;
    };
    for name in members.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
        let message = format!("a check has no `{}`; its members are `name`, `command`, `criterion`", excerpt(name));
        refuse(path.name(name), message, violations);
    }
    let name = name(members, path, violations);
    let command = members.get("command").and_then(command);
    if command.is_none() {
        let message = "must be a non-empty array of strings that begins with the program";
        refuse(path.name("command"), message, violations);
    }
    let criterion = match members.get("criterion") {
        None | Some(Value::Null) => Some(None),
        Some(named) => criterion(named, criteria, path.name("criterion"), violations).map(Some),
    };
    Some(Check { name: name?, command: command?, criterion: criterion? })
}

fn name(members: &Map<String, Value>, path: Path<'_>, violations: &mut Violations) -> Option<String> {
    let name = members.get("name").and_then(Value::as_str);
    let fits = |name: &&str| (1..=CHECK_NAME_MAX_CHARS).contains(&name.chars().count()) && !name.trim().is_empty();
    let name = name.filter(fits);
    if name.is_none() {
        let message = format!("must be a string of 1 to {CHECK_NAME_MAX_CHARS} characters that is not blank");
        refuse(path.name("name"), message, violations);
    }
    name.map(str::to_owned)
}

/// An index, or the exact text of a criterion; of two criteria with one text it is the first.
fn criterion(named: &Value, criteria: &[&str], path: Path<'_>, violations: &mut Violations) -> Option<u32> {
    let index = match named {
        Value::String(text) => criteria.iter().position(|criterion| criterion == text),
        Value::Number(number) => {
            let index = number.as_u64().and_then(|index| usize::try_from(index).ok());
            index.filter(|index| *index < criteria.len())
        }
        _ => None,
    };
    let index = index.and_then(|index| u32::try_from(index).ok());
    if index.is_none() {
        let message = match criteria.len() {
            0 => "names a criterion, but the task has no `acceptance_criteria`".to_owned(),
            count => {
                format!("must be the index (0 to {}) or the exact text of one of `acceptance_criteria`", count - 1)
            }
        };
        refuse(path, message, violations);
    }
    index
}

fn refuse(path: Path<'_>, message: impl Into<String>, violations: &mut Violations) {
    violations.report(path, ViolationCode::InvalidCheck, message);
}
