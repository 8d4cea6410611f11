//! A schema in words that are the same on both engines, under the map of types that the migrations state.

use super::Db;

/// Tables, columns, nullability, keys, checks and indexes, sorted. Empty for an empty database.
pub(crate) async fn describe(db: &Db) -> String {
    let mut lines = columns(db).await;
    lines.extend(if db.is_postgres() { db.lines(POSTGRES_KEYS).await } else { sqlite_keys(db).await });
    lines.sort_unstable();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// One line a column: table, name, type, nullability.
pub(crate) async fn columns(db: &Db) -> Vec<String> {
    let mut lines = db.lines(if db.is_postgres() { POSTGRES_COLUMNS } else { SQLITE_COLUMNS }).await;
    // The engines differ in what SQLite can't tell apart; the names of the columns can.
    lines.iter_mut().for_each(|line| *line = common(line));
    lines.sort_unstable();
    lines
}

/// The same lines from the text of the `table!` declarations.
pub(crate) fn in_code(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut table = "";
    for line in text.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name;
        } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            let inner = kind.strip_prefix("Nullable<").map(|kind| kind.trim_end_matches('>'));
            let null = if inner.is_some() { "null" } else { "not null" };
            let kind = match inner.unwrap_or(kind) {
                "Text" => "text",
                "DbId" => "uuid",
                "BigInt" => "integer",
                "Bool" => "boolean",
                other => panic!("a type without a place in the map: {other}"),
            };
            lines.push(common(&format!("{table}.{column} {kind} {null}")));
        }
    }
    lines.sort_unstable();
    lines
}

/// `uuid` is text and `boolean` is an integer on SQLite.
fn common(line: &str) -> String {
    line.replace(" uuid ", " text ").replace(" bigint ", " integer ").replace(" boolean ", " integer ")
}

const SQLITE_COLUMNS: &str = "\
SELECT t.name || '.' || c.name || ' ' || lower(c.type) || CASE WHEN c.\"notnull\" OR c.pk THEN ' not null' ELSE ' null' END AS line \
FROM sqlite_schema t, pragma_table_info(t.name) c \
WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'";

const POSTGRES_COLUMNS: &str = "\
SELECT table_name || '.' || column_name || ' ' || data_type || CASE WHEN is_nullable = 'YES' THEN ' null' ELSE ' not null' END AS line \
FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'";

const POSTGRES_KEYS: &str = "\
SELECT r.relname || CASE c.contype WHEN 'p' THEN ' primary key ' WHEN 'u' THEN ' unique ' WHEN 'f' THEN ' foreign key ' \
  ELSE ' check ' || c.conname END \
  || CASE WHEN c.contype = 'c' THEN '' ELSE (SELECT string_agg(a.attname, ',' ORDER BY k.n) \
     FROM unnest(c.conkey) WITH ORDINALITY AS k (attnum, n) JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum) END \
  || CASE WHEN c.contype = 'f' THEN ' > ' || f.relname ELSE '' END AS line \
FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid LEFT JOIN pg_class f ON f.oid = c.confrelid \
WHERE r.relnamespace = 'public'::regnamespace AND r.relname NOT LIKE '\\_\\_%' AND c.contype IN ('p', 'u', 'f', 'c') \
UNION ALL \
SELECT r.relname || CASE WHEN i.indisunique THEN ' unique index ' ELSE ' index ' END || x.relname || ' (' \
  || (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey::int[]) WITH ORDINALITY AS k (attnum, n) \
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) || ')' \
  || CASE WHEN i.indpred IS NULL THEN '' ELSE ' partial' END AS line \
FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid \
WHERE r.relnamespace = 'public'::regnamespace AND r.relname NOT LIKE '\\_\\_%' \
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)";

const SQLITE_PRIMARY_KEYS: &str = "\
SELECT t.name || ' primary key ' || (SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info(t.name) WHERE pk > 0 ORDER BY pk)) AS line \
FROM sqlite_schema t WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'";

const SQLITE_FOREIGN_KEYS: &str = "\
SELECT t.name || ' foreign key ' || group_concat(f.\"from\") || ' > ' || f.\"table\" AS line \
FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table' GROUP BY t.name, f.id";

const SQLITE_INDEXES: &str = "\
SELECT t.name || CASE i.origin WHEN 'u' THEN ' unique ' ELSE CASE WHEN i.\"unique\" THEN ' unique index ' ELSE ' index ' END || i.name || ' (' END \
  || (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) \
  || CASE WHEN i.origin = 'u' THEN '' ELSE ')' END || CASE WHEN i.partial THEN ' partial' ELSE '' END AS line \
FROM sqlite_schema t, pragma_index_list(t.name) i \
WHERE t.type = 'table' AND i.origin <> 'pk' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\'";

async fn sqlite_keys(db: &Db) -> Vec<String> {
    let mut lines = Vec::new();
    for query in [SQLITE_PRIMARY_KEYS, SQLITE_FOREIGN_KEYS, SQLITE_INDEXES] {
        lines.extend(db.lines(query).await);
    }
    // Checks have names only in the text of their table. What stands in for `boolean` belongs to the map of types.
    let tables =
        "SELECT name || char(10) || sql AS line FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%CHECK%'";
    for table in db.lines(tables).await {
        let (name, sql) = table.split_once('\n').unwrap();
        let words: Vec<&str> = sql.split_whitespace().collect();
        for check in words.windows(3).filter(|words| words[0] == "CONSTRAINT" && words[2] == "CHECK") {
            if !sql.contains(&format!(
                "{} CHECK ({} IN (0, 1))",
                check[1],
                check[1].trim_start_matches(&format!("{name}_"))
            )) {
                lines.push(format!("{name} check {}", check[1]));
            }
        }
    }
    lines
}
