//! The sections: one struct of plain data per concern, each field with its key, variable, default and range.

use std::net::IpAddr;
use std::path::PathBuf;

use jct_contract::ExecutorName;
use jct_policy::{PolicyConfig, PolicyConfigError, RepoPrefix};

use crate::execution::{ApprovedVerdict, ListedPath, MinimumLevel, SandboxLevel, VariableName};
use crate::key::{Fallback, section};
use crate::setting::choice;
use crate::text::{CorsOrigin, LogFilter, TowerUrl, TraceDirectory, WorkerName};
use crate::{DatabaseUrl, Secret};

const DAY_SECONDS: u64 = 86_400;
const MIB: u64 = 1024 * 1024;

section! {
    /// Where state is kept.
    pub struct Database("database") {
        /// Database: `sqlite:` with a path, or `postgres://`. Picks the engine.
        url: DatabaseUrl = Fallback::Text("sqlite://.jct/jct.db"), "DATABASE_URL";
        /// Whether a binary brings the schema up to date when it starts; `false` makes it refuse an old schema instead.
        migrate: bool = Fallback::Text("true"), "JCT_DATABASE_MIGRATE";
        /// Connections that only read.
        read_connections: u32 = Fallback::Text("4"), "JCT_DATABASE_READ_CONNECTIONS", 1..=256;
        /// Group-commit writers on PostgreSQL; SQLite always has one.
        writers: u32 = Fallback::Text("4"), "JCT_DATABASE_WRITERS", 1..=64;
    }
}

section! {
    /// The HTTP server.
    pub struct Api("api") {
        /// Address to listen on. Without any key configured, only a loopback address is accepted.
        host: IpAddr = Fallback::Text("127.0.0.1"), "API_HOST";
        /// Port to listen on; 0 lets the system choose one.
        port: u16 = Fallback::Text("8000"), "API_PORT", 0..=65_535;
        /// Key of the built-in principal `operator`, at least 16 visible ASCII characters.
        key: Option<Secret> = Fallback::Text(""), "JCT_API_KEY";
        /// Whether an address that is not loopback may be served with no key configured.
        allow_unauthenticated: bool = Fallback::Text("false"), "JCT_API_ALLOW_UNAUTHENTICATED";
        /// Origins that browsers may call from; empty keeps cross-origin requests off.
        cors_origins: Vec<CorsOrigin> = Fallback::Text(""), "JCT_API_CORS_ORIGINS";
        /// Largest request body, in bytes.
        body_limit_bytes: u64 = Fallback::Text("1048576"), "JCT_API_BODY_LIMIT_BYTES", 1024..=64 * MIB;
        /// Largest body of a batch request, in bytes.
        batch_body_limit_bytes: u64 = Fallback::Text("16777216"), "JCT_API_BATCH_BODY_LIMIT_BYTES", 1024..=256 * MIB;
        /// Time for one request to be received and answered, in seconds.
        request_timeout_seconds: u64 = Fallback::Text("30"), "JCT_API_REQUEST_TIMEOUT_SECONDS", 1..=3600;
        /// Connections served at once by one server thread.
        max_connections: u32 = Fallback::Text("10000"), "JCT_API_MAX_CONNECTIONS", 1..=1_000_000;
        /// Time an idle connection is kept, in seconds.
        keep_alive_seconds: u64 = Fallback::Text("75"), "JCT_API_KEEP_ALIVE_SECONDS", 1..=3600;
        /// Time given to requests in flight at shutdown, in seconds.
        shutdown_grace_seconds: u64 = Fallback::Text("30"), "JCT_API_SHUTDOWN_GRACE_SECONDS", 0..=3600;
        /// Server threads.
        workers: u32 = Fallback::Cores, "JCT_API_WORKERS", 1..=1024;
        /// Whether a task that is handed in brings its work objects (repository, issue, context, constraints) with it when
        /// the caller does not say.
        create_cwom: bool = Fallback::Text("true"), "JCT_API_CREATE_CWOM";
        /// Where others reach this server, such as `https://tower.example`; named in `/openapi-gpt.json`.
        base_url: Option<TowerUrl> = Fallback::Text(""), "JCT_API_BASE_URL";
    }
}

section! {
    /// What the policy gate admits.
    pub struct Policy("policy") {
        /// Repositories that may be worked on, by whole leading path segments such as `myorg/`; empty admits none.
        allowed_repo_prefixes: Vec<RepoPrefix> = Fallback::Text(""), "JCT_ALLOWED_REPO_PREFIXES";
        /// Smallest time budget a task may ask for, in seconds.
        min_time_budget_seconds: u64 = Fallback::Text("30"), "JCT_POLICY_MIN_TIME_BUDGET_SECONDS", 1..=DAY_SECONDS;
        /// Largest time budget a task may ask for, in seconds.
        max_time_budget_seconds: u64 = Fallback::Text("86400"), "JCT_POLICY_MAX_TIME_BUDGET_SECONDS", 1..=DAY_SECONDS;
    }
}

