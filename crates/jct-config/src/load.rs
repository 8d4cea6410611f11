//! The thin, impure edge: reads the file, the environment and the machine, and hands them to the pure core.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use crate::{Config, LoadError, Machine, Sources, TomlSource};

/// Configuration file read from the working directory when no other is named.
pub const CONFIG_FILE_NAME: &str = "jct.toml";
/// Environment variable that names another configuration file.
pub const CONFIG_FILE_VARIABLE: &str = "JCT_CONFIG";

/// What the command line says about configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Configuration file, stronger than `JCT_CONFIG`.
    pub config_file: Option<PathBuf>,
    /// Key name (`api.port`) and value as text.
    pub values: Vec<(String, String)>,
}

/// Reads the layers of this process and resolves them.
///
/// # Errors
/// The configuration file cannot be read, or the layers do not make a configuration. A missing `jct.toml` in the
/// working directory is no error; a missing file that was named is.
pub fn load(flags: Flags) -> Result<Config, LoadError> {
    let env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let from_env = env.iter().find(|(name, value)| name == CONFIG_FILE_VARIABLE && !value.is_empty());
    let named = flags.config_file.or_else(|| from_env.map(|(_, value)| PathBuf::from(value)));
    let toml = read_file(named)?;
    Ok(Config::resolve(&Sources { toml, env, overrides: flags.values, machine: this_machine() })?)
}

fn read_file(named: Option<PathBuf>) -> Result<Option<TomlSource>, LoadError> {
    let optional = named.is_none();
    let path = named.unwrap_or_else(|| PathBuf::from(CONFIG_FILE_NAME));
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(TomlSource { path, text })),
        Err(error) if optional && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LoadError::Unreadable { path, source }),
    }
}

fn this_machine() -> Machine {
    let cores = std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX));
    let host_name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    // More threads than this never pay, and the ranges of the keys end here.
    Machine { cores: cores.min(1024), host_name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_must_exist() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("other.toml");
        let error = read_file(Some(missing.clone())).unwrap_err();
        assert!(matches!(&error, LoadError::Unreadable { path, .. } if *path == missing), "{error}");
        std::fs::write(&missing, "[api]\nport = 1\n").unwrap();
        assert_eq!(read_file(Some(missing)).unwrap().unwrap().text, "[api]\nport = 1\n");
    }

    #[test]
    fn file_and_flags_of_this_process_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("named.toml");
        std::fs::write(&path, "[worker]\ngrace_seconds = 7\n[api]\nport = 1\n").unwrap();
        let values = vec![("api.port".to_owned(), "2".to_owned())];
        let config = load(Flags { config_file: Some(path), values }).unwrap();
        assert_eq!((config.worker.grace_seconds, config.api.port), (7, 2));
    }

    #[test]
    fn a_file_that_is_not_text_is_reported_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("binary.toml");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(read_file(Some(path)).unwrap_err().to_string().contains("binary.toml"));
    }

    #[test]
    fn this_machine_gives_valid_defaults() {
        let config = Config::resolve(&Sources { machine: this_machine(), ..Sources::default() }).unwrap();
        assert!(config.worker.slots >= 1);
    }
}
