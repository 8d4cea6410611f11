//! The one column type that differs between the engines: an id is `uuid` on PostgreSQL and text on SQLite.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{SqlOrd, SqlType, Text};
use diesel::sqlite::Sqlite;
use uuid::Uuid;

/// The SQL type of every id.
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Text"))]
pub struct DbId;

impl SqlOrd for DbId {}

/// An id on its way to or from a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = DbId)]
pub(crate) struct Id(pub(crate) Uuid);

impl ToSql<DbId, Pg> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<DbId, Pg> for Id {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.as_bytes())?))
    }
}

impl ToSql<DbId, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_string());
        Ok(IsNull::No)
    }
}

impl FromSql<DbId, Sqlite> for Id {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(Uuid::try_parse(&text)?))
    }
}

macro_rules! convert {
    ($($kind:ty),+) => {$(
        impl From<$kind> for Id {
            fn from(id: $kind) -> Self {
                Self(id.as_uuid())
            }
        }

        impl From<Id> for $kind {
            fn from(id: Id) -> Self {
                Self::from_uuid(id.0)
            }
        }
    )+};
}

convert!(
    jct_contract::TaskId,
    jct_contract::WorkerId,
    jct_contract::ApiKeyId,
    jct_contract::AuditId,
    jct_contract::ControlId,
    jct_contract::JobArtifactId,
    jct_contract::EventId,
    jct_contract::WorkflowId,
    jct_contract::WorkflowRunId,
    jct_contract::WebhookId,
    jct_contract::WebhookDeliveryId,
    jct_contract::ObjectId,
    jct_contract::RepoId,
    jct_contract::IssueId,
    jct_contract::ContextPacketId,
    jct_contract::ConstraintSnapshotId,
    jct_contract::DoctrineRefId,
    jct_contract::EvidencePackId,
    jct_contract::ReviewDecisionId,
    jct_contract::RunId,
    jct_contract::ArtifactId,
    jct_policy::DecisionId
);
