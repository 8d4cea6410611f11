//! A value must not become part of a program. Arguments of a command are safe, whatever is in them; the program that a
//! shell or an interpreter is given to run as text is not.

use jct_contract::door::Path;
use serde_json::Value;

use super::mark;
use crate::violation::{DefinitionCode, Found};

/// Programs that run a text that they are given, and the short options for it. A version at the end of a name, as in
/// `python3.12`, makes no difference.
const RUNNERS: [(&str, &[char]); 15] = [
    ("sh", &['c']),
    ("bash", &['c']),
    ("dash", &['c']),
    ("ash", &['c']),
    ("zsh", &['c']),
    ("ksh", &['c']),
    ("fish", &['c']),
    ("busybox", &['c']),
    ("su", &['c']),
    ("env", &['S']),
    ("python", &['c']),
    ("perl", &['e', 'E']),
    ("ruby", &['e']),
    ("php", &['r']),
    ("node", &['e', 'p']),
];
/// Their long options for it.
const LONG: [&str; 5] = ["--command", "--eval", "--print", "--run", "--split-string"];

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
        let Some((runner, options)) = runner(word) else { continue };
        let rest = words.iter().enumerate().skip(at + 1).skip_while(|(_, word)| !is_inline(word, options));
        for (index, word) in rest {
            if mark::is_marked(word) {
                let message = format!(
                    "the value of an expression would become part of a program for `{runner}`; hand it over as an \
                     argument instead, as in [\"sh\", \"-c\", \"echo \\\"$1\\\"\", \"sh\", \"${{{{ … }}}}\"]"
                );
                found.report(path.index(index), DefinitionCode::ShellInjection, message);
                return;
            }
            // Further options may stand in between; the first plain word is the program, what follows are its arguments.
            if !word.starts_with(['-', '+']) {
                break;
            }
        }
    }
}

/// The runner that a word names, with its options.
fn runner(word: &str) -> Option<(&'static str, &'static [char])> {
    let program = word.rsplit('/').next().unwrap_or_default();
    let program = program.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.' || last == '-');
    let program = if program == "nodejs" { "node" } else { program };
    RUNNERS.into_iter().find(|(runner, _)| *runner == program)
}

/// Whether the word is an option after which a program stands: one of these in a cluster of short options, such as `-c`
/// and `-euxc`, or a long one.
fn is_inline(word: &str, options: &[char]) -> bool {
    if word.starts_with("--") {
        return LONG.contains(&word.split('=').next().unwrap_or_default());
    }
    word.strip_prefix('-').is_some_and(|cluster| cluster.contains(options))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_command(words: &[&str], is_refused: bool) {
        let mut found = Found::default();
        check(&json!({ "command": words }), Path::Root, &mut found);
        assert_eq!(!found.is_empty(), is_refused, "{words:?}");
    }

    #[test]
    fn no_value_becomes_a_part_of_a_program() {
        const X: &str = "${{ event.data.x }}";
        for words in [
            &["sh", "-c", X][..],
            &["sh", "-c", "-e", X],
            &["bash", "-c", "--", X],
            &["bash", "-c", "+x", "-e", X],
            &["/bin/bash", "-euxc", X],
            &["nice", "sh", "-c", X],
            &["sh", "-ec", "echo ${{ event.data.x }}"],
            &["python3.12", "-c", X],
            &["nodejs", "-e", X],
            &["node", "--eval", X],
            &["env", "--split-string=${{ event.data.x }}"],
            &["php", "-r", X],
            &["su", "-c", X],
            &[X, "a"],
        ] {
            check_command(words, true);
        }
        for words in [
            &["sh", "-c", "echo \"$1\"", "sh", X][..],
            &["bash", "-c", "-e", "echo \"$1\"", "bash", X],
            &["echo", X],
            &["python3", "script.py", X],
            &["sh", "build.sh", X],
        ] {
            check_command(words, false);
        }
    }
}
