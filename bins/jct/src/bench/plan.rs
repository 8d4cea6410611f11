//! Which measurements, on which engines, in which order.

use std::time::Duration;

use super::args::{BenchArgs, BenchCommand};
use super::goals::Measured;
use super::postgres::PostgresServer;
use super::scratch::{Place, Scratch};
use super::{
    drain, enqueue, events, gate, jobs, long_poll, manifests, pickup, read, report, serve, settle, spawn, workflows,
};
use crate::context::{Context, block_on};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// One measurement over a database of its own.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enqueue,
    Objects,
    Unaudited,
    Batch,
    Drain,
    Settle,
    Together,
    Apart,
    Read,
    Jobs,
    Events,
    Workflows,
    LongPoll,
}

impl Step {
    const fn title(self) -> &'static str {
        match self {
            Self::Enqueue => "enqueue",
            Self::Objects => "enqueue with work objects",
            Self::Unaudited => "enqueue without audit entries",
            Self::Batch => "batch",
            Self::Drain => "drain with traces",
            Self::Settle => "settle alone",
            Self::Together => "pickup, one process",
            Self::Apart => "pickup, two processes",
            Self::Read => "read",
            Self::Jobs => "claims of mixed jobs",
            Self::Events => "events",
            Self::Workflows => "workflows",
            Self::LongPoll => "idle HTTP workers",
        }
    }

    async fn measure(self, scratch: &Scratch, args: &BenchArgs) -> Result<Vec<Measured>, Failure> {
        match self {
            Self::Enqueue => enqueue::single(scratch, args).await,
            Self::Objects => enqueue::with_objects(scratch, args).await,
            Self::Unaudited => enqueue::without_audit(scratch, args).await,
            Self::Batch => enqueue::batch(scratch, args).await,
            Self::Drain => drain::measure(scratch, args.tasks).await,
            Self::Settle => settle::measure(scratch, args.tasks).await,
            Self::Together => pickup::together(scratch, args).await,
            Self::Apart => pickup::apart(scratch, args).await,
            Self::Read => read::measure(scratch, args).await,
            Self::Jobs => jobs::measure(scratch, Duration::from_secs(args.seconds)).await,
            Self::Events => events::measure(scratch, args.tasks).await,
            Self::Workflows => workflows::measure(scratch).await,
            Self::LongPoll => long_poll::measure(scratch, Duration::from_secs(args.seconds)).await,
        }
    }
}

/// One measurement that needs no database.
#[derive(Clone, Copy, Debug)]
enum Alone {
    Gate,
    Manifests,
    Spawn,
}

impl Alone {
    fn measure(self, args: &BenchArgs, output: &Output) -> Result<Vec<Measured>, Failure> {
        match self {
            Self::Gate => gate::measure(Duration::from_secs(args.seconds.min(5))),
            Self::Manifests => manifests::measure(Duration::from_secs(args.seconds.min(5))),
            Self::Spawn => spawn::measure(args.starts, output),
        }
    }
}

pub(crate) fn run(command: BenchCommand, context: &Context) -> Result<Exit, Failure> {
    use Step::{
        Apart, Batch, Drain, Enqueue, Events, Jobs, LongPoll, Objects, Read, Settle, Together, Unaudited, Workflows,
    };
    let output = context.output();
    match command {
        BenchCommand::Enqueue(args) => measure(&args, &[Enqueue, Objects, Unaudited], &[], output),
        BenchCommand::Batch(args) => measure(&args, &[Batch], &[], output),
        BenchCommand::Drain(args) => measure(&args, &[Drain, Settle], &[], output),
        BenchCommand::Pickup(args) => measure(&args, &[Together, Apart], &[], output),
        BenchCommand::Read(args) => measure(&args, &[Read], &[], output),
        BenchCommand::Jobs(args) => measure(&args, &[Jobs], &[], output),
        BenchCommand::Events(args) => measure(&args, &[Events], &[], output),
        BenchCommand::Workflows(args) => measure(&args, &[Workflows], &[], output),
        BenchCommand::LongPoll(args) => measure(&args, &[LongPoll], &[], output),
        BenchCommand::Manifests(args) => measure(&args, &[], &[Alone::Manifests], output),
        BenchCommand::Gate(args) => measure(&args, &[], &[Alone::Gate], output),
        BenchCommand::Spawn(args) => measure(&args, &[], &[Alone::Spawn], output),
        BenchCommand::All(args) => {
            let steps = [
                Enqueue, Objects, Unaudited, Batch, Together, Apart, Drain, Settle, Read, Jobs, Events, Workflows,
                LongPoll,
            ];
            measure(&args, &steps, &[Alone::Gate, Alone::Manifests, Alone::Spawn], output)
        }
        BenchCommand::Serve(args) => serve::run(args, output),
    }
}

fn measure(args: &BenchArgs, steps: &[Step], alone: &[Alone], output: &Output) -> Result<Exit, Failure> {
    if cfg!(debug_assertions) {
        output.note("this is not a release build: the numbers mean little");
    }
    let mut all = Vec::new();
    for one in alone {
        tell(one.measure(args, output)?, &mut all, output)?;
    }
    let mut used = Vec::new();
    let measured = over_databases(args, steps, &mut used, &mut all, output);
    // Only now: a file system is slow to give out new files for a while after many were removed.
    let removed = used.into_iter().map(|scratch| block_on(scratch.remove())).fold(Ok(()), Result::and);
    measured.and(removed)?;
    if !output.is_json() {
        report::print(&all, args.markdown, output)?;
    }
    Ok(Exit::Success)
}

fn over_databases(
    args: &BenchArgs,
    steps: &[Step],
    used: &mut Vec<Scratch>,
    all: &mut Vec<Measured>,
    output: &Output,
) -> Result<(), Failure> {
    for place in places(args)? {
        for step in steps {
            output.note(format!("measuring {} on {}", step.title(), place.engine().title()));
            let scratch = block_on(Scratch::make(&place, &args.folder))?;
            let measured = block_on(step.measure(&scratch, args));
            used.push(scratch);
            tell(measured?, all, output)?;
        }
    }
    Ok(())
}

fn tell(measured: Vec<Measured>, all: &mut Vec<Measured>, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        measured.iter().try_for_each(|one| output.record(&report::to_json(one)))?;
    }
    all.extend(measured);
    Ok(())
}

fn places(args: &BenchArgs) -> Result<Vec<Place>, Failure> {
    match (&args.database_url, &args.postgres_url) {
        (Some(url), _) if url.starts_with("sqlite:") => Ok(vec![Place::Sqlite]),
        (Some(url), _) => Ok(vec![Place::Postgres(PostgresServer::new(url)?)]),
        (None, Some(url)) => Ok(vec![Place::Sqlite, Place::Postgres(PostgresServer::new(url)?)]),
        (None, None) => Ok(vec![Place::Sqlite]),
    }
}
