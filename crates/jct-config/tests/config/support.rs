//! Sources from literals, on a machine that is always the same.

use jct_config::{Config, ConfigErrors, Machine, Sources, TomlSource};

pub(crate) fn sources(toml: &str, env: &[(&str, &str)], overrides: &[(&str, &str)]) -> Sources {
    Sources {
        toml: (!toml.is_empty()).then(|| TomlSource { path: "jct.toml".into(), text: toml.to_owned() }),
        env: env.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        overrides: overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        machine: Machine { cores: 2, host_name: "build 7.example".to_owned() },
    }
}

pub(crate) fn resolve(toml: &str, env: &[(&str, &str)], overrides: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    Config::resolve(&sources(toml, env, overrides))
}
