//! Puts the nodes of a document together, on a stack of its own and therefore without recursion.

use std::collections::HashSet;

use jct_contract::door::Path;

use crate::code::ViolationCode;
use crate::limits::{MANIFEST_MAX_DEPTH, MANIFEST_MAX_NODES};
use crate::node::{Entry, Node, Value};
use crate::secrets;
use crate::violation::Found;

/// Nothing more can be built; the reason is reported.
#[derive(Debug)]
pub(super) struct Stopped;

enum Frame {
    List { line: u32, items: Vec<Node> },
    Map { line: u32, entries: Vec<Entry>, names: HashSet<String>, key: Option<Key> },
}

/// A key that waits for its value.
struct Key {
    text: String,
    line: u32,
    refused: bool,
}

/// Takes nodes in the order in which they are written.
#[derive(Default)]
pub(super) struct Builder {
    open: Vec<Frame>,
    nodes: usize,
    pub(super) root: Option<Node>,
}

impl Builder {
    /// Counts a node; beyond the limit nothing more is built.
    pub(super) fn count(&mut self, line: u32, found: &mut Found) -> Result<(), Stopped> {
        self.nodes += 1;
        if self.nodes > MANIFEST_MAX_NODES {
            let message = format!("a manifest has at most {MANIFEST_MAX_NODES} nodes");
            found.report(Path::Root, line, ViolationCode::YamlTooManyNodes, message);
            return Err(Stopped);
        }
        Ok(())
    }

    /// Reports something about the node that comes next.
    pub(super) fn report(&self, line: u32, code: ViolationCode, message: &str, found: &mut Found) {
        here(&self.open, Path::Root, &mut |path| found.report(path, line, code, message));
    }

    pub(super) fn open_list(&mut self, line: u32, found: &mut Found) -> Result<(), Stopped> {
        self.open(Frame::List { line, items: Vec::new() }, line, found)
    }

    pub(super) fn open_map(&mut self, line: u32, found: &mut Found) -> Result<(), Stopped> {
        self.open(Frame::Map { line, entries: Vec::new(), names: HashSet::new(), key: None }, line, found)
    }

    fn open(&mut self, frame: Frame, line: u32, found: &mut Found) -> Result<(), Stopped> {
        if self.open.len() >= MANIFEST_MAX_DEPTH {
            let message = format!("mappings and lists are nested at most {MANIFEST_MAX_DEPTH} levels deep");
            self.report(line, ViolationCode::YamlTooDeep, &message, found);
            return Err(Stopped);
        }
        self.open.push(frame);
        Ok(())
    }

    /// Closes the innermost list or mapping.
    pub(super) fn close(&mut self, found: &mut Found) {
        let node = match self.open.pop() {
            Some(Frame::List { line, items }) => Node::new(line, Value::List(items)),
            Some(Frame::Map { line, entries, .. }) => Node::new(line, Value::Map(entries)),
            None => return,
        };
        self.place(node, true, found);
    }

    /// Puts a finished node where it belongs: as a key, as the value of one, into a list, or as the document itself.
    pub(super) fn place(&mut self, node: Node, is_plain: bool, found: &mut Found) {
        if matches!(self.open.last(), Some(Frame::Map { key: None, .. })) {
            let key = self.key(node, is_plain, found);
            if let Some(Frame::Map { key: waiting, .. }) = self.open.last_mut() {
                *waiting = Some(key);
            }
            return;
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map { entries, key, .. }) => {
                if let Some(Key { text, line, refused }) = key.take() {
                    entries.push(Entry { key: text, line, value: node, refused });
                }
            }
        }
    }

    /// Makes a key of a node. What looks like a secret is masked here, before any pointer or message can name it.
    fn key(&mut self, node: Node, is_plain: bool, found: &mut Found) -> Key {
        let line = node.line;
        let refused = |text: &str| Key { text: text.to_owned(), line, refused: true };
        let Value::Text(text) = node.value else {
            if !matches!(node.value, Value::Refused) {
                let message = "a key must be a text; quote it if it is one";
                self.report(line, ViolationCode::YamlKeyNotText, message, found);
            }
            return refused("");
        };
        if text == "<<" && is_plain {
            self.report(line, ViolationCode::YamlMergeKey, "merge keys (`<<`) are not taken", found);
            return refused("<<");
        }
        if let Some(rule) = secrets::rule_of(&text) {
            here(&self.open, Path::Root, &mut |path| {
                found.secret(path.name(secrets::MASK), line, rule, "the key looks like a secret");
            });
            return refused(secrets::MASK);
        }
        let Some(Frame::Map { names, .. }) = self.open.last_mut() else { return refused(&text) };
        if names.insert(text.clone()) {
            return Key { text, line, refused: false };
        }
        here(&self.open, Path::Root, &mut |path| {
            let message = "this key is written a second time in one mapping";
            found.report(path.name(&text), line, ViolationCode::DuplicateKey, message);
        });
        refused(&text)
    }
}

/// Calls back with the path of the node that comes next.
fn here(open: &[Frame], path: Path<'_>, then: &mut dyn FnMut(Path<'_>)) {
    match open.split_first() {
        None => then(path),
        Some((Frame::List { items, .. }, inner)) => here(inner, path.index(items.len()), then),
        Some((Frame::Map { key: Some(key), .. }, inner)) => here(inner, path.name(&key.text), then),
        Some((Frame::Map { key: None, .. }, inner)) => here(inner, path, then),
    }
}
