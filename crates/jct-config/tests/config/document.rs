//! The table of `docs/configuration.md` is the registry, and its example is a valid file.
//!
//! With `JCT_TEST_UPDATE_DOCS=1` the test writes the table instead of comparing it.

use std::path::Path;

use crate::support::resolve;

const BEGIN: &str = "<!-- keys: begin -->\n";
const END: &str = "<!-- keys: end -->";

#[test]
fn the_table_of_the_document_is_the_registry() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}{}{END}{after}", jct_config::key_table());
    if std::env::var_os("JCT_TEST_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
}

#[test]
fn the_example_of_the_document_is_valid() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (_, rest) = document.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let config = resolve(example, &[], &[]).unwrap();
    assert_eq!(config.repo_sources.len(), 2);
}

/// Blocks of TOML in the documentation that are no `jct.toml`: what begins so is another kind of file.
const OTHER_FILES: [&str; 3] = ["[agent.", "[dependencies]", "[mcp_servers."];

#[test]
fn every_jct_toml_in_the_documents_is_valid() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut documents = vec![repository.join("README.md")];
    let is_page = |path: &std::path::PathBuf| path.extension().is_some_and(|ending| ending == "md");
    documents
        .extend(std::fs::read_dir(repository.join("docs")).unwrap().map(|entry| entry.unwrap().path()).filter(is_page));
    let mut read = 0;
    for path in documents {
        let document = std::fs::read_to_string(&path).unwrap();
        let blocks = document.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
        for block in blocks.filter(|block| !OTHER_FILES.iter().any(|other| block.starts_with(other))) {
            resolve(block, &[], &[]).unwrap_or_else(|error| panic!("{}: {error}\n{block}", path.display()));
            read += 1;
        }
    }
    assert!(read >= 2, "the documents have examples: {read}");
}

#[test]
fn the_files_that_are_handed_out_are_valid() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| std::fs::read_to_string(repository.join(name)).unwrap();
    resolve(&read("examples/jct.toml"), &[], &[]).unwrap();
    let (shared, api) = (read("deploy/jct.env"), read("deploy/jct-api.env"));
    let lines = shared.lines().chain(api.lines()).filter(|line| !line.starts_with('#'));
    let env: Vec<_> = lines.filter_map(|line| line.split_once('=')).collect();
    assert!(env.len() >= 4, "{env:?}");
    resolve("", &env, &[]).unwrap();
}
