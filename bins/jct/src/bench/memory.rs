//! Resident memory of the measured process, as Linux tells it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(50);

/// Resident memory of a process in bytes, if it lives and the system tells.
pub(super) fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    kib.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Looks at a process until it is stopped.
#[derive(Debug)]
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    peak: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Watch {
    pub(super) fn start(pid: u32) -> Self {
        let (stop, peak) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let thread = thread::spawn({
            let (stop, peak) = (Arc::clone(&stop), Arc::clone(&peak));
            move || loop {
                peak.fetch_max(resident(pid).unwrap_or(0), Ordering::Relaxed);
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                thread::sleep(INTERVAL);
            }
        });
        Self { stop, peak, thread }
    }

    /// The most that was seen, in bytes.
    pub(super) fn finish(self) -> Option<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().ok()?;
        Some(self.peak.load(Ordering::Relaxed)).filter(|peak| *peak > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory() {
        let pid = std::process::id();
        assert!(resident(pid).expect("Linux tells") > 1024 * 1024);
        assert!(Watch::start(pid).finish().is_some());
        assert_eq!(resident(u32::MAX), None);
    }
}
