//! Several batches at once, and their vectors in the order in which the texts were given.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use jct_exec::{FailureReason, Stop};

use super::client::Client;
use super::endpoint::Endpoint;
use super::wire::Vectors;
use crate::control::{Control, LOOK_AGAIN};

/// Makes vectors for one run.
pub(crate) struct Embedder {
    client: Client,
    batch_size: usize,
    concurrency: usize,
    dimension: Option<usize>,
}

/// What came of some texts.
#[derive(Debug)]
pub(crate) struct Embedded {
    /// One for each text, in their order.
    pub(crate) vectors: Vec<Vec<f32>>,
    /// What the service says that it has read.
    pub(crate) tokens: Option<u64>,
}

impl Embedder {
    pub(crate) fn new(endpoint: Endpoint, model: &str, batch_size: usize, concurrency: usize) -> Self {
        let client = Client::new(endpoint, model);
        Self { client, batch_size: batch_size.max(1), concurrency: concurrency.max(1), dimension: None }
    }

    /// As many texts as are best given at once.
    pub(crate) fn capacity(&self) -> usize {
        self.batch_size.saturating_mul(self.concurrency)
    }

    /// The dimension of all vectors, once there is one.
    pub(crate) fn dimension(&self) -> Option<usize> {
        self.dimension
    }

    /// The vectors of `texts`. Calls that are still under way when the run has to end are left to themselves: their
    /// threads end with them, and nobody hears what they have to say.
    pub(crate) fn embed(&mut self, texts: Vec<String>, control: &Control) -> Result<Embedded, Stop> {
        let mut embedded = Embedded { vectors: Vec::with_capacity(texts.len()), tokens: None };
        let mut texts = texts.into_iter();
        loop {
            let round: Vec<Vec<String>> = (0..self.concurrency)
                .map(|_| texts.by_ref().take(self.batch_size).collect::<Vec<_>>())
                .take_while(|batch| !batch.is_empty())
                .collect();
            if round.is_empty() {
                return Ok(embedded);
            }
            for Vectors { vectors, tokens } in self.round(round, control)? {
                for vector in &vectors {
                    self.keep_dimension(vector.len())?;
                }
                embedded.vectors.extend(vectors);
                embedded.tokens = match (embedded.tokens, tokens) {
                    (Some(before), Some(more)) => Some(before.saturating_add(more)),
                    (before, more) => before.or(more),
                };
            }
        }
    }

    /// One batch a thread; the first failure ends the wait for the others.
    fn round(&self, batches: Vec<Vec<String>>, control: &Control) -> Result<Vec<Vectors>, Stop> {
        let (done, heard) = channel();
        let mut places: Vec<Option<Vectors>> = batches.iter().map(|_| None).collect();
        for (place, batch) in batches.into_iter().enumerate() {
            let (client, control, done) = (self.client.clone(), control.clone(), done.clone());
            let started = thread::Builder::new().name("jct-embed".to_owned()).spawn(move || {
                // Nobody hears it any more once the run has ended.
                let _ = done.send((place, client.embed(&batch, &control)));
            });
            started.map_err(|error| broken(&format!("no thread could be started: {}", error.kind())))?;
        }
        drop(done);
        while places.iter().any(Option::is_none) {
            control.check()?;
            match heard.recv_timeout(LOOK_AGAIN) {
                Ok((place, vectors)) => {
                    let vectors = vectors?;
                    if let Some(place) = places.get_mut(place) {
                        *place = Some(vectors);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(broken("a call ended without an answer")),
            }
        }
        Ok(places.into_iter().flatten().collect())
    }

    fn keep_dimension(&mut self, dimension: usize) -> Result<(), Stop> {
        let expected = *self.dimension.get_or_insert(dimension);
        if expected == dimension {
            return Ok(());
        }
        Err(broken(&format!("a vector has the dimension {dimension}, the ones before it have {expected}")))
    }
}

fn broken(what: &str) -> Stop {
    Stop::failed(FailureReason::ServiceFailed, format!("embeddings failed: {what}"))
}
