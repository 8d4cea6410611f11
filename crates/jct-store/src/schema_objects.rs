//! The tables of the work-object model, once for both engines. A test compares this file, the migrations and the
//! databases.

use crate::schema::tasks;

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_repos (id) {
        id -> DbId,
        slug -> Text,
        visibility -> Text,
        document -> Text,
        trace_id -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        audit_seq -> BigInt,
        audit_hash -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_doctrine_refs (id) {
        id -> DbId,
        namespace -> Text,
        name -> Text,
        version -> Text,
        doctrine_type -> Text,
        priority -> Text,
        document -> Text,
        trace_id -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        audit_seq -> BigInt,
        audit_hash -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_constraint_snapshots (id) {
        id -> DbId,
        scope -> Text,
        owner_id -> Text,
        document -> Text,
        trace_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_issues (id) {
        id -> DbId,
        repo_id -> DbId,
        repo_role -> Nullable<Text>,
        status -> Text,
        issue_type -> Text,
        priority -> Text,
        document -> Text,
        trace_id -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        audit_seq -> BigInt,
        audit_hash -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_context_packets (id) {
        id -> DbId,
        issue_id -> DbId,
        issue_role -> Nullable<Text>,
        version -> Text,
        constraint_snapshot_id -> Nullable<DbId>,
        constraint_snapshot_role -> Nullable<Text>,
        document -> Text,
        trace_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_runs (id) {
        id -> DbId,
        issue_id -> DbId,
        issue_role -> Nullable<Text>,
        repo_id -> DbId,
        repo_role -> Nullable<Text>,
        constraint_snapshot_id -> Nullable<DbId>,
        constraint_snapshot_role -> Nullable<Text>,
        position -> BigInt,
        mode -> Text,
        status -> Text,
        artifact_root_uri -> Nullable<Text>,
        state -> Text,
        document -> Text,
        trace_id -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        audit_seq -> BigInt,
        audit_hash -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_artifacts (id) {
        id -> DbId,
        run_id -> DbId,
        run_role -> Nullable<Text>,
        issue_id -> DbId,
        issue_role -> Nullable<Text>,
        position -> BigInt,
        artifact_type -> Text,
        document -> Text,
        trace_id -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        audit_seq -> BigInt,
        audit_hash -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_issue_context_packets (issue_id, context_packet_id) {
        issue_id -> DbId,
        context_packet_id -> DbId,
        role -> Nullable<Text>,
        position -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_issue_doctrine_refs (issue_id, doctrine_ref_id) {
        issue_id -> DbId,
        doctrine_ref_id -> DbId,
        role -> Nullable<Text>,
        position -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_issue_constraint_snapshots (issue_id, constraint_snapshot_id) {
        issue_id -> DbId,
        constraint_snapshot_id -> DbId,
        role -> Nullable<Text>,
        position -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_run_context_packets (run_id, context_packet_id) {
        run_id -> DbId,
        context_packet_id -> DbId,
        role -> Nullable<Text>,
        position -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_run_doctrine_refs (run_id, doctrine_ref_id) {
        run_id -> DbId,
        doctrine_ref_id -> DbId,
        role -> Nullable<Text>,
        position -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_context_packet_doctrine_refs (context_packet_id, doctrine_ref_id) {
        context_packet_id -> DbId,
        doctrine_ref_id -> DbId,
        role -> Nullable<Text>,
        position -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_evidence_packs (id) {
        id -> DbId,
        run_id -> DbId,
        issue_id -> DbId,
        task_id -> DbId,
        attempt -> BigInt,
        verdict -> Text,
        digest -> Text,
        document -> Text,
        trace_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    cwom_review_decisions (id) {
        id -> DbId,
        evidence_pack_id -> DbId,
        evidence_pack_role -> Nullable<Text>,
        run_id -> DbId,
        run_role -> Nullable<Text>,
        issue_id -> DbId,
        issue_role -> Nullable<Text>,
        decision -> Text,
        document -> Text,
        record -> Text,
        trace_id -> Text,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(cwom_runs, cwom_evidence_packs, cwom_issues, tasks);
