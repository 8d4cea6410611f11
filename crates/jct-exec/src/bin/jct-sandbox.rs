//! The launcher of sandboxes as a program of its own, for whoever embeds this crate in a binary that cannot begin with
//! [`jct_exec::sandbox::main_if_asked`], such as a test.

use std::process::ExitCode;

fn main() -> ExitCode {
    jct_exec::sandbox::main_if_asked();
    eprintln!("jct-sandbox is started by a worker, under names of its own");
    ExitCode::from(2)
}
