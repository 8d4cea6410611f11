//! Wake-ups from other processes: SQLite counts the commits of others, and reading that count is nearly free.

use std::path::PathBuf;
use std::time::Duration;

use diesel::sql_types::Integer;
use diesel_async::RunQueryDsl;

use super::connection::{complete, establish_reader};
use crate::StoreError;
use crate::wake::Waker;

/// How often to look while changes come in.
const BUSY: Duration = Duration::from_millis(10);
/// How often to look when nothing happens.
const IDLE: Duration = Duration::from_millis(250);
/// Looks without a change before "busy" becomes "idle": two seconds.
const PATIENCE: u32 = 200;

/// Wakes everybody whenever another connection has committed. Ends with the task that runs it.
pub(super) async fn watch(path: PathBuf, waker: Waker) {
    let Ok(mut conn) = establish_reader(&path) else {
        log::error!("failed to open the database to watch it; changes by other processes are found by polling");
        return;
    };
    let mut last = None;
    let mut quiet = 0;
    loop {
        tokio::time::sleep(if quiet < PATIENCE { BUSY } else { IDLE }).await;
        if !waker.has_subscribers() {
            quiet = PATIENCE;
            continue;
        }
        let version: Result<i32, StoreError> = complete(async {
            #[derive(diesel::QueryableByName)]
            struct Version {
                #[diesel(sql_type = Integer)]
                data_version: i32,
            }
            let row: Version = diesel::sql_query("PRAGMA data_version").get_result(&mut conn).await?;
            Ok(row.data_version)
        });
        match version {
            Ok(version) if last != Some(version) => {
                last = Some(version);
                quiet = 0;
                waker.wake();
            }
            Ok(_) => quiet = quiet.saturating_add(1),
            Err(error) => log::warn!("failed to watch the database: {error}"),
        }
    }
}
