//! Removes what crashed workers left: folders that were begun, and will never be sealed.

use std::io;
use std::time::Duration;

use jct_contract::Timestamp;

use crate::remove::remove;
use crate::{TemporaryFolder, TraceRoot};

/// When a folder that is not sealed counts as left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepPolicy {
    /// The current time.
    pub now: Timestamp,
    /// Folders that changed within this span are kept, so that one just begun is never mistaken.
    pub older_than: Duration,
}

/// What a sweep did.
#[derive(Debug, Default)]
pub struct SweepReport {
    /// Folders that were removed.
    pub removed: Vec<TemporaryFolder>,
    /// Folders that could not be removed, and why.
    pub failed: Vec<(TemporaryFolder, io::Error)>,
}

impl TraceRoot {
    /// Removes the temporary folders that are old and not live.
    ///
    /// `is_live` says whether the lease in the name still stands: an attempt may run for longer than `older_than`
    /// without changing its folder. Names that are not from this crate are left alone. Several workers may sweep one
    /// root at once.
    ///
    /// # Errors
    /// The folders cannot be listed. A folder that cannot be removed is in the report.
    pub fn sweep_orphans(
        &self,
        policy: SweepPolicy,
        is_live: impl Fn(&TemporaryFolder) -> bool,
    ) -> io::Result<SweepReport> {
        let unsealed = &self.shared().unsealed;
        let mut report = SweepReport::default();
        for name in unsealed.entries()? {
            let name = name?;
            let Some(folder) = name.as_os_str().to_str().and_then(|text| text.parse::<TemporaryFolder>().ok()) else {
                continue;
            };
            let Some(stat) = unsealed.stat(name.as_os_str())? else {
                continue;
            };
            let changed = Timestamp::from_micros(stat.st_mtime.saturating_mul(1_000_000));
            if policy.now.since(changed) < policy.older_than || is_live(&folder) {
                continue;
            }
            match remove(unsealed, name.as_os_str()) {
                Ok(()) => report.removed.push(folder),
                Err(error) => report.failed.push((folder, error)),
            }
        }
        Ok(report)
    }
}
