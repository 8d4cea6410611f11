//! The tables of controls and agents, once for both engines. A test compares this file, the migrations and the databases.

diesel::table! {
    use crate::types::DbId;
    use diesel::sql_types::{BigInt, Nullable, Text};

    controls (id) {
        id -> DbId,
        scope -> Text,
        value -> Nullable<Text>,
        mode -> Text,
        reason -> Text,
        created_by_kind -> Text,
        created_by -> Text,
        created_at -> BigInt,
        lifted_by -> Nullable<Text>,
        lifted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};

    agents (name) {
        name -> Text,
        kind -> Text,
        own_name -> Text,
        description -> Text,
        capabilities -> Text,
        config -> Text,
        max_concurrent_tasks -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}
