//! What the measured process has used so far, as Linux tells it, and what it may use.

use std::fs;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Processor time of all threads that live.
pub(super) fn processor_time(pid: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let spent = threads.flatten().filter_map(|thread| {
        let told = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        told.split(' ').next()?.parse::<u64>().ok()
    });
    Some(Duration::from_nanos(spent.sum()))
}

/// Bytes that it had written to disk.
pub(super) fn written(pid: u32) -> Option<u64> {
    let told = fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    told.lines().find_map(|line| line.strip_prefix("write_bytes: "))?.parse().ok()
}

/// Lets this process hold as many connections as the machine allows it, which is more than the usual 1,024.
pub(super) fn hold_many_connections() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // A process that may not raise it meets the limit where it is, and the connection that fails tells of it.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_its_processor() {
        let pid = std::process::id();
        let before = processor_time(pid).expect("Linux tells");
        let mut sum = 0_u64;
        while processor_time(pid).expect("Linux tells") <= before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(written(pid).is_some());
        assert_eq!(processor_time(u32::MAX), None);
    }
}
