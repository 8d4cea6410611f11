//! The tables of jobs, once for both engines. A test compares this file, the migrations and the databases.

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    queue_lanes (id) {
        id -> BigInt,
        key -> Text,
        job_type -> Text,
        isolation -> Text,
        capabilities -> Text,
        priority -> BigInt,
        keyed -> Bool,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    queue_affinities (affinity_key) {
        affinity_key -> Text,
        worker_id -> DbId,
        held_until -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    worker_tokens (id) {
        id -> DbId,
        worker_name -> Text,
        description -> Nullable<Text>,
        token_sha256 -> Text,
        job_types -> Nullable<Text>,
        repositories -> Nullable<Text>,
        capabilities -> Nullable<Text>,
        created_by -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    job_artifacts (id) {
        id -> DbId,
        task_id -> DbId,
        attempt -> BigInt,
        worker_id -> Nullable<DbId>,
        name -> Text,
        content_type -> Text,
        size_bytes -> BigInt,
        digest -> Text,
        created_at -> BigInt,
        principal -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    manifest_contents (hash) {
        hash -> Text,
        content -> Text,
        size_bytes -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    manifests (name) {
        name -> Text,
        version -> BigInt,
        hash -> Text,
        created_by -> Text,
        created_at -> BigInt,
        updated_by -> Text,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        last_task_id -> Nullable<DbId>,
        state -> Nullable<Text>,
        state_updated_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    manifest_versions (name, version) {
        name -> Text,
        version -> BigInt,
        hash -> Text,
        created_by -> Text,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(manifests, manifest_contents, manifest_versions);