impl Policy {
    /// The policy of the gate.
    ///
    /// # Errors
    /// None for a section that [`crate::Config::resolve`] returned: it has compared the budgets already.
    pub fn gate(&self) -> Result<PolicyConfig, PolicyConfigError> {
        let seconds = |budget: u64| i64::try_from(budget).unwrap_or(i64::MAX);
        let builder = PolicyConfig::builder()
            .time_budget_seconds(seconds(self.min_time_budget_seconds), seconds(self.max_time_budget_seconds));
        self.allowed_repo_prefixes.iter().cloned().fold(builder, |builder, prefix| builder.allow(prefix)).build()
    }
}

section! {
    /// How tasks are run.
    pub struct Worker("worker") {
        /// Name shown in leases, attempts and traces.
        name: WorkerName = Fallback::HostName, "JCT_WORKER_NAME";
        /// Tasks run at once.
        slots: u32 = Fallback::Cores, "JCT_WORKER_SLOTS", 1..=1024;
        /// Tasks that all workers of this name run at once; 0 leaves the limit that is kept for the agent as it is.
        max_concurrent_tasks: u32 = Fallback::Text("0"), "JCT_WORKER_MAX_CONCURRENT_TASKS", 0..=10_000;
        /// Executors offered; empty offers every one that is built in.
        executors: Vec<ExecutorName> = Fallback::Text(""), "JCT_WORKER_EXECUTORS";
        /// Time after which a lease that was not renewed is lost, in seconds.
        lease_seconds: u64 = Fallback::Text("30"), "JCT_WORKER_LEASE_SECONDS", 3..=3600;
        /// Time between renewals of all leases, in seconds; less than half of the lease.
        heartbeat_seconds: u64 = Fallback::Text("10"), "JCT_WORKER_HEARTBEAT_SECONDS", 1..=1800;
        /// Time to finish running tasks at shutdown before they are given back, in seconds.
        grace_seconds: u64 = Fallback::Text("30"), "JCT_WORKER_GRACE_SECONDS", 0..=3600;
        /// Tries of a task whose attempts end in a crash.
        max_attempts: u32 = Fallback::Text("3"), "JCT_WORKER_MAX_ATTEMPTS", 1..=100;
        /// Wait before the second try, in seconds; doubles with every further try.
        backoff_base_seconds: u64 = Fallback::Text("15"), "JCT_WORKER_BACKOFF_BASE_SECONDS", 0..=3600;
        /// Longest wait before a further try, in seconds.
        backoff_max_seconds: u64 = Fallback::Text("600"), "JCT_WORKER_BACKOFF_MAX_SECONDS", 0..=DAY_SECONDS;
        /// Folder of the workspaces, one for each attempt while it runs.
        workspace_root: PathBuf = Fallback::Text("./.jct/workspaces"), "JCT_WORKER_WORKSPACE_ROOT";
        /// Folder of the cached repositories.
        cache_root: PathBuf = Fallback::Text("./.jct/repos"), "JCT_WORKER_CACHE_ROOT";
        /// Time the workspace of an attempt that failed is kept once its work was handed over, in seconds; with 0 none is kept.
        keep_failed_seconds: u64 = Fallback::Text("86400"), "JCT_WORKER_KEEP_FAILED_SECONDS", 0..=30 * DAY_SECONDS;
        /// Time limit for fetching a repository, in seconds.
        fetch_timeout_seconds: u64 = Fallback::Text("300"), "JCT_WORKER_FETCH_TIMEOUT_SECONDS", 1..=DAY_SECONDS;
    }
}

section! {
    /// How what a task runs is kept apart from the machine.
    pub struct Sandbox("sandbox") {
        /// Isolation level that runs get: `L0` to `L3`, or `auto` for the highest that the machine can give.
        level: SandboxLevel = Fallback::Text("auto"), "JCT_SANDBOX_LEVEL";
        /// Lowest level to work with: a worker on a machine that cannot give it does not start.
        minimum_level: MinimumLevel = Fallback::Text("L2"), "JCT_SANDBOX_MINIMUM_LEVEL";
        /// Memory of all processes of one run together, in bytes.
        memory_bytes: u64 = Fallback::Text("4294967296"), "JCT_SANDBOX_MEMORY_BYTES", 16 * MIB..=1024 * 1024 * MIB;
        /// Processes and threads of one run at once.
        processes: u32 = Fallback::Text("1024"), "JCT_SANDBOX_PROCESSES", 8..=1_000_000;
        /// Largest file a run may write, in bytes.
        file_bytes: u64 = Fallback::Text("2147483648"), "JCT_SANDBOX_FILE_BYTES", MIB..=1024 * 1024 * MIB;
        /// What a run may have written in all its folders together, in bytes.
        disk_bytes: u64 = Fallback::Text("21474836480"), "JCT_SANDBOX_DISK_BYTES", MIB..=1024 * 1024 * MIB;
        /// Files that one process of a run may have open.
        open_files: u32 = Fallback::Text("4096"), "JCT_SANDBOX_OPEN_FILES", 64..=1_000_000;
        /// What a run may print before it is ended, in bytes; far less of it is kept.
        output_bytes: u64 = Fallback::Text("671088640"), "JCT_SANDBOX_OUTPUT_BYTES", MIB..=1024 * 1024 * MIB;
        /// Folders beside the system's own that runs may read, such as that of a tool chain.
        readable: Vec<ListedPath> = Fallback::Text(""), "JCT_SANDBOX_READABLE";
        /// Variables of the worker's environment that runs may see; none of them should be a secret.
        variables: Vec<VariableName> = Fallback::Text(""), "JCT_SANDBOX_VARIABLES";
    }
}

