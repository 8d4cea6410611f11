//! Programs that the executors need.

use jct_exec::Prober;

use super::check::{Check, with_causes};

pub(super) async fn git() -> Check {
    match Prober.git_version().await {
        Ok(version) => Check::ok("git", format!("version {version}")),
        Err(error) => Check::problem("git", with_causes(&error), "install git 2.32 or newer and put it into PATH"),
    }
}
