//! The prover on real repositories and in the real sandbox: honest work, and every way of not being honest.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

/// One trial for each function; those that wait are run to their end.
macro_rules! trials {
    ($($name:ident),+ $(,)?) => {
        pub(crate) fn trials() -> Vec<libtest_mimic::Trial> {
            vec![$(
                libtest_mimic::Trial::test(concat!(module_path!(), "::", stringify!($name)), || {
                    crate::support::wait($name());
                    Ok(())
                }),
            )+]
        }
    };
}

mod checks;
mod guard;
mod secrets;
mod support;
mod verdicts;

use libtest_mimic::Arguments;

fn main() {
    // Before anything else: this binary is also the inside of its own sandboxes.
    jct_exec::sandbox::main_if_asked();
    let trials = [verdicts::trials(), checks::trials(), secrets::trials(), guard::trials()];
    let trials = trials.into_iter().flatten().collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
