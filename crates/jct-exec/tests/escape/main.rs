//! The escape matrix: what a sandboxed program tries, beside the same attempt unsandboxed.
//!
//! One binary in four parts, because an attack wants a worker to attack: the test starts a *worker* for each level and
//! user, the worker runs real sandboxes, and in them this binary again as the *attempt*. The test harness is our own,
//! so that the counted skips are printed whether or not something failed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attempts;
mod host;
mod judge;
mod limits;
mod matrix;
mod row;
mod scene;
mod survive;
mod table;
mod toolchain;
mod tools;
mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    jct_exec::sandbox::main_if_asked();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["attempt", name, scene] => attempts::main(name, scene),
        ["worker", options] => worker::main(options),
        ["sleeper", options] => survive::sleeper(options),
        ["machine-gives", level] => u8::from(!matrix::machine_gives(level)).into(),
        _ => run(&libtest_mimic::Arguments::from_args()),
    }
}

fn run(arguments: &libtest_mimic::Arguments) -> ExitCode {
    let tools = tools::Tools::make();
    let mut trials = matrix::trials(&tools);
    trials.extend(limits::trials(&tools));
    trials.extend(survive::trials(&tools));
    trials.extend(toolchain::trials(&tools));
    // The same without root's means: no control groups, another way to count.
    for part in ["limits", "survive"].into_iter().filter(|_| tools::is_root()) {
        let tools = std::sync::Arc::clone(&tools);
        let name = format!("as-ordinary::{part}");
        trials.push(libtest_mimic::Trial::test(name, move || tools.run_as(tools::User::Ordinary, part)));
    }
    let conclusion = libtest_mimic::run(arguments, trials);
    matrix::print_skipped();
    conclusion.exit_code()
}
