//! A small log with everything around it, held as the database and the file would hold it.

use std::str::FromStr;

use jct_audit::{
    AnchorFile, AnchorLine, ChainHash, ChainHead, Checkpoint, KeyRotation, Leaves, Origin, Outside, Problem, PublicKey,
    Report, Scope, SignedCheckpoint, SigningKey, StoredEntry, Verdict, Verifier, link,
};
use jct_contract::{AuditId, Timestamp};

/// A checkpoint as the database holds it.
#[derive(Clone, Debug)]
pub(crate) struct StoredCheckpoint {
    pub(crate) text: String,
    pub(crate) leaves: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) entries: Vec<StoredEntry>,
    pub(crate) checkpoints: Vec<StoredCheckpoint>,
    pub(crate) first_key: PublicKey,
    pub(crate) rotations: Vec<String>,
    /// The file outside.
    pub(crate) file: Vec<AnchorLine>,
    pub(crate) pinned: Option<PublicKey>,
    /// Which key signs: the byte that it is made from.
    pub(crate) signer: u8,
    /// How many entries are sealed.
    sealed: usize,
}

pub(crate) fn origin() -> Origin {
    "tower.example.org".parse().unwrap()
}

pub(crate) fn key(byte: u8) -> SigningKey {
    SigningKey::from_entropy(&[byte; 32])
}

fn time(step: usize) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + i64::try_from(step).unwrap())
}

/// The entry's hash, from its fields and the hash before it.
pub(crate) fn rehash(entry: &mut StoredEntry, prev: ChainHash) -> ChainHash {
    let hash = link(prev, &entry.fields());
    entry.prev_hash = Some(prev.to_string());
    entry.hash = Some(hash.to_string());
    hash
}

impl Log {
    pub(crate) fn new() -> Self {
        let first_key = key(1).public();
        let line = AnchorLine::Key { origin: origin(), public_key: first_key, at: time(0) };
        Self {
            entries: Vec::new(),
            checkpoints: Vec::new(),
            first_key,
            rotations: Vec::new(),
            file: vec![line],
            pinned: Some(first_key),
            signer: 1,
            sealed: 0,
        }
    }

    /// Three tasks over three checkpoints, everything anchored. Task `b` has six entries: two, three and one.
    pub(crate) fn intact() -> Self {
        let mut log = Self::new();
        for ids in ["aabb", "bbbac", "ccb"] {
            for id in ids.chars() {
                log.write(&id.to_string());
            }
            log.seal();
        }
        log
    }

    pub(crate) fn write(&mut self, entity_id: &str) {
        let step = self.entries.len();
        let last = self.entries.iter().rev().find(|entry| entry.entity_id == entity_id);
        let seq = last.map_or(1, |last| last.seq + 1);
        let prev = last.map_or(ChainHash::GENESIS, |last| last.hash.as_deref().unwrap().parse().unwrap());
        let mut entry = StoredEntry {
            // Always the same, so that two logs of the same story are equal.
            id: AuditId::from_str(&format!("018bcfe5-687b-7000-8000-{step:012x}")).unwrap(),
            entity_kind: "task".to_owned(),
            entity_id: entity_id.to_owned(),
            seq,
            at: time(step),
            actor_kind: "agent".to_owned(),
            actor_id: "jules".to_owned(),
            action: if seq == 1 { "created" } else { "status_changed" }.to_owned(),
            before: (seq > 1).then(|| format!("{{\"step\":{}}}", seq - 1)),
            after: Some(format!("{{\"step\":{seq}}}")),
            note: None,
            trace_id: Some(format!("trace-{entity_id}")),
            prev_hash: None,
            hash: None,
        };
        rehash(&mut entry, prev);
        self.entries.push(entry);
    }

    /// The checkpoint over everything that is not sealed yet.
    pub(crate) fn next_checkpoint(&self) -> (SignedCheckpoint, Leaves) {
        let span = &self.entries[self.sealed..];
        let leaves = Leaves::latest(span.iter().map(|entry| ChainHead {
            entity_kind: entry.entity_kind.clone(),
            entity_id: entry.entity_id.clone(),
            seq: entry.seq,
            hash: entry.hash.as_deref().unwrap().parse().unwrap(),
        }));
        let previous = self.checkpoints.last().map(|last| last.text.parse::<SignedCheckpoint>().unwrap());
        let (sealed_at, through) = (time(self.entries.len()), self.entries.len() as u64);
        let entries = span.len() as u64;
        let checkpoint = Checkpoint::following(previous.as_ref(), origin(), sealed_at, through, entries, &leaves);
        (checkpoint.sign(&key(self.signer)), leaves)
    }

