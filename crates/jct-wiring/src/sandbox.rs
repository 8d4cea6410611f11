//! The sandbox: which level, which limits, what may be read.

use std::path::PathBuf;

use jct_config::{Config, MinimumLevel, SandboxLevel};
use jct_exec::sandbox::{IsolationLevel, Launcher, Limits, SandboxOptions};

/// The configured sandbox, entered through `launcher`.
#[must_use]
pub fn sandbox_options(config: &Config, launcher: Launcher) -> SandboxOptions {
    let sandbox = &config.sandbox;
    let limits = Limits {
        memory_bytes: sandbox.memory_bytes,
        processes: sandbox.processes,
        file_bytes: sandbox.file_bytes,
        disk_bytes: sandbox.disk_bytes,
        open_files: sandbox.open_files,
        output_bytes: sandbox.output_bytes,
        ..Limits::default()
    };
    SandboxOptions {
        level: level(sandbox.level),
        minimum: minimum(sandbox.minimum_level),
        limits,
        readable: sandbox.readable.iter().map(|path| PathBuf::from(path.as_path())).collect(),
        ..SandboxOptions::new(launcher)
    }
}

const fn level(level: SandboxLevel) -> Option<IsolationLevel> {
    match level {
        SandboxLevel::Auto => None,
        SandboxLevel::L0 => Some(IsolationLevel::L0),
        SandboxLevel::L1 => Some(IsolationLevel::L1),
        SandboxLevel::L2 => Some(IsolationLevel::L2),
        SandboxLevel::L3 => Some(IsolationLevel::L3),
    }
}

const fn minimum(level: MinimumLevel) -> IsolationLevel {
    match level {
        MinimumLevel::L0 => IsolationLevel::L0,
        MinimumLevel::L1 => IsolationLevel::L1,
        MinimumLevel::L2 => IsolationLevel::L2,
        MinimumLevel::L3 => IsolationLevel::L3,
    }
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;

    #[test]
    fn the_defaults_of_the_configuration_are_those_of_the_sandbox() {
        let options = sandbox_options(&Config::resolve(&Sources::default()).unwrap(), Launcher::current_exe());
        let defaults = SandboxOptions::new(Launcher::current_exe());
        assert_eq!((options.level, options.minimum), (defaults.level, defaults.minimum));
        assert_eq!((options.limits, options.readable), (defaults.limits, defaults.readable));
    }

    #[test]
    fn every_limit_of_the_configuration_reaches_the_sandbox() {
        let set = [
            ("JCT_SANDBOX_MEMORY_BYTES", "20000001"),
            ("JCT_SANDBOX_PROCESSES", "11"),
            ("JCT_SANDBOX_FILE_BYTES", "20000002"),
            ("JCT_SANDBOX_DISK_BYTES", "20000003"),
            ("JCT_SANDBOX_OPEN_FILES", "101"),
            ("JCT_SANDBOX_OUTPUT_BYTES", "20000004"),
        ];
        let env = set.map(|(name, value)| (name.into(), value.into())).to_vec();
        let config = Config::resolve(&Sources { env, ..Sources::default() }).unwrap();
        let limits = Limits {
            memory_bytes: 20_000_001,
            processes: 11,
            file_bytes: 20_000_002,
            disk_bytes: 20_000_003,
            open_files: 101,
            cpu_seconds: None,
            output_bytes: 20_000_004,
        };
        assert_eq!(sandbox_options(&config, Launcher::current_exe()).limits, limits);
    }
}
