//! Resource limits of each process; what they cannot hold for a whole tree, the monitor and control groups do.

use std::fs;
use std::os::unix::fs::MetadataExt;

use jct_contract::IsolationLevel;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::super::limits::Limits;
use super::super::step::SandboxStep;
use super::failure::{At, Failure};

/// Room above the limit on processes: what goes beyond is to be seen by the monitor, and then ended. Being refused here
/// leaves no trace, so this is only for what grows faster than anyone looks.
const PROCESS_ROOM: u64 = 256;
const PROCESS_FACTOR: u64 = 4;

/// Processes and threads of this user on the whole machine.
fn threads_of_user() -> u64 {
    let user = rustix::process::getuid().as_raw();
    let own = |process: &fs::DirEntry| process.metadata().is_ok_and(|about| about.uid() == user);
    let threads = |process: fs::DirEntry| {
        let status = fs::read_to_string(process.path().join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("Threads:").map(str::trim).map(str::to_owned));
        line.and_then(|count| count.parse::<u64>().ok()).unwrap_or(0)
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter(own).map(threads).sum()
}

/// Sets the limits, the hard ones too; never above what this process was given itself.
pub(super) fn apply(level: IsolationLevel, limits: &Limits) -> Result<(), Failure> {
    let mut wanted = vec![
        (Resource::Core, 0),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Nofile, u64::from(limits.open_files)),
    ];
    let room = u64::from(limits.processes) * PROCESS_FACTOR + PROCESS_ROOM;
    // Outside a namespace of the run's own, this counts all that the user runs anywhere.
    let others = if level == IsolationLevel::L3 { 0 } else { threads_of_user() };
    wanted.push((Resource::Nproc, others.saturating_add(room)));
    wanted.extend(limits.cpu_seconds.map(|seconds| (Resource::Cpu, seconds)));
    for (resource, most) in wanted {
        let most = getrlimit(resource).maximum.map_or(most, |given| given.min(most));
        // One second later, the hard limit on time ends what ignores the signal of the soft one.
        let hard = if matches!(resource, Resource::Cpu) { most.saturating_add(1) } else { most };
        let given = getrlimit(resource).maximum;
        let hard = given.map_or(hard, |given| given.min(hard));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(hard) })
            .at(SandboxStep::Limits, &format!("limit {resource:?}"))?;
    }
    Ok(())
}
