//! Links: one row for each entry of a list of references.

use std::collections::HashMap;

use diesel::prelude::*;
use jct_contract::ObjectId;
use jct_cwom::limits::LIST_MAX_ITEMS;
use jct_cwom::{ObjectKind, Ref};

use crate::schema_objects::{
    cwom_context_packet_doctrine_refs, cwom_issue_constraint_snapshots, cwom_issue_context_packets,
    cwom_issue_doctrine_refs, cwom_run_context_packets, cwom_run_doctrine_refs,
};
use crate::types::Id;

/// The place of a link that an object was created with: its index in the list.
pub(crate) fn place_in_list(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// The place of a link that entry `seq` of the owner's chain tells of: behind every list that an object may be created
/// with, and in the order of the chain, so that a replay of the chain gives the same list.
pub(crate) fn place_in_chain(seq: i64) -> i64 {
    place_in_list(LIST_MAX_ITEMS).saturating_add(seq)
}

/// A reference from its columns.
pub(crate) fn reference(kind: ObjectKind, id: Id, role: Option<String>) -> Ref {
    Ref { kind, id: ObjectId::from_uuid(id.0), role }
}

/// The lists of references of some objects, each in its order.
pub(crate) type Lists = HashMap<Id, Vec<Ref>>;

macro_rules! links {
    ($($row:ident: $table:ident ($owner:ident, $target:ident);)+) => {$(
        #[derive(Clone, Debug, Insertable, Queryable, Selectable)]
        #[diesel(table_name = $table)]
        pub(crate) struct $row {
            pub(crate) $owner: Id,
            pub(crate) $target: Id,
            pub(crate) role: Option<String>,
            pub(crate) position: i64,
            pub(crate) created_at: i64,
        }
    )+};
}

links! {
    IssuePacketRow: cwom_issue_context_packets (issue_id, context_packet_id);
    IssueDoctrineRow: cwom_issue_doctrine_refs (issue_id, doctrine_ref_id);
    IssueSnapshotRow: cwom_issue_constraint_snapshots (issue_id, constraint_snapshot_id);
    RunPacketRow: cwom_run_context_packets (run_id, context_packet_id);
    RunDoctrineRow: cwom_run_doctrine_refs (run_id, doctrine_ref_id);
    PacketDoctrineRow: cwom_context_packet_doctrine_refs (context_packet_id, doctrine_ref_id);
}

macro_rules! lists {
    ($($row:ident ($owner:ident, $target:ident);)+) => {$(
        impl $row {
            /// The rows of a list that the owner is created with.
            pub(crate) fn list($owner: Id, targets: &[Ref], created_at: i64) -> impl Iterator<Item = Self> {
                targets.iter().enumerate().map(move |(index, target)| Self {
                    $owner,
                    $target: target.id.into(),
                    role: target.role.clone(),
                    position: place_in_list(index),
                    created_at,
                })
            }
        }
    )+};
}

lists! {
    IssueDoctrineRow (issue_id, doctrine_ref_id);
    IssueSnapshotRow (issue_id, constraint_snapshot_id);
    RunPacketRow (run_id, context_packet_id);
    RunDoctrineRow (run_id, doctrine_ref_id);
    PacketDoctrineRow (context_packet_id, doctrine_ref_id);
}
