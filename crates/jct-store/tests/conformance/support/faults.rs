//! What goes wrong outside the store: writes that fail, connections that break; and what may then be seen.

use super::Db;

/// Every table with rows of its own, by name.
const TABLES: &str = "\
SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name";

impl Db {
    /// Makes every write of one kind fail, e.g. `INSERT ON audit_log`.
    pub(crate) async fn break_writes(&self, place: &str) {
        let name = trigger(place);
        let sql = if self.is_postgres() {
            format!(
                "CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'an injected fault'; END $$; \
                 CREATE TRIGGER {name} BEFORE {place} FOR EACH ROW EXECUTE FUNCTION fault()"
            )
        } else {
            format!("CREATE TRIGGER {name} BEFORE {place} BEGIN SELECT RAISE(ABORT, 'an injected fault'); END")
        };
        self.execute(&sql).await.unwrap();
    }

    pub(crate) async fn mend_writes(&self, place: &str) {
        let on = if self.is_postgres() { place.split_once(' ').unwrap().1 } else { "" };
        self.execute(&format!("DROP TRIGGER {} {on}", trigger(place))).await.unwrap();
    }

    /// Every row of every table, in words.
    pub(crate) async fn dump(&self) -> Vec<String> {
        let mut rows = Vec::new();
        if self.is_postgres() {
            let tables = "SELECT relname::text AS line FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
            for table in self.lines(tables).await {
                rows.extend(self.lines(&format!("SELECT '{table} ' || t::text AS line FROM {table} t")).await);
            }
        } else {
            for table in self.lines(TABLES).await {
                let quoted = format!("SELECT 'quote(' || name || ')' AS line FROM pragma_table_info('{table}')");
                let columns = self.lines(&quoted).await.join(" || ',' || ");
                rows.extend(self.lines(&format!("SELECT '{table} ' || {columns} AS line FROM {table}")).await);
            }
        }
        rows.sort_unstable();
        rows
    }

    /// Rows that must not exist, whatever failed: tasks in no place or in two, and tasks without an admission.
    pub(crate) async fn strays(&self) -> Vec<(&'static str, u64)> {
        let places = "(SELECT task_id FROM task_holds UNION ALL SELECT task_id FROM task_ready \
             UNION ALL SELECT task_id FROM task_leases UNION ALL SELECT task_id FROM task_outcomes) AS p";
        let nowhere = format!("tasks WHERE id NOT IN (SELECT task_id FROM {places})");
        let twice = format!("(SELECT task_id FROM {places} GROUP BY task_id HAVING count(*) > 1) AS q");
        let unadmitted = "tasks WHERE id NOT IN (SELECT task_id FROM admissions)";
        let running = "task_leases l WHERE NOT EXISTS (SELECT 1 FROM attempts a WHERE a.task_id = l.task_id \
             AND a.generation = l.generation AND a.ended_at IS NULL)";
        vec![
            ("tasks in no place", self.count(&nowhere).await),
            ("tasks in two places", self.count(&twice).await),
            ("tasks without an admission", self.count(unadmitted).await),
            ("leases without an attempt", self.count(running).await),
        ]
    }

    /// Cuts every other connection to the database; where there are none, keeps the writer waiting for a moment.
    pub(crate) async fn disturb(&self) {
        if self.is_postgres() {
            let cut = "SELECT pg_terminate_backend(pid)::text AS line FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()";
            self.lines(cut).await;
        } else {
            self.execute("BEGIN IMMEDIATE; UPDATE database_meta SET value = value; COMMIT").await.unwrap();
        }
    }
}

fn trigger(place: &str) -> String {
    format!("fault_{}", place.to_lowercase().replace(' ', "_"))
}
