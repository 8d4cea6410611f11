//! Keeps `docs/cli.md` and the help in step: the page holds what the commands themselves say.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory as _};

use crate::cli::Cli;
use crate::exit::Exit;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
const BEGIN: &str = "<!-- generated: begin -->\n";
const END: &str = "<!-- generated: end -->\n";
/// Set to write the page instead of checking it.
const WRITE: &str = "JCT_TEST_UPDATE_DOCS";

#[test]
fn the_page_says_what_the_help_says() {
    let page = fs::read_to_string(PAGE).expect("docs/cli.md is there");
    let (head, rest) = page.split_once(BEGIN).expect("a beginning of the generated part");
    let (_, tail) = rest.split_once(END).expect("an end of the generated part");
    let expected = format!("{head}{BEGIN}{}{END}{tail}", generated());
    if std::env::var_os(WRITE).is_some() {
        fs::write(Path::new(PAGE), &expected).expect("docs/cli.md takes a write");
    } else {
        assert!(page == expected, "docs/cli.md is stale: run `{WRITE}=1 cargo test -p jct the_page`");
    }
}

#[test]
fn the_help_of_the_whole() {
    let help = Cli::command().term_width(100).render_long_help().to_string();
    insta::assert_snapshot!("help", trimmed(&help));
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

/// An argument that is called like a flag of all commands would be that flag: the address of the tower, or its key.
#[test]
fn no_argument_takes_the_name_of_a_global_one() {
    fn walk(command: &Command, globals: &[String]) {
        for argument in command.get_arguments().filter(|argument| !argument.is_global_set()) {
            assert!(!globals.contains(&argument.get_id().to_string()), "`{argument}` of `{}`", command.get_name());
        }
        command.get_subcommands().for_each(|command| walk(command, globals));
    }
    let all = Cli::command();
    let globals: Vec<_> =
        all.get_arguments().filter(|one| one.is_global_set()).map(|one| one.get_id().to_string()).collect();
    assert!(globals.len() >= 4, "{globals:?}");
    walk(&all, &globals);
}

#[test]
fn every_command_of_the_help_is_in_the_page_once() {
    let page = generated();
    for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let heading = format!("## jct {}\n", command.get_name());
        assert_eq!(page.matches(&heading).count(), 1, "{heading}");
    }
}

fn generated() -> String {
    let mut text = String::from("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for exit in Exit::ALL {
        writeln!(text, "| {} | {} |", exit.code(), exit.meaning()).expect("text");
    }
    let mut cli = Cli::command().term_width(100);
    cli.build();
    let help = trimmed(&cli.render_help().to_string());
    let global: Vec<_> = help.split("\n\n").filter(|part| part.starts_with("Global options:")).collect();
    writeln!(text, "\n## Options of every command\n\n```text\n{}\n```", global.join("\n\n")).expect("text");
    for command in cli.get_subcommands_mut() {
        describe(command, &mut text);
    }
    text.push('\n');
    text
}

/// The help of a command and of those below it, without what is the same everywhere.
fn describe(command: &mut Command, text: &mut String) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let help = trimmed(&command.clone().term_width(100).render_help().to_string());
    let own: Vec<_> = help.split("\n\n").filter(|part| !part.starts_with("Global options:")).collect();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    writeln!(text, "\n## {name}\n\n```text\n{}\n```", own.join("\n\n")).expect("text");
    for command in command.get_subcommands_mut() {
        describe(command, text);
    }
}

fn trimmed(help: &str) -> String {
    help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}
