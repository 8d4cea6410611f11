//! A value must not become part of a program. Arguments of a command are safe, whatever is in them; the program that a
//! shell or an interpreter is given to run as text is not.

use jct_contract::door::Path;
use serde_json::Value;

use super::mark;
use crate::violation::{DefinitionCode, Found};

/// Programs that run a text that they are given, and the option for it.
const RUNNERS: [(&str, &[&str]); 14] = [
    ("sh", &["c"]),
    ("bash", &["c"]),
    ("dash", &["c"]),
    ("ash", &["c"]),
    ("zsh", &["c"]),
    ("ksh", &["c"]),
    ("fish", &["c"]),
    ("busybox", &["c"]),
    ("env", &["S"]),
    ("python", &["c"]),
    ("python3", &["c"]),
    ("perl", &["e", "E"]),
    ("ruby", &["e"]),
    ("node", &["e", "p"]),
];

/// Reports expressions that would choose what is run, in `inputs.command`, in the `run` steps of `inputs.script` and in
/// `inputs.checks`. `inputs` stands at `path`.
pub(super) fn check(inputs: &Value, path: Path<'_>, found: &mut Found) {
    if is_whole(inputs, path, found) {
        return;
    }
    if let Some(command) = inputs.get("command") {
        commands(command, path.name("command"), found);
    }
    let script = path.name("script");
    each(inputs.get("script"), script, found, |step, at, found| {
        let Some(run) = step.get("run") else { return };
        let at = at.name("run");
        if !is_whole(run, at, found) {
            commands(run.get("command").unwrap_or(&Value::Null), at.name("command"), found);
        }
    });
    let checks = path.name("checks");
    each(inputs.get("checks"), checks, found, |check, at, found| {
        commands(check.get("command").unwrap_or(&Value::Null), at.name("command"), found);
    });
}

/// Whether an expression gives all of it. Reports that: then it would choose what is run as well.
fn is_whole(value: &Value, path: Path<'_>, found: &mut Found) -> bool {
    let is_whole = value.as_str().is_some_and(mark::is_marked);
    if is_whole {
        let message = "what is run cannot come from an expression, only its arguments";
        found.report(path, DefinitionCode::ShellInjection, message);
    }
    is_whole
}

/// Looks at every item of a list, unless an expression gives it or the list.
fn each(list: Option<&Value>, path: Path<'_>, found: &mut Found, look: impl Fn(&Value, Path<'_>, &mut Found)) {
    let Some(list) = list else { return };
    if is_whole(list, path, found) {
        return;
    }
    for (index, item) in list.as_array().into_iter().flatten().enumerate() {
        if !is_whole(item, path.index(index), found) {
            look(item, path.index(index), found);
        }
    }
}

/// One command, or a list of commands.
fn commands(value: &Value, path: Path<'_>, found: &mut Found) {
    if is_whole(value, path, found) {
        return;
    }
    if value.as_array().is_some_and(|items| items.iter().any(Value::is_array)) {
        each(Some(value), path, found, command);
    } else {
        command(value, path, found);
    }
}

fn command(value: &Value, path: Path<'_>, found: &mut Found) {
    let words: Vec<&str> =
        value.as_array().into_iter().flatten().map(|word| word.as_str().unwrap_or_default()).collect();
    if words.first().is_some_and(|program| mark::is_marked(program)) {
        let message = "what is run cannot come from an expression, only its arguments";
        found.report(path.index(0), DefinitionCode::ShellInjection, message);
    }
    // A runner may stand behind another program, as in `nice sh -c`, so that every word is looked at.
    for (at, word) in words.iter().enumerate() {
        let program = word.rsplit('/').next().unwrap_or_default();
        let Some((_, options)) = RUNNERS.iter().find(|(runner, _)| *runner == program) else { continue };
        let rest = words.iter().enumerate().skip(at + 1);
        let mut rest = rest.skip_while(|(_, word)| !is_option(word, options));
        let inline = rest.next();
        let inline = inline.filter(|(_, word)| mark::is_marked(word)).or_else(|| rest.next());
        if let Some((index, _)) = inline.filter(|(_, word)| mark::is_marked(word)) {
            let message = format!(
                "the value of an expression would become part of a program for `{program}`; hand it over as an \
                 argument instead, as in [\"sh\", \"-c\", \"echo \\\"$1\\\"\", \"sh\", \"${{{{ … }}}}\"]"
            );
            found.report(path.index(index), DefinitionCode::ShellInjection, message);
            return;
        }
    }
}

/// Whether the word is a cluster of short options with one of these among them, such as `-c` and `-euxc`.
fn is_option(word: &str, options: &[&str]) -> bool {
    let Some(cluster) = word.strip_prefix('-').filter(|cluster| !cluster.starts_with('-')) else { return false };
    options.iter().any(|option| cluster.contains(option))
}
