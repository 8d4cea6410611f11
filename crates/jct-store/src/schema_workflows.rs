//! The tables of workflows, once for both engines. A test compares this file, the migrations and the databases.

use crate::schema::task_outcomes;

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    workflows (id) {
        id -> DbId,
        name -> Text,
        is_active -> Bool,
        version -> BigInt,
        digest -> Text,
        owner_kind -> Text,
        owner_name -> Text,
        created_at -> BigInt,
        updated_by -> Text,
        updated_at -> BigInt,
        runs_started -> BigInt,
        last_run_id -> Nullable<DbId>,
        audit_seq -> BigInt,
        audit_hash -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Text};

    workflow_versions (workflow_id, version) {
        workflow_id -> DbId,
        version -> BigInt,
        digest -> Text,
        definition -> Text,
        created_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    workflow_runs (id) {
        id -> DbId,
        workflow_id -> DbId,
        version -> BigInt,
        status -> Text,
        event_id -> Nullable<DbId>,
        forked_from -> Nullable<DbId>,
        fork_step -> Nullable<Text>,
        depth -> BigInt,
        started_by_kind -> Text,
        started_by_name -> Text,
        trace_id -> Text,
        created_at -> BigInt,
        deadline_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        result -> Nullable<Text>,
        error -> Nullable<Text>,
        cancel_requested_at -> Nullable<BigInt>,
        cancel_requested_by -> Nullable<Text>,
        facts -> BigInt,
        look_at -> Nullable<BigInt>,
        epoch -> Nullable<BigInt>,
        generation -> BigInt,
        holder -> Nullable<DbId>,
        expires_at -> Nullable<BigInt>,
        audit_seq -> BigInt,
        audit_hash -> Text,
        idempotency_key -> Nullable<Text>,
        idempotency_digest -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{Nullable, Text};

    workflow_inputs (run_id) {
        run_id -> DbId,
        event -> Text,
        kept -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    workflow_facts (run_id, seq) {
        run_id -> DbId,
        seq -> BigInt,
        at -> BigInt,
        fact -> Text,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    workflow_steps (run_id, step, attempt) {
        run_id -> DbId,
        step -> Text,
        attempt -> BigInt,
        task_id -> DbId,
        enqueued_at -> BigInt,
        deadline_at -> BigInt,
        cancelled_at -> Nullable<BigInt>,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(workflow_runs, workflow_steps, task_outcomes);
diesel::allow_tables_to_appear_in_same_query!(workflow_runs, workflows);
