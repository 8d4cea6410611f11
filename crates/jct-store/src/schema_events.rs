//! The tables of events and webhooks, once for both engines. A test compares this file, the migrations and the databases.

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    events (id) {
        id -> DbId,
        event_type -> Text,
        source -> Text,
        event_key -> Nullable<Text>,
        digest -> Text,
        priority -> Text,
        rank -> BigInt,
        status -> Text,
        created_by_kind -> Text,
        created_by -> Text,
        created_at -> BigInt,
        depth -> BigInt,
        cause -> Nullable<Text>,
        attempts -> BigInt,
        next_attempt_at -> Nullable<BigInt>,
        epoch -> BigInt,
        generation -> BigInt,
        expires_at -> Nullable<BigInt>,
        processed_at -> Nullable<BigInt>,
        processed_by -> Nullable<Text>,
        result -> Nullable<Text>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    event_documents (event_id) {
        event_id -> DbId,
        document -> Text,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    webhooks (id) {
        id -> DbId,
        name -> Text,
        url -> Text,
        description -> Nullable<Text>,
        filter -> Text,
        secrets -> Text,
        active -> Bool,
        disabled_reason -> Nullable<Text>,
        created_by -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    webhook_deliveries (id) {
        id -> DbId,
        webhook_id -> DbId,
        event_id -> DbId,
        status -> Text,
        created_at -> BigInt,
        attempts -> BigInt,
        next_attempt_at -> Nullable<BigInt>,
        epoch -> BigInt,
        generation -> BigInt,
        expires_at -> Nullable<BigInt>,
        last_attempt_at -> Nullable<BigInt>,
        last_status -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    event_cursors (name) {
        name -> Text,
        position -> BigInt,
        moved_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(events, event_documents, webhooks, webhook_deliveries, event_cursors);
