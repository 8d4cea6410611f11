//! Opens a session, runs commands in it, closes it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::OUTPUT_FOLDER_VARIABLE;
use super::fate::Fate;
use super::kept::OutputLimits;
use super::network;
use super::workshop::Workshop;
use crate::confine::{PathError, confine};
use crate::executor::{ExecutionIo, ExecutionRequest, FailureReason, Handover, Stop, with_causes};
use crate::git::{GitError, HandoverLimits, RepoCache, RunKey, Snapshot};
use crate::process::{Bounds, Capture, CommandSpec, Environment, ProcessOutcome, run};
use crate::sandbox::{Confinement, Sandbox};
use crate::workspace::{Workspace, WorkspaceNote};

/// A repository in a workspace of its own, and the rules under which commands run in it.
///
/// Dropping a session keeps its workspace for a while, as [`Fate::Failed`] does.
#[derive(Debug)]
pub struct Session {
    pub(super) cache: Arc<RepoCache>,
    pub(super) sandbox: Sandbox,
    pub(super) limits: HandoverLimits,
    pub(super) output_limits: OutputLimits,
    pub(super) collected: bool,
    pub(super) io: ExecutionIo,
    pub(super) bounds: Bounds,
    pub(super) capture: Capture,
    pub(super) repo: String,
    pub(super) task_id: String,
    pub(super) run: RunKey,
    pub(super) snapshot: Snapshot,
    pub(super) workspace: Workspace,
    folder: PathBuf,
    confinement: Confinement,
    environment: Environment,
}

impl Session {
    /// Fetches the repository and makes a workspace of the commit that the request names, its history borrowed from the
    /// cache. The clock of `bounds` is the one for all that follows.
    ///
    /// # Errors
    ///
    /// [`Stop`] when the task asks for something it cannot have, or for more isolation than there is, when there is no
    /// such commit or folder, and when something fails. Nothing is left behind then.
    pub async fn open(
        workshop: &Workshop,
        request: &ExecutionRequest,
        io: &ExecutionIo,
        bounds: Bounds,
    ) -> Result<Self, Stop> {
        let site = Site::prepare(workshop, request)?;
        io.progress(Some(0), "fetching the repository");
        let snapshot = workshop.cache().snapshot(&request.repo, &request.reference, &bounds).await?;
        snapshot.pin(&site.run, &bounds).await?;
        let mut session = site.build(snapshot, io, bounds).await?;
        session.environment = session.environment.with(OUTPUT_FOLDER_VARIABLE, session.workspace.out());
        let noted = session.workspace.in_use(note(request, &session.snapshot), workshop.keep().time).await;
        noted.map_err(|error| Stop::failed(FailureReason::WorkspaceFailed, with_causes(&error)))?;
        Ok(session)
    }

    /// The same at the commit that was handed over, in a checkout that nobody has touched. Its workspace holds nothing
    /// that could be lost, and is never kept.
    ///
    /// # Errors
    ///
    /// As [`Session::open`]. Work that the cache does not have any more is a failure of the surroundings.
    pub async fn open_handover(
        workshop: &Workshop,
        request: &ExecutionRequest,
        handover: &Handover,
        io: &ExecutionIo,
        bounds: Bounds,
    ) -> Result<Self, Stop> {
        let site = Site::prepare(workshop, request)?;
        let received = workshop.cache().received(&handover.repo, &site.run, &bounds).await?;
        let same = received.filter(|run| (run.base(), run.head()) == (&handover.base_commit, &handover.head_commit));
        let Some(work) = same else {
            let message = "the repository cache does not have the commit that was handed over";
            return Err(Stop::failed(FailureReason::CheckoutFailed, message));
        };
        site.build(work.snapshot().clone(), io, bounds).await
    }

    /// The folder that the task is about, where commands start.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The root of the checkout.
    pub fn checkout(&self) -> PathBuf {
        self.workspace.checkout()
    }

    /// The workspace: places for files beside the checkout that commands may write too.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The commit that the work began with.
    pub fn base_commit(&self) -> &str {
        self.snapshot.commit()
    }

    /// Where the output of all commands goes, with one limit for all.
    pub fn capture(&self) -> &Capture {
        &self.capture
    }

    /// When everything must end.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// What commands may reach: they write the workspace, read the repository's history beside it, and have the network
    /// that the task may have.
    pub fn confinement(&self) -> Confinement {
        self.confinement.clone()
    }

