//! Arrows point down only: which crate may use which, read from cargo itself.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The layers, from the bottom. A crate may use anything in a layer below its own and nothing beside or above.
const LAYERS: [&[&str]; 13] = [
    &["jct-contract"],
    &["jct-policy", "jct-lifecycle", "jct-cwom", "jct-audit"],
    // Judge and tell what the others describe; still pure.
    &["jct-evidence", "jct-event"],
    // The document of a manifest job; still pure. Above the evidence, because there is one scanner for secrets.
    &["jct-manifest", "jct-workflow"],
    // Plain data for the binaries; knows the policy's types and nothing else.
    &["jct-config"],
    // Connects to whom others judge; knows nothing of the tower.
    &["jct-connect"],
    &["jct-store", "jct-trace", "jct-exec", "jct-webhook"],
    &["jct-tower", "jct-agent", "jct-ingest", "jct-prover"],
    // What agents call; jct-http carries it.
    &["jct-mcp"],
    &["jct-http", "jct-runner"],
    // From configuration to the parts above: the one place where their vocabularies meet.
    &["jct-wiring"],
    &["jct-api", "jct-worker", "jct"],
    // This package puts everything together and is used by nobody.
    &["jct-tests"],
];

/// Crates that only a few may use directly.
const RESERVED: [(&str, &[&str]); 11] = [
    ("diesel", &["jct-store"]),
    ("diesel-async", &["jct-store"]),
    ("diesel_migrations", &["jct-store"]),
    ("libsqlite3-sys", &["jct-store"]),
    ("tokio-rustls", &["jct-connect"]),
    ("actix-web", &["jct-http"]),
    ("utoipa", &["jct-http"]),
    ("rmcp", &["jct-mcp", "jct-http"]),
    ("jct-config", &["jct-wiring", "jct-api", "jct-worker", "jct"]),
    ("clap", &["jct-api", "jct-worker", "jct"]),
    ("anyhow", &["jct-wiring", "jct-api", "jct-worker", "jct"]),
];

/// What the published crates may pull in, directly or not: no database, no server, no runtime.
const KEPT_OUT_OF_THE_PURE_CRATES: [&str; 7] =
    ["tokio", "diesel", "actix-web", "hyper", "rustls", "openssl", "reqwest"];

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).exec().unwrap()
}

fn layer(name: &str) -> usize {
    let found = LAYERS.iter().position(|layer| layer.contains(&name));
    found.unwrap_or_else(|| panic!("`{name}` stands in no layer: give it one here and in docs/ARCHITECTURE.md"))
}

/// What a package uses outside its tests.
fn used(package: &Package) -> BTreeSet<String> {
    let dependencies = package.dependencies.iter().filter(|used| used.kind != DependencyKind::Development);
    dependencies.map(|used| used.name.to_string()).collect()
}

#[test]
fn arrows_point_down_only() {
    let metadata = metadata();
    let packages: BTreeMap<String, &Package> =
        metadata.workspace_packages().into_iter().map(|package| (package.name.to_string(), package)).collect();
    for (name, package) in &packages {
        for used in used(package).iter().filter(|used| packages.contains_key(*used)) {
            assert!(layer(used) < layer(name), "`{name}` must not use `{used}`: it is not below it");
        }
    }
    let named: usize = LAYERS.iter().map(|layer| layer.len()).sum();
    assert_eq!(named, packages.len(), "a layer names a package that is not there");
}

#[test]
fn reserved_crates_are_used_where_they_belong() {
    for package in metadata().workspace_packages() {
        for (reserved, users) in RESERVED {
            let name = package.name.as_str();
            let allowed = users.contains(&name) || name == "jct-tests";
            assert!(allowed || !used(package).contains(reserved), "`{name}` must not use `{reserved}`");
        }
    }
}

#[test]
fn the_pure_crates_pull_in_no_runtime() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().unwrap();
    let name_of = |id: &cargo_metadata::PackageId| metadata[id].name.to_string();
    for root in [
        "jct-contract",
        "jct-policy",
        "jct-lifecycle",
        "jct-cwom",
        "jct-audit",
        "jct-evidence",
        "jct-event",
        "jct-manifest",
        "jct-workflow",
    ] {
        let mut open: Vec<_> = resolve.nodes.iter().filter(|node| name_of(&node.id) == root).collect();
        let mut seen = BTreeSet::new();
        while let Some(node) = open.pop() {
            for dependency in &node.deps {
                let linked = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
                if linked && seen.insert(dependency.pkg.clone()) {
                    open.extend(resolve.nodes.iter().find(|other| other.id == dependency.pkg));
                }
            }
        }
        let names: BTreeSet<String> = seen.iter().map(name_of).collect();
        for kept_out in KEPT_OUT_OF_THE_PURE_CRATES {
            assert!(!names.contains(kept_out), "`{root}` pulls in `{kept_out}`");
        }
    }
}

#[test]
fn every_package_inherits_the_workspaces_lints() {
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "`{}` goes without the lints", package.name);
    }
}
