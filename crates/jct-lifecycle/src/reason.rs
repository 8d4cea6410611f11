//! Reason codes: why an attempt or a task ended. An enum, so that every end has exactly one.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// The text names no reason code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown reason code")]
pub struct UnknownReason;

macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident = $text:literal, retry: $retry:literal;)+) => {
        /// Why an attempt or a task ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        pub enum ReasonCode {
            $($(#[$doc])+ #[serde(rename = $text)] $name,)+
        }

        impl ReasonCode {
            /// Every reason code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Whether an attempt that ended like this may be tried again: true for ends that say nothing about the
            /// work itself.
            #[must_use]
            pub const fn is_retryable(self) -> bool {
                match self { $(Self::$name => $retry,)+ }
            }
        }
    };
}

reasons! {
    /// The work ran and ended well.
    Completed = "COMPLETED", retry: false;
    /// The command ran and ended with a status other than zero.
    CommandFailed = "COMMAND_FAILED", retry: false;
    /// The work was ended by a signal that the tower did not send.
    CommandSignalled = "COMMAND_SIGNALLED", retry: false;
    /// The time budget ran out and the process tree was ended.
    TimeBudgetExceeded = "TIME_BUDGET_EXCEEDED", retry: false;
    /// Somebody cancelled the task.
    Cancelled = "CANCELLED", retry: false;
    /// What the task asks for is not possible as it is written.
    InvalidInput = "INVALID_INPUT", retry: false;
    /// No executor of the worker fits the task.
    NoExecutor = "NO_EXECUTOR", retry: false;
    /// The worker has no source for the task's repository.
    RepoNotConfigured = "REPO_NOT_CONFIGURED", retry: false;
    /// The repository has no such ref or path.
    RefNotFound = "REF_NOT_FOUND", retry: false;
    /// The repository could not be fetched or checked out.
    CheckoutFailed = "CHECKOUT_FAILED", retry: true;
    /// The worker failed around the work: no disk space, no process, no trace folder.
    WorkerError = "WORKER_ERROR", retry: true;
    /// The sandbox could not be set up as the task needs it; nothing of the task was run.
    SandboxFailed = "SANDBOX_FAILED", retry: true;
    /// The work used more memory than it may, and was ended.
    MemoryLimitExceeded = "MEMORY_LIMIT_EXCEEDED", retry: false;
    /// The work had more processes at once than it may, and was ended.
    ProcessLimitExceeded = "PROCESS_LIMIT_EXCEEDED", retry: false;
    /// The work wrote a larger file than it may, and was ended.
    FileSizeLimitExceeded = "FILE_SIZE_LIMIT_EXCEEDED", retry: false;
    /// The work wrote more than it may in all, and was ended.
    DiskLimitExceeded = "DISK_LIMIT_EXCEEDED", retry: false;
    /// The work used more processor time than it may, and was ended.
    CpuTimeLimitExceeded = "CPU_TIME_LIMIT_EXCEEDED", retry: false;
    /// The work printed more than it may, and was ended.
    OutputLimitExceeded = "OUTPUT_LIMIT_EXCEEDED", retry: false;
    /// The work waited for an answer that nobody gives, and was ended.
    NeedsInput = "NEEDS_INPUT", retry: false;
    /// What the work left behind could not be taken over: it breaks a rule of the hand-over.
    HandoverRefused = "HANDOVER_REFUSED", retry: false;
    /// The work ran to its end, and what it left does not do what the task asks for.
    ProofFailed = "PROOF_FAILED", retry: false;
    /// The lease ran out: the worker died, was cut off, or was paused.
    LeaseLost = "LEASE_LOST", retry: true;
    /// The worker was shutting down and gave the task back unfinished.
    GivenBack = "GIVEN_BACK", retry: true;
    /// Every allowed attempt ended in a retryable way.
    RetriesExhausted = "RETRIES_EXHAUSTED", retry: false;
    /// An executor outside the tower did not report within its time.
    ExternalTimeout = "EXTERNAL_TIMEOUT", retry: false;
    /// An executor or operator outside the tower reported the failure.
    ReportedFailure = "REPORTED_FAILURE", retry: false;
    /// The worker reported a failure that another attempt may not meet.
    ReportedRetryable = "REPORTED_RETRYABLE", retry: true;
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ReasonCode {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == text).ok_or(UnknownReason)
    }
}
