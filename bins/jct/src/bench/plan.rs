//! Which measurements, on which engines, in which order.

use std::time::Duration;

use super::args::{BenchArgs, BenchCommand};
use super::goals::Measured;
use super::postgres::PostgresServer;
use super::scratch::{Place, Scratch};
use super::{drain, enqueue, gate, pickup, read, report, serve, settle};
use crate::context::{Context, block_on};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// One measurement over a database of its own.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enqueue,
    Batch,
    Drain,
    Settle,
    Together,
    Apart,
    Read,
}

impl Step {
    const fn title(self) -> &'static str {
        match self {
            Self::Enqueue => "enqueue",
            Self::Batch => "batch",
            Self::Drain => "drain with traces",
            Self::Settle => "settle alone",
            Self::Together => "pickup, one process",
            Self::Apart => "pickup, two processes",
            Self::Read => "read",
        }
    }

    async fn measure(self, scratch: &Scratch, args: &BenchArgs) -> Result<Vec<Measured>, Failure> {
        match self {
            Self::Enqueue => enqueue::single(scratch, args).await,
            Self::Batch => enqueue::batch(scratch, args).await,
            Self::Drain => drain::measure(scratch, args.tasks).await,
            Self::Settle => settle::measure(scratch, args.tasks).await,
            Self::Together => pickup::together(scratch, args).await,
            Self::Apart => pickup::apart(scratch, args).await,
            Self::Read => read::measure(scratch, args).await,
        }
    }
}

pub(crate) fn run(command: BenchCommand, context: &Context) -> Result<Exit, Failure> {
    use Step::{Apart, Batch, Drain, Enqueue, Read, Settle, Together};
    let output = context.output();
    match command {
        BenchCommand::Enqueue(args) => measure(&args, &[Enqueue], false, output),
        BenchCommand::Batch(args) => measure(&args, &[Batch], false, output),
        BenchCommand::Drain(args) => measure(&args, &[Drain, Settle], false, output),
        BenchCommand::Pickup(args) => measure(&args, &[Together, Apart], false, output),
        BenchCommand::Read(args) => measure(&args, &[Read], false, output),
        BenchCommand::Gate(args) => measure(&args, &[], true, output),
        BenchCommand::All(args) => {
            measure(&args, &[Enqueue, Batch, Together, Apart, Drain, Settle, Read], true, output)
        }
        BenchCommand::Serve(args) => serve::run(args, output),
    }
}

fn measure(args: &BenchArgs, steps: &[Step], gate: bool, output: &Output) -> Result<Exit, Failure> {
    if cfg!(debug_assertions) {
        output.note("this is not a release build: the numbers mean little");
    }
    let places = places(args)?;
    let mut all = Vec::new();
    if gate {
        let seconds = Duration::from_secs(args.seconds.min(5));
        tell(gate::measure(seconds)?, &mut all, output)?;
    }
    for place in places {
        for step in steps {
            output.note(format!("measuring {} on {}", step.title(), place.engine().title()));
            tell(block_on(one(*step, &place, args))?, &mut all, output)?;
        }
    }
    if !output.is_json() {
        report::print(&all, args.markdown, output)?;
    }
    Ok(Exit::Success)
}

async fn one(step: Step, place: &Place, args: &BenchArgs) -> Result<Vec<Measured>, Failure> {
    let scratch = Scratch::make(place, &args.folder).await?;
    let measured = step.measure(&scratch, args).await;
    let removed = scratch.remove().await;
    let measured = measured?;
    removed.map(|()| measured)
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