section! {
    /// How coding agents are run.
    pub struct Agents("agents") {
        /// File with the operator's own agents, in TOML; it may replace those that are shipped.
        file: Option<PathBuf> = Fallback::Text(""), "JCT_AGENTS_FILE";
        /// Agents that may reach their model through the broker, by name.
        enabled: Vec<ExecutorName> = Fallback::Text(""), "JCT_AGENTS_ENABLED";
        /// File with a template for the prompt in place of the one that is built in.
        prompt_template: Option<PathBuf> = Fallback::Text(""), "JCT_AGENTS_PROMPT_TEMPLATE";
    }
}

section! {
    /// How work is proved and approved.
    pub struct Review("review") {
        /// Whether work with a good verdict is approved without a person.
        auto_approve: bool = Fallback::Text("false"), "JCT_REVIEW_AUTO_APPROVE";
        /// Verdicts that are approved like that.
        auto_approve_verdicts: Vec<ApprovedVerdict> = Fallback::Text("pass"), "JCT_REVIEW_AUTO_APPROVE_VERDICTS";
        /// Whether whoever handed a task in may approve what came of it; the review then says so.
        allow_self_approval: bool = Fallback::Text("false"), "JCT_REVIEW_ALLOW_SELF_APPROVAL";
        /// Time for all checks of one task together, in seconds.
        check_budget_seconds: u64 = Fallback::Text("600"), "JCT_REVIEW_CHECK_BUDGET_SECONDS", 1..=DAY_SECONDS;
    }
}

section! {
    /// Where the proof of each attempt is kept.
    pub struct Trace("trace") {
        /// Folder of the trace folders: a path or a `file://` address.
        root: TraceDirectory = Fallback::Text("./.jct/traces"), "JCT_TRACE_ROOT";
    }
}

section! {
    /// Where files of jobs are kept that workers send over HTTP.
    pub struct Artifacts("artifacts") {
        /// Folder of the files.
        root: PathBuf = Fallback::Text("./.jct/artifacts"), "JCT_ARTIFACTS_ROOT";
        /// Largest file, in bytes.
        max_bytes: u64 = Fallback::Text("52428800"), "JCT_ARTIFACTS_MAX_BYTES", 1..=64 * 1024 * MIB;
        /// What all files of one job may have together, in bytes.
        job_quota_bytes: u64 = Fallback::Text("1073741824"), "JCT_ARTIFACTS_JOB_QUOTA_BYTES", 1..=1024 * 1024 * MIB;
    }
}

section! {
    /// How the audit log is sealed.
    pub struct Audit("audit") {
        /// File with the secret key that signs checkpoints; made at the first start, for its owner alone.
        key_file: PathBuf = Fallback::Text("./.jct/audit.key"), "JCT_AUDIT_KEY_FILE";
        /// File outside the database that checkpoints are appended to. Best kept where the owner of the database cannot write.
        checkpoint_file: PathBuf = Fallback::Text("./.jct/audit-checkpoints.jsonl"), "JCT_AUDIT_CHECKPOINT_FILE";
        /// Entries after which a checkpoint is made.
        checkpoint_entries: u64 = Fallback::Text("10000"), "JCT_AUDIT_CHECKPOINT_ENTRIES", 1..=1_000_000;
        /// Time after which a checkpoint is made if there are new entries, in seconds.
        checkpoint_seconds: u64 = Fallback::Text("60"), "JCT_AUDIT_CHECKPOINT_SECONDS", 1..=DAY_SECONDS;
    }
}

section! {
    /// How the command line finds a tower.
    pub struct Client("client") {
        /// Tower that `jct` talks to.
        url: TowerUrl = Fallback::Text("http://127.0.0.1:8000"), "JCT_URL";
        /// Token with which `jct worker-http` takes jobs, as `jct tokens create` prints it.
        worker_token: Option<Secret> = Fallback::Text(""), "JCT_WORKER_TOKEN";
    }
}

section! {
    /// What is logged, and in which form.
    pub struct Log("log") {
        /// Least level that is logged: `off`, `error`, `warn`, `info`, `debug` or `trace`, and exceptions such as `info,jct_store=debug`.
        level: LogFilter = Fallback::Text("info"), "JCT_LOG";
        /// Form of a log line: `text` for people or `json` for machines.
        format: LogFormat = Fallback::Text("text"), "JCT_LOG_FORMAT";
    }
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people: time, level, target, message, `key=value`.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

choice! { LogFormat { Text = "text", Json = "json" } }
