//! The door's rules for refs are those of git itself, which is asked.

use std::process::Command;

use jct_contract::TaskSpec;
use serde_json::json;

use crate::support::with;

const PARTS: [&str; 22] = [
    "a", ".", "..", "/", "//", "@", "{", "@{", "-", ".lock", "~", "^", ":", "?", "*", "[", "\\", " ", "\t", "\u{7f}",
    "é", "\u{85}",
];

#[test]
fn a_ref_passes_the_door_if_git_takes_it_and_it_is_no_option() {
    let pairs = PARTS.iter().flat_map(|first| PARTS.iter().map(move |second| format!("{first}{second}")));
    let longer = PARTS.iter().flat_map(|part| [format!("x/{part}/y"), format!("{part}x/y"), format!("x/y{part}")]);
    for text in pairs.chain(longer) {
        let git = Command::new("git").args(["check-ref-format", "--allow-onelevel", &text]).status().unwrap().success();
        let door = TaskSpec::from_json(with("/target/ref", json!(text)).to_string().as_bytes()).is_ok();
        assert_eq!(door, git && !text.starts_with('-'), "{text:?}");
    }
}
