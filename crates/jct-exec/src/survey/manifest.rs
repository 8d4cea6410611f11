//! Reads dependency manifests as far as that needs no tool of their own.

use serde_json::Value as Json;
use toml::Value as Toml;

/// What a manifest says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) kind: &'static str,
    pub(super) dependencies: Option<u64>,
    pub(super) licence: Option<String>,
}

/// Reads the manifest at `path`; `None` when the name is not a manifest's. One that cannot be parsed
/// is still a manifest, with nothing known of it.
pub(super) fn manifest(path: &str, text: &str) -> Option<Manifest> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let manifest = match name {
        "Cargo.toml" => of_toml("Cargo", text, cargo),
        "pyproject.toml" => of_toml("Python project", text, pyproject),
        "package.json" => {
            of_json("npm", text, &["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"])
        }
        "composer.json" => of_json("Composer", text, &["require", "require-dev"]),
        "go.mod" => counted("Go modules", go_requirements(text)),
        "requirements.txt" => counted("pip", count(text, |l| !l.is_empty() && !l.starts_with(['#', '-']))),
        "Gemfile" => counted("Bundler", count(text, |l| l.starts_with("gem ") || l.starts_with("gem("))),
        "pom.xml" => counted("Maven", text.matches("<dependency>").count() as u64),
        "Pipfile" => of_toml("Pipenv", text, |t| Manifest {
            dependencies: Some(entries(t, &["packages"]) + entries(t, &["dev-packages"])),
            ..Manifest::default()
        }),
        "build.gradle" | "build.gradle.kts" => named("Gradle"),
        "CMakeLists.txt" => named("CMake"),
        "mix.exs" => named("Mix"),
        "Package.swift" => named("Swift package"),
        "setup.py" => named("setuptools"),
        "flake.nix" => named("Nix flake"),
        "MODULE.bazel" | "WORKSPACE" => named("Bazel"),
        _ if name.ends_with(".csproj") => counted(".NET", text.matches("<PackageReference").count() as u64),
        _ => return None,
    };
    Some(manifest)
}

/// Whether [`manifest`] knows the name.
pub(super) fn is_manifest(path: &str) -> bool {
    manifest(path, "").is_some()
}

fn named(kind: &'static str) -> Manifest {
    Manifest { kind, ..Manifest::default() }
}

fn counted(kind: &'static str, dependencies: u64) -> Manifest {
    Manifest { dependencies: Some(dependencies), ..named(kind) }
}

fn of_toml(kind: &'static str, text: &str, read: impl Fn(&Toml) -> Manifest) -> Manifest {
    match text.parse::<toml::Table>() {
        Ok(table) => Manifest { kind, ..read(&Toml::Table(table)) },
        Err(_) => named(kind),
    }
}

fn of_json(kind: &'static str, text: &str, tables: &[&str]) -> Manifest {
    let Ok(json) = serde_json::from_str::<Json>(text) else {
        return named(kind);
    };
    let length = |name: &&str| json.get(name).and_then(Json::as_object).map_or(0, |t| t.len() as u64);
    Manifest {
        kind,
        dependencies: Some(tables.iter().map(length).sum()),
        licence: json.get("license").and_then(Json::as_str).map(str::to_owned),
    }
}

fn cargo(toml: &Toml) -> Manifest {
    const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let of_package: u64 = TABLES.iter().map(|name| entries(toml, &[name])).sum();
    let of_targets: u64 = at(toml, &["target"])
        .and_then(Toml::as_table)
        .into_iter()
        .flat_map(|targets| targets.values())
        .flat_map(|target| TABLES.map(|name| entries(target, &[name])))
        .sum();
    let of_workspace = entries(toml, &["workspace", "dependencies"]);
    Manifest {
        dependencies: Some(of_package + of_targets + of_workspace),
        licence: text_at(toml, &["package", "license"]).or_else(|| text_at(toml, &["workspace", "package", "license"])),
        ..Manifest::default()
    }
}

