//! The tables, once for both engines. A test compares this file, the migrations and the databases.

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    database_meta (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    policies (digest) {
        digest -> Text,
        canonical -> Text,
        first_used_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    tasks (id) {
        id -> DbId,
        idempotency_key -> Nullable<Text>,
        spec_digest -> Text,
        spec -> Text,
        requester_kind -> Text,
        operation -> Text,
        target_repo -> Text,
        executor -> Text,
        time_budget_seconds -> BigInt,
        trace_id -> Text,
        submitter_kind -> Text,
        submitter -> Text,
        held -> Bool,
        created_at -> BigInt,
        cwom_issue_id -> Nullable<DbId>,
        job_type -> Text,
        priority -> BigInt,
        capabilities -> Nullable<Text>,
        affinity_key -> Nullable<Text>,
        manifest_name -> Nullable<Text>,
        manifest_hash -> Nullable<Text>,
        manifest_registered -> Bool,
        agent -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    admissions (task_id) {
        task_id -> DbId,
        decision_id -> DbId,
        policy_digest -> Text,
        input_digest -> Text,
        admitted_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    task_holds (task_id) {
        task_id -> DbId,
        max_attempts -> BigInt,
        held_at -> BigInt,
        trace_id -> Text,
        event_seq -> BigInt,
        audit_seq -> BigInt,
        audit_hash -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    task_ready (task_id) {
        task_id -> DbId,
        run_at -> BigInt,
        executor -> Text,
        generation -> BigInt,
        attempts -> BigInt,
        max_attempts -> BigInt,
        queued_at -> BigInt,
        started_at -> Nullable<BigInt>,
        updated_at -> BigInt,
        last_reason -> Nullable<Text>,
        trace_id -> Text,
        event_seq -> BigInt,
        audit_seq -> BigInt,
        audit_hash -> Text,
        lane_id -> BigInt,
        affinity_key -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    task_leases (task_id) {
        task_id -> DbId,
        epoch -> BigInt,
        generation -> BigInt,
        attempt -> BigInt,
        max_attempts -> BigInt,
        executor -> Text,
        holder_kind -> Text,
        worker_id -> Nullable<DbId>,
        holder -> Text,
        assigned_to -> Nullable<Text>,
        acquired_at -> BigInt,
        expires_at -> BigInt,
        queued_at -> BigInt,
        started_at -> BigInt,
        cancel_requested_at -> Nullable<BigInt>,
        cancel_requested_by -> Nullable<Text>,
        trace_id -> Text,
        event_seq -> BigInt,
        audit_seq -> BigInt,
        audit_hash -> Text,
        run_id -> Nullable<DbId>,
        lane_id -> BigInt,
        affinity_key -> Nullable<Text>,
        cancel_note -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    task_outcomes (task_id) {
        task_id -> DbId,
        status -> Text,
        reason -> Text,
        result -> Nullable<Text>,
        error -> Nullable<Text>,
        attempt -> Nullable<BigInt>,
        assigned_to -> Nullable<Text>,
        trace_path -> Nullable<Text>,
        manifest_digest -> Nullable<Text>,
        queued_at -> Nullable<BigInt>,
        started_at -> Nullable<BigInt>,
        finished_at -> BigInt,
        event_seq -> BigInt,
        audit_seq -> BigInt,
        audit_hash -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    attempts (task_id, ordinal) {
        task_id -> DbId,
        ordinal -> BigInt,
        epoch -> BigInt,
        generation -> BigInt,
        holder_kind -> Text,
        worker_id -> Nullable<DbId>,
        holder -> Text,
        started_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        message -> Nullable<Text>,
        next_status -> Nullable<Text>,
        settle_digest -> Nullable<Text>,
        trace_path -> Nullable<Text>,
        manifest_digest -> Nullable<Text>,
        run_id -> Nullable<DbId>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    task_events (task_id, seq) {
        task_id -> DbId,
        seq -> BigInt,
        at -> BigInt,
        kind -> Text,
        attempt -> Nullable<BigInt>,
        body -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    workers (id) {
        id -> DbId,
        name -> Text,
        version -> Text,
        executors -> Text,
        takes_any -> Bool,
        slots -> BigInt,
        started_at -> BigInt,
        last_seen_at -> BigInt,
        stopped_at -> Nullable<BigInt>,
        isolation -> Nullable<Text>,
        capabilities -> Text,
        adapters -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    queue_pauses (queue) {
        queue -> Text,
        paused_by -> Text,
        reason -> Text,
        paused_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    api_keys (id) {
        id -> DbId,
        name -> Text,
        kind -> Text,
        scopes -> Text,
        key_sha256 -> Text,
        created_by -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    audit_log (position) {
        position -> BigInt,
        id -> DbId,
        ts -> BigInt,
        actor_kind -> Text,
        actor_id -> Text,
        action -> Text,
        entity_kind -> Text,
        entity_id -> Text,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        note -> Nullable<Text>,
        trace_id -> Nullable<Text>,
        seq -> BigInt,
        prev_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    audit_keys (number) {
        number -> BigInt,
        key_id -> Text,
        public_key -> Text,
        created_at -> BigInt,
        rotation -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    audit_checkpoints (number) {
        number -> BigInt,
        sealed_at -> BigInt,
        through -> BigInt,
        entries -> BigInt,
        leaves -> Text,
        statement -> Text,
        digest -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    database_meta,
    policies,
    tasks,
    admissions,
    task_holds,
    task_ready,
    task_leases,
    task_outcomes,
    attempts,
    task_events,
    workers,
    queue_pauses,
    api_keys,
    audit_log
);
