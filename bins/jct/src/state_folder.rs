//! The folder `.jct`, in which everything lies unless the configuration says otherwise.

use std::fs;
use std::path::Path;

use jct_config::{Config, Engine};

use crate::exit::Exit;
use crate::failure::Failure;

const FOLDER: &str = ".jct";

/// Makes the folder that the database lies in, so that the first command in a new place just works, and tells git to
/// leave `.jct` alone.
pub(crate) fn prepare(config: &Config, working: &Path) -> Result<(), Failure> {
    let database = match config.database.url.engine() {
        Engine::Sqlite { path } => path.parent().map(|parent| working.join(parent)),
        Engine::Postgres { .. } => None,
    };
    let ours = working.join(FOLDER);
    let made = || {
        database.iter().try_for_each(fs::create_dir_all)?;
        if !ours.is_dir() || ours.join(".gitignore").exists() {
            return Ok(());
        }
        fs::write(ours.join(".gitignore"), "*\n")
    };
    made().map_err(|error| {
        Failure::caused(Exit::Local, "the folder of the state cannot be made", &error).hint(
            "name other places with DATABASE_URL, JCT_TRACE_ROOT, JCT_WORKER_CACHE_ROOT and JCT_WORKER_WORKSPACE_ROOT",
        )
    })
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;

    #[test]
    fn the_state_stays_out_of_the_checkout() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config::resolve(&Sources::default()).expect("a configuration");
        prepare(&config, folder.path()).expect("made");
        assert_eq!(fs::read_to_string(folder.path().join(".jct/.gitignore")).expect("there"), "*\n");
    }
}
