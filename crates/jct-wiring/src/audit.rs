//! The audit log: with which key it is sealed, how often, and where the copy goes.

use std::time::Duration;

use jct_config::Config;
use jct_tower::audit::SealerOptions;

/// How the log is sealed.
#[must_use]
pub fn sealer_options(config: &Config) -> SealerOptions {
    let audit = &config.audit;
    SealerOptions {
        key_file: audit.key_file.clone(),
        checkpoint_file: audit.checkpoint_file.clone(),
        entries: audit.checkpoint_entries,
        interval: Duration::from_secs(audit.checkpoint_seconds),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use jct_config::Sources;

    use super::*;

    #[test]
    fn the_defaults_lie_in_the_folder_of_the_state() {
        let options = sealer_options(&Config::resolve(&Sources::default()).unwrap());
        let expected = SealerOptions {
            key_file: PathBuf::from("./.jct/audit.key"),
            checkpoint_file: PathBuf::from("./.jct/audit-checkpoints.jsonl"),
            entries: 10_000,
            interval: Duration::from_secs(60),
        };
        assert_eq!(options, expected);
    }
}
