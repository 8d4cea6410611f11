//! From why an executor failed to the code that the task gets.

use jct_exec::FailureReason;
use jct_exec::sandbox::Limit;
use jct_lifecycle::ReasonCode;

pub(crate) fn reason_code(reason: FailureReason) -> ReasonCode {
    match reason {
        FailureReason::CommandFailed { .. } => ReasonCode::CommandFailed,
        FailureReason::CommandSignalled { .. } => ReasonCode::CommandSignalled,
        FailureReason::InvalidInput | FailureReason::CommandNotFound => ReasonCode::InvalidInput,
        FailureReason::RepoNotConfigured => ReasonCode::RepoNotConfigured,
        FailureReason::RefNotFound | FailureReason::PathNotFound => ReasonCode::RefNotFound,
        FailureReason::FetchFailed | FailureReason::FetchTimedOut | FailureReason::CheckoutFailed => {
            ReasonCode::CheckoutFailed
        }
        FailureReason::SandboxFailed => ReasonCode::SandboxFailed,
        FailureReason::LimitHit { limit } => limit_code(limit),
        FailureReason::NeedsInput => ReasonCode::NeedsInput,
        FailureReason::HandoverRefused => ReasonCode::HandoverRefused,
        // Whatever else an executor may come to say, calling it the worker's failure has it tried again.
        _ => ReasonCode::WorkerError,
    }
}

const fn limit_code(limit: Limit) -> ReasonCode {
    match limit {
        Limit::Memory => ReasonCode::MemoryLimitExceeded,
        Limit::Processes => ReasonCode::ProcessLimitExceeded,
        Limit::FileSize => ReasonCode::FileSizeLimitExceeded,
        Limit::Disk => ReasonCode::DiskLimitExceeded,
        Limit::CpuTime => ReasonCode::CpuTimeLimitExceeded,
        Limit::Output => ReasonCode::OutputLimitExceeded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_of_the_surroundings_are_retried() {
        for reason in [
            FailureReason::CommandFailed { exit_code: 1 },
            FailureReason::CommandSignalled { signal: 9 },
            FailureReason::CommandNotFound,
            FailureReason::CommandNotStarted,
            FailureReason::InvalidInput,
            FailureReason::RepoNotConfigured,
            FailureReason::RefNotFound,
            FailureReason::PathNotFound,
            FailureReason::FetchFailed,
            FailureReason::FetchTimedOut,
            FailureReason::CheckoutFailed,
            FailureReason::GitUnavailable,
            FailureReason::WorkspaceFailed,
            FailureReason::ArtifactFailed,
            FailureReason::ServiceFailed,
            FailureReason::SandboxFailed,
            FailureReason::LimitHit { limit: Limit::Memory },
            FailureReason::NeedsInput,
            FailureReason::HandoverRefused,
        ] {
            assert_eq!(reason_code(reason).is_retryable(), reason.is_infrastructure(), "{reason:?}");
        }
    }
}
