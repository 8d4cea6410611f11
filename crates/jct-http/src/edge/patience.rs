//! How long an answer may take. Two routes wait on purpose: for a job to come, and for a file to arrive.

use std::time::Duration;

/// The longest that a worker can ask to wait for a job.
pub(crate) const LONGEST_CLAIM_WAIT: Duration = Duration::from_secs(60);
/// The longest that a file of a job may take to arrive.
const LONGEST_UPLOAD: Duration = Duration::from_secs(600);

/// The time from the first byte of a request to its answer.
pub(super) fn of(path: &str, request_timeout: Duration) -> Duration {
    let extra = match path.strip_prefix("/api/queue/jobs/") {
        Some("claim") => LONGEST_CLAIM_WAIT,
        Some(rest) if rest.ends_with("/artifacts/upload") => LONGEST_UPLOAD,
        Some(_) | None => Duration::ZERO,
    };
    request_timeout + extra
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_waits_and_uploads_get_longer() {
        let usual = Duration::from_secs(30);
        assert_eq!(of("/api/queue/jobs/claim", usual), usual + LONGEST_CLAIM_WAIT);
        assert_eq!(of("/api/queue/jobs/x/artifacts/upload", usual), usual + LONGEST_UPLOAD);
        for path in ["/api/queue/jobs", "/api/queue/jobs/x/heartbeat", "/tasks", "/x/artifacts/upload"] {
            assert_eq!(of(path, usual), usual, "{path}");
        }
    }
}