    pub(crate) fn seal_inside(&mut self) -> SignedCheckpoint {
        let (checkpoint, leaves) = self.next_checkpoint();
        let text = checkpoint.text().to_owned();
        self.checkpoints.push(StoredCheckpoint { text, leaves: leaves.to_string() });
        self.sealed = self.entries.len();
        checkpoint
    }

    pub(crate) fn seal(&mut self) {
        let text = self.seal_inside();
        self.file.push(AnchorLine::Checkpoint { text, leaves: None });
    }

    pub(crate) fn rotate(&mut self) {
        let (old, new) = (key(self.signer), key(self.signer + 1));
        let after = self.checkpoints.len() as u64;
        let text = KeyRotation::sign(origin(), &old, new.public(), time(self.entries.len()), after);
        self.rotations.push(text.text().to_owned());
        self.file.push(AnchorLine::Rotation { text });
        self.signer += 1;
    }

    /// The entry of an entity with this number.
    pub(crate) fn at(&mut self, id: &str, seq: u64) -> &mut StoredEntry {
        self.entries.iter_mut().find(|entry| entry.entity_id == id && entry.seq == seq).unwrap()
    }

    pub(crate) fn remove(&mut self, id: &str, seq: u64) {
        self.entries.retain(|entry| entry.entity_id != id || entry.seq != seq);
    }

    /// Gives the entity's entries fitting hashes again, from the first to the last.
    pub(crate) fn rewrite(&mut self, id: &str) {
        let mut prev = ChainHash::GENESIS;
        for entry in self.ordered().iter().filter(|entry| entry.entity_id == id) {
            prev = rehash(self.entries.iter_mut().find(|other| other.id == entry.id).unwrap(), prev);
        }
    }

    /// The entries as the database hands them out.
    pub(crate) fn ordered(&self) -> Vec<StoredEntry> {
        let mut entries = self.entries.clone();
        entries.sort_by(|a, b| (&a.entity_kind, &a.entity_id, a.seq).cmp(&(&b.entity_kind, &b.entity_id, b.seq)));
        entries
    }

    pub(crate) fn outside(&self) -> Outside {
        let text: String = self.file.iter().map(AnchorLine::to_line).collect();
        Outside::file(AnchorFile::parse(&text).unwrap())
    }

    pub(crate) fn verify(&self) -> Report {
        self.verify_against(Some(self.outside()))
    }

    pub(crate) fn verify_against(&self, outside: Option<Outside>) -> Report {
        let mut verifier = Verifier::new(origin(), Scope::Whole);
        if let Some(key) = self.pinned {
            verifier = verifier.pin(key);
        }
        if let Some(outside) = outside {
            verifier = verifier.outside(outside);
        }
        verifier.first_key(self.first_key);
        self.rotations.iter().for_each(|text| verifier.rotation(text));
        self.checkpoints.iter().for_each(|stored| verifier.checkpoint(&stored.text, &stored.leaves));
        let mut entries = verifier.entries();
        self.ordered().iter().for_each(|entry| entries.entry(entry));
        entries.finish()
    }
}

/// Fails unless the verdict is this one and exactly these problems were found.
#[track_caller]
pub(crate) fn expect(report: &Report, verdict: Verdict, problems: &[Problem]) {
    let mut found: Vec<Problem> = report.findings.iter().map(|finding| finding.problem).collect();
    found.sort_unstable();
    found.dedup();
    let mut expected = problems.to_vec();
    expected.sort_unstable();
    assert_eq!((report.verdict, found), (verdict, expected), "{report:#?}");
}

/// Tampers with an intact log, and fails unless the verdict is this one and exactly these problems were found.
#[track_caller]
pub(crate) fn check(tamper: impl Fn(&mut Log), verdict: Verdict, problems: &[Problem]) {
    let mut log = Log::intact();
    tamper(&mut log);
    expect(&log.verify(), verdict, problems);
}
