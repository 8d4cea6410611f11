//! The order of a run: list, read and cut, embed, write.

use jct_exec::Stop;
use jct_manifest::ErrorPolicy;

use super::model::Steps;
use super::source::Work;
use super::{Ended, Run};
use crate::control::{Control, Stage};
use crate::embed::{Embedder, Endpoint};
use crate::export::Export;
use crate::plan::{Action, Origin, Plan};
use crate::report::{Counts, Place, Problem, Report, SourceReport};
use crate::source::{OpenedSource, list};
use crate::state::State;

const FORMAT: &str = "jct-ingest-report-v1";

/// Does the run. Whatever happens, what had been reached is told.
pub(crate) fn run(
    plan: &Plan,
    sources: Vec<OpenedSource>,
    previous: State,
    endpoint: Option<&Endpoint>,
    control: &Control,
) -> Ended {
    let writes = plan.action == Action::Run;
    let embedder = endpoint
        .filter(|_| plan.vectors && writes)
        .map(|endpoint| Embedder::new(endpoint.clone(), &plan.model, plan.batch_size, plan.concurrency));
    let mut run = Run {
        plan,
        control,
        recipe: plan.recipe().to_string(),
        export: None,
        embedder,
        pending: Vec::new(),
        pending_bytes: 0,
        next: previous.clone(),
        previous,
        report: report(plan),
        taken: 0,
        tokens: None,
        steps: Steps::default(),
    };
    let result = run.work(sources);
    run.end(result, endpoint)
}

fn report(plan: &Plan) -> Report {
    Report {
        format: FORMAT,
        manifest: plan.name.clone(),
        manifest_hash: plan.hash.clone(),
        action: if plan.action == Action::Run { "run" } else { "report" },
        capabilities: plan.capabilities.clone(),
        provider: plan.provider,
        model: plan.model.clone(),
        vectors: plan.vectors,
        store: plan.store.kind.as_str(),
        index: plan.store.index.clone(),
        batch_size: plan.batch_size,
        totals: Counts::default(),
        embedding_calls_estimated: 0,
        cut_by_max_docs: false,
        sources: Vec::new(),
        sources_removed: Vec::new(),
        problems: Vec::new(),
        problems_left_out: 0,
    }
}

impl Run<'_> {
    fn work(&mut self, sources: Vec<OpenedSource>) -> Result<(), Stop> {
        let (mut works, mut failure) = (Vec::new(), None);
        for OpenedSource { plan, opened } in sources {
            self.say(Stage::Fetch, &format!("listing `{}`", plan.id));
            let commit = opened.as_ref().ok().and_then(|opened| opened.commit.clone());
            self.report.sources.push(SourceReport {
                id: plan.id.clone(),
                place: place(&plan.origin, commit.clone()),
                complete: false,
                counts: Counts::default(),
                skipped: Default::default(),
            });
            let listed = opened.and_then(|opened| {
                let listing = list(&opened.folder, &plan.filter, plan.max_files, self.control)?;
                Ok((opened.folder, listing))
            });
            match listed {
                Ok((folder, listing)) => {
                    self.steps.total += u64::try_from(listing.entries.len()).unwrap_or(0);
                    let place = self.report.sources.len() - 1;
                    works.push(Work { place, plan, folder, commit, listing });
                }
                Err(stop) => failure = Some(self.source_failed(&plan.id, stop)?),
            }
        }
        // A run of which no source could be read did nothing.
        if let Some(stop) = failure.filter(|_| works.is_empty()) {
            return Err(stop);
        }
        if self.plan.action == Action::Run {
            self.export = Some(Export::create(self.control.io().artifacts(), self.plan)?);
        }
        for work in works {
            self.source(work)?;
        }
        self.removed_sources()?;
        self.flush()
    }

    /// Notes that a source cannot be read, or ends the run if that is what the manifest wants.
    fn source_failed(&mut self, id: &str, stop: Stop) -> Result<Stop, Stop> {
        match &stop {
            Stop::Failed(_, message) if self.plan.error_policy == ErrorPolicy::Continue => {
                let message = message.clone();
                self.report.problem(Problem { source: id.to_owned(), document: None, message });
                Ok(stop)
            }
            _ => Err(stop),
        }
    }
}

fn place(origin: &Origin, commit: Option<String>) -> Place {
    match origin {
        Origin::Folder { input_dir } => Place::Folder { input_dir: input_dir.to_string_lossy().into_owned() },
        Origin::Repository { repo, reference } => {
            Place::Repository { repo: repo.clone(), reference: reference.clone(), commit }
        }
    }
}