    /// What commands see: `PATH`, `LANG`, a private `HOME` and `TMPDIR`, the variables that the operator passes on,
    /// `JCT_TASK_ID`, `JCT_ATTEMPT` and `JCT_TRACE_ID`, and `JCT_ARTIFACTS`, the folder for files that are to be kept.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// A command that runs confined in the task's folder.
    pub fn command<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = S>,
    ) -> CommandSpec {
        self.command_with(program, arguments, self.environment.clone(), self.confinement())
    }

    /// [`Session::command`] with another environment or other things to reach. Start from [`Session::environment`] and
    /// [`Session::confinement`].
    pub fn command_with<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = S>,
        environment: Environment,
        confinement: Confinement,
    ) -> CommandSpec {
        CommandSpec::new(program, &self.folder, environment)
            .args(arguments)
            .marked(self.workspace.marker().clone())
            .confined(confinement)
    }

    /// Runs a command to its end and notes how it was isolated. Its output goes to [`Session::capture`].
    pub async fn run(&self, command: &CommandSpec) -> ProcessOutcome {
        self.run_into(command, &self.capture).await
    }

    /// [`Session::run`] with the output going somewhere else.
    pub async fn run_into(&self, command: &CommandSpec, capture: &Capture) -> ProcessOutcome {
        let outcome = run(command, &self.bounds, capture).await;
        if let Some(report) = &outcome.isolation {
            self.io.record().note_isolation(report);
        }
        outcome
    }

    /// Ends the session as the work in it ended. Of work that failed by itself, the files that it left are taken over:
    /// the prover looks at them as at those of work that is done. What fails here is logged: it changes nothing about
    /// the work.
    pub async fn end(mut self, ended: &Result<(), Stop>) {
        let fate = match ended {
            Ok(()) => Fate::Done,
            Err(stop) => {
                if stop.is_of_the_work()
                    && let Err(error) = self.collect().await
                {
                    log::warn!(task_id = self.task_id; "the files that failed work left were not kept: {error:?}");
                }
                Fate::Failed
            }
        };
        self.close(fate).await;
    }

    /// Ends the session. What fails here is logged: it changes nothing about the work.
    pub async fn close(self, fate: Fate) {
        let Self { workspace, task_id, io, .. } = self;
        let ended = match fate {
            Fate::Done if workspace.holds_work() => {
                io.record().hold(workspace);
                Ok(())
            }
            Fate::Done => workspace.close().await,
            Fate::Failed => workspace.keep("the work failed").await,
        };
        if let Err(error) = ended {
            log::warn!(task_id; "{}", with_causes(&error));
        }
    }
}

/// What is known before there is a workspace.
struct Site<'a> {
    workshop: &'a Workshop,
    request: &'a ExecutionRequest,
    run: RunKey,
    confinement: Confinement,
}

impl<'a> Site<'a> {
    fn prepare(workshop: &'a Workshop, request: &'a ExecutionRequest) -> Result<Self, Stop> {
        let run = RunKey::parse(&request.run_key).map_err(GitError::InvalidRunKey)?;
        let network = network::network(&request.inputs)?;
        let minimum = network::minimum(&request.inputs, network)?;
        network::check(minimum, workshop.sandbox().level())?;
        let confinement = workshop.sandbox().confine().at_least(minimum).network(network);
        Ok(Self { workshop, request, run, confinement })
    }

    async fn build(self, snapshot: Snapshot, io: &ExecutionIo, bounds: Bounds) -> Result<Session, Stop> {
        let Self { workshop, request, run, confinement } = self;
        let workspace = Workspace::create_async(io.workspaces()).await?;
        let checkout = workspace.checkout();
        snapshot.workspace(&checkout, &bounds).await?;
        let capture = io.capture();
        capture.system(format!("checked out {} at {}", request.repo, snapshot.commit()));
        let folder = confine(&checkout, &request.path).map_err(|error| refused_path(&error))?;
        Ok(Session {
            cache: Arc::clone(workshop.cache()),
            sandbox: workshop.sandbox().clone(),
            limits: *workshop.limits(),
            output_limits: workshop.output_limits(),
            collected: false,
            io: io.clone(),
            bounds,
            capture,
            repo: request.repo.clone(),
            task_id: request.task_id.clone(),
            run,
            folder,
            confinement: confinement.writable(workspace.work()).readable(snapshot.objects()),
            environment: environment(workshop, request, &workspace),
            snapshot,
            workspace,
        })
    }
}

fn environment(workshop: &Workshop, request: &ExecutionRequest, workspace: &Workspace) -> Environment {
    Environment::clean(&workspace.home(), &workspace.temporary())
        .passing(workshop.passed_variables())
        .with("JCT_TASK_ID", &request.task_id)
        .with("JCT_ATTEMPT", request.attempt.to_string())
        .with("JCT_TRACE_ID", &request.trace_id)
}

fn note(request: &ExecutionRequest, snapshot: &Snapshot) -> WorkspaceNote {
    WorkspaceNote {
        task_id: request.task_id.clone(),
        attempt: request.attempt,
        run_key: request.run_key.clone(),
        repo: request.repo.clone(),
        base_commit: snapshot.commit().to_owned(),
        handed_over: false,
        kept_because: None,
        kept_since: None,
        kept_until: None,
    }
}

fn refused_path(error: &PathError) -> Stop {
    let reason = match error {
        PathError::Outside(_) | PathError::NotAFolder(_) => FailureReason::PathNotFound,
        PathError::Unreadable(_) => FailureReason::WorkspaceFailed,
    };
    Stop::failed(reason, with_causes(error))
}
