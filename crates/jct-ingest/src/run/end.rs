//! The end of a run: files on the disk first, then what the next run is told.

use jct_exec::{FailureReason, Stop, Usage};

use super::{Ended, Run};
use crate::control::Stage;
use crate::embed::{Embedder, Endpoint};
use crate::export::{Provenance, write_plan, write_run};
use crate::plan::Action;

impl Run<'_> {
    /// Closes everything. A run that was stopped leaves what it had, and says so.
    pub(super) fn end(mut self, result: Result<(), Stop>, endpoint: Option<&Endpoint>) -> Ended {
        self.report.sum_up();
        let (result, files) = match result {
            Ok(()) => match self.write(endpoint) {
                Ok((state, files)) => (Ok(state), files),
                Err(stop) => (Err(stop), Vec::new()),
            },
            Err(stop) => {
                let files = self.write_stopped(&stop);
                (Err(stop), files)
            }
        };
        let model = Some(self.report.model.clone());
        let usage = self.tokens.map(|tokens| Usage { tokens_in: Some(tokens), model, ..Usage::default() });
        Ended { report: self.report, files, usage, result }
    }

    fn write(&mut self, endpoint: Option<&Endpoint>) -> Result<(Option<String>, Vec<&'static str>), Stop> {
        self.steps.done = self.steps.total;
        self.say(Stage::Write, "writing the report");
        let folder = self.control.io().artifacts();
        let Some(export) = self.export.take() else { return Ok((None, write_plan(folder, &self.report)?)) };
        let dimension = self.embedder.as_ref().and_then(Embedder::dimension);
        let mut files = export.finish(dimension)?;
        let provenance = Provenance {
            recipe: self.recipe.clone(),
            endpoint_host: endpoint.filter(|_| self.plan.vectors).map(Endpoint::host),
            dimension,
        };
        let checkpoint = Some((&provenance, &self.next));
        files.extend(write_run(folder, &self.report, ("completed", None), checkpoint)?);
        let state = self.next.text().map_err(|error| {
            Stop::failed(
                FailureReason::ArtifactFailed,
                format!("the state for the next run cannot be written: {error}"),
            )
        })?;
        Ok((Some(state), files))
    }

    /// What a run that was stopped leaves; failing at that too changes nothing about how it ended.
    fn write_stopped(&self, stop: &Stop) -> Vec<&'static str> {
        if self.plan.action == Action::Report {
            return Vec::new();
        }
        let ended = match stop {
            Stop::Failed(_, message) => ("failed", Some(message.as_str())),
            Stop::TimedOut => ("timed_out", None),
            Stop::Cancelled => ("cancelled", None),
        };
        write_run(self.control.io().artifacts(), &self.report, ended, None).unwrap_or_else(|error| {
            log::warn!(cause:? = error; "the summary of a run that was stopped could not be written");
            Vec::new()
        })
    }
}
