//! Everything that runs inside a sandbox as a program of its own, for whoever embeds this crate in a binary that cannot
//! begin with [`jct_agent::main_if_asked`], such as a test.

use std::process::ExitCode;

fn main() -> ExitCode {
    jct_exec::sandbox::main_if_asked();
    jct_agent::main_if_asked();
    eprintln!("jct-agent-inside is started by a worker, with orders of its own");
    ExitCode::from(2)
}
