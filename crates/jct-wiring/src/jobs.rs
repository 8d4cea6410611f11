//! Jobs over HTTP: where their files are kept, and when they are tried again.

use jct_config::Config;
use jct_tower::jobs::{ArtifactOptions, JobOptions};
use jct_trace::BlobRoot;

use crate::retry_policy;

/// What is configured about jobs. A server whose folder of artifacts cannot be opened serves everything else.
#[must_use]
pub fn job_options(config: &Config) -> JobOptions {
    let artifacts = match BlobRoot::open(&config.artifacts.root) {
        Ok(root) => Some(ArtifactOptions {
            root,
            max_bytes: config.artifacts.max_bytes,
            job_quota_bytes: config.artifacts.job_quota_bytes,
        }),
        Err(error) => {
            log::warn!(cause:% = error; "the folder of artifacts cannot be opened; jobs leave no files here");
            None
        }
    };
    JobOptions { artifacts, retry: retry_policy(config) }
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;

    #[test]
    fn a_folder_that_cannot_be_made_leaves_jobs_without_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let options = |root: &std::path::Path| {
            let mut config = Config::resolve(&Sources::default()).unwrap();
            config.artifacts.root = root.to_owned();
            job_options(&config).artifacts
        };
        assert!(options(&file.join("below")).is_none());
        let options = options(&folder.path().join("new/artifacts")).unwrap();
        assert_eq!((options.max_bytes, options.job_quota_bytes), (50 << 20, 1 << 30));
    }
}
