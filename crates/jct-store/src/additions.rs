//! What one step of a transaction adds, gathered first and written at once: an engine with a network in between sends
//! it all before it waits for the first answer.

use crate::journal::Journal;
use crate::rows::{
    AdmissionRow, ArtifactRow, AttemptEndRow, AttemptRow, ContentRow, EvidenceRow, HoldRow, IssueDoctrineRow,
    IssuePacketRow, IssueRow, IssueSnapshotRow, LaneRow, LeaseRow, OutcomeRow, PacketDoctrineRow, PacketRow, PolicyRow,
    ReadyRow, ReviewRow, RunDoctrineRow, RunPacketRow, RunRow, SnapshotRow,
};

/// Rows to add, and ends of attempts to note, by table.
#[derive(Debug)]
pub(crate) struct Additions {
    pub(crate) policies: Vec<PolicyRow>,
    /// Lanes, known or not, each once and in the order of their ids.
    pub(crate) lanes: Vec<LaneRow>,
    /// Texts of manifests, known or not, each once.
    pub(crate) contents: Vec<ContentRow>,
    pub(crate) admissions: Vec<AdmissionRow>,
    pub(crate) holds: Vec<HoldRow>,
    pub(crate) ready: Vec<ReadyRow>,
    pub(crate) leases: Vec<LeaseRow>,
    pub(crate) attempts: Vec<AttemptRow>,
    pub(crate) ends: Vec<AttemptEndRow>,
    pub(crate) outcomes: Vec<OutcomeRow>,
    pub(crate) snapshots: Vec<SnapshotRow>,
    pub(crate) issues: Vec<IssueRow>,
    pub(crate) packets: Vec<PacketRow>,
    pub(crate) runs: Vec<RunRow>,
    /// Issues as they stand now: status and end of the chain.
    pub(crate) moved_issues: Vec<IssueRow>,
    /// Runs as they stand now: status, state and end of the chain.
    pub(crate) moved_runs: Vec<RunRow>,
    pub(crate) artifacts: Vec<ArtifactRow>,
    pub(crate) evidence_packs: Vec<EvidenceRow>,
    pub(crate) review_decisions: Vec<ReviewRow>,
    pub(crate) issue_packets: Vec<IssuePacketRow>,
    pub(crate) issue_doctrine_refs: Vec<IssueDoctrineRow>,
    pub(crate) issue_snapshots: Vec<IssueSnapshotRow>,
    pub(crate) run_packets: Vec<RunPacketRow>,
    pub(crate) run_doctrine_refs: Vec<RunDoctrineRow>,
    pub(crate) packet_doctrine_refs: Vec<PacketDoctrineRow>,
    pub(crate) journal: Journal,
}

impl Additions {
    pub(crate) const fn new(journal: Journal) -> Self {
        Self {
            policies: Vec::new(),
            lanes: Vec::new(),
            contents: Vec::new(),
            admissions: Vec::new(),
            holds: Vec::new(),
            ready: Vec::new(),
            leases: Vec::new(),
            attempts: Vec::new(),
            ends: Vec::new(),
            outcomes: Vec::new(),
            snapshots: Vec::new(),
            issues: Vec::new(),
            packets: Vec::new(),
            runs: Vec::new(),
            moved_issues: Vec::new(),
            moved_runs: Vec::new(),
            artifacts: Vec::new(),
            evidence_packs: Vec::new(),
            review_decisions: Vec::new(),
            issue_packets: Vec::new(),
            issue_doctrine_refs: Vec::new(),
            issue_snapshots: Vec::new(),
            run_packets: Vec::new(),
            run_doctrine_refs: Vec::new(),
            packet_doctrine_refs: Vec::new(),
            journal,
        }
    }
}