fn pyproject(toml: &Toml) -> Manifest {
    let groups = |path: &[&str]| -> u64 {
        let lists = at(toml, path).and_then(Toml::as_table);
        lists.into_iter().flat_map(|t| t.values()).map(length).sum()
    };
    let poetry = &["tool", "poetry", "dependencies"];
    // Poetry lists the interpreter among the dependencies.
    let interpreter = u64::from(at(toml, &["tool", "poetry", "dependencies", "python"]).is_some());
    Manifest {
        dependencies: Some(
            at(toml, &["project", "dependencies"]).map_or(0, length)
                + groups(&["project", "optional-dependencies"])
                + groups(&["dependency-groups"])
                + entries(toml, poetry)
                - interpreter,
        ),
        licence: text_at(toml, &["project", "license"])
            .or_else(|| text_at(toml, &["project", "license", "text"]))
            .or_else(|| text_at(toml, &["tool", "poetry", "license"])),
        ..Manifest::default()
    }
}

fn at<'a>(toml: &'a Toml, path: &[&str]) -> Option<&'a Toml> {
    path.iter().try_fold(toml, |value, key| value.get(key))
}

fn text_at(toml: &Toml, path: &[&str]) -> Option<String> {
    at(toml, path)?.as_str().map(str::to_owned)
}

fn entries(toml: &Toml, path: &[&str]) -> u64 {
    at(toml, path).and_then(Toml::as_table).map_or(0, |table| table.len() as u64)
}

fn length(toml: &Toml) -> u64 {
    toml.as_array().map_or(0, |list| list.len() as u64)
}

fn count(text: &str, is_dependency: impl Fn(&str) -> bool) -> u64 {
    text.lines().filter(|line| is_dependency(line.trim())).count() as u64
}

/// `require x v1` on one line, or a block of them.
fn go_requirements(text: &str) -> u64 {
    let mut in_block = false;
    let mut found = 0;
    for line in text.lines().map(str::trim) {
        let is_entry = !line.is_empty() && !line.starts_with("//") && line != ")";
        match line.strip_prefix("require") {
            Some(rest) if rest.trim_start().starts_with('(') => in_block = true,
            Some(rest) if rest.starts_with([' ', '\t']) => found += 1,
            _ if line == ")" => in_block = false,
            _ if in_block && is_entry => found += 1,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, dependencies: Option<u64>, licence: Option<&str>) {
        let found = manifest(path, text).unwrap();
        assert_eq!((found.dependencies, found.licence.as_deref()), (dependencies, licence));
    }

    #[test]
    fn dependencies_are_counted() {
        check(
            "a/Cargo.toml",
            "[package]\nlicense='MIT'\n[dependencies]\na='1'\nb='1'\n[target.'cfg(unix)'.dependencies]\nc='1'\n",
            Some(3),
            Some("MIT"),
        );
        check("Cargo.toml", "[workspace.dependencies]\na='1'\n", Some(1), None);
        check(
            "package.json",
            r#"{"license":"ISC","dependencies":{"a":"1"},"devDependencies":{"b":"1"}}"#,
            Some(2),
            Some("ISC"),
        );
        check(
            "pyproject.toml",
            "[project]\ndependencies=['a','b']\nlicense={text='BSD'}\n[project.optional-dependencies]\nx=['c']\n",
            Some(3),
            Some("BSD"),
        );
        check("pyproject.toml", "[tool.poetry.dependencies]\npython='3'\na='1'\n", Some(1), None);
        check("go.mod", "module m\nrequire a v1\nrequire (\n\tb v1\n\t// no\n\tc v2\n)\n", Some(3), None);
        check("requirements.txt", "a\n# no\n-r other\nb==1\n\n", Some(2), None);
        check("Gemfile", "source 'x'\ngem 'a'\n  gem 'b'\n", Some(2), None);
        check("pom.xml", "<dependency></dependency><dependency>", Some(2), None);
        check("x.csproj", "<PackageReference Include='a'/>", Some(1), None);
        check("setup.py", "", None, None);
    }

    #[test]
    fn what_cannot_be_parsed_is_still_a_manifest() {
        check("Cargo.toml", "[[[", None, None);
        check("package.json", "{", None, None);
        check("package.json", "[]", Some(0), None);
        check("package.json", r#"{"dependencies":7,"license":{}}"#, Some(0), None);
        check("Cargo.toml", "dependencies = 1\ntarget = [1]", Some(0), None);
        assert_eq!(manifest("main.rs", ""), None);
    }

    #[test]
    fn deep_nesting_does_not_overflow() {
        check("package.json", &"[".repeat(100_000), None, None);
        check("Cargo.toml", &format!("a = {}", "[".repeat(100_000)), None, None);
    }
}
