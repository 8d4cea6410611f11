//! From events to a tree: what is refused is refused at its event.

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Tag, options};
use jct_contract::door::Path;

use crate::code::ViolationCode;
use crate::limits::MANIFEST_MAX_NODES;
use crate::node::{Node, Value};
use crate::violation::Found;
use crate::yaml::builder::{Builder, Stopped};
use crate::yaml::scalar::{Refusal, resolve};

/// A comment, without its `#`.
pub(crate) struct Comment {
    pub(crate) line: u32,
    pub(crate) text: String,
}

/// What was read, as far as it could be.
pub(crate) struct Document {
    /// The tree; `None` if reading stopped on the way, the reason being reported.
    pub(crate) root: Option<Node>,
    pub(crate) comments: Vec<Comment>,
    /// How many events the parser gave: what reading costs, whatever the clock says.
    #[cfg(test)]
    pub(crate) events: usize,
}

/// Reads one document, reporting everything that is wrong with it as YAML.
pub(crate) fn read(text: &str, found: &mut Found) -> Document {
    let mut reader = Reader { builder: Builder::default(), comments: Vec::new(), documents: 0, events: 0 };
    let options = options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        max_buffered_comment_events: MANIFEST_MAX_NODES,
    };
    let mut is_whole = true;
    for event in Parser::new_from_str_with_options(text, options) {
        reader.events += 1;
        let outcome = match event {
            Ok((event, span)) => reader.take(event, line_of(span.start.line()), found),
            Err(error) => Err(not_yaml(&error, found)),
        };
        if outcome.is_err() {
            is_whole = false;
            break;
        }
    }
    let root = reader.builder.root.take().or(Some(Node::new(0, Value::Null))).filter(|_| is_whole);
    Document {
        root,
        comments: reader.comments,
        #[cfg(test)]
        events: reader.events,
    }
}

struct Reader {
    builder: Builder,
    comments: Vec<Comment>,
    documents: usize,
    events: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: u32, found: &mut Found) -> Result<(), Stopped> {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Anchor(..) => {}
            Event::DocumentStart(..) => return self.document(line, found),
            Event::Comment(text, _) => {
                self.builder.count(line, found)?;
                self.comments.push(Comment { line, text: text.into_owned() });
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.builder.count(line, found)?;
                self.builder.report(line, ViolationCode::YamlAlias, "aliases (`*name`) are not taken", found);
                self.builder.place(Node::new(line, Value::Refused), true, found);
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.builder.count(line, found)?;
                self.anchor(anchor, line, found);
                self.scalar(&text, style, tag.as_deref(), line, found);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.builder.count(line, found)?;
                self.anchor(anchor, line, found);
                self.collection_tag(tag.as_deref(), "seq", line, found);
                self.builder.open_list(line, found)?;
            }
            Event::MappingStart(_, anchor, tag) => {
                self.builder.count(line, found)?;
                self.anchor(anchor, line, found);
                self.collection_tag(tag.as_deref(), "map", line, found);
                self.builder.open_map(line, found)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.builder.close(found),
            // An event of a later parser: what nobody here knows is not let through.
            _ => {
                self.builder.report(line, ViolationCode::YamlInvalid, "this notation is not taken", found);
                return Err(Stopped);
            }
        }
        Ok(())
    }

    fn document(&mut self, line: u32, found: &mut Found) -> Result<(), Stopped> {
        self.documents += 1;
        if self.documents > 1 {
            let message = "a manifest is one document; remove the `---` between them";
            found.report(Path::Root, line, ViolationCode::YamlSeveralDocuments, message);
            return Err(Stopped);
        }
        Ok(())
    }

    fn anchor(&self, anchor: usize, line: u32, found: &mut Found) {
        if anchor != 0 {
            self.builder.report(line, ViolationCode::YamlAnchor, "anchors (`&name`) are not taken", found);
        }
    }

    fn collection_tag(&self, tag: Option<&Tag>, expected: &str, line: u32, found: &mut Found) {
        if tag.is_some_and(|tag| !tag.is_yaml_core_schema_tag(expected)) {
            let message = "this tag is not taken; only those of the core schema are";
            self.builder.report(line, ViolationCode::YamlTag, message, found);
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, line: u32, found: &mut Found) {
        let is_plain = style == ScalarStyle::Plain;
        let value = resolve(text, is_plain, tag).unwrap_or_else(|(code, message): Refusal| {
            self.builder.report(line, code, message, found);
            Value::Refused
        });
        self.builder.place(Node::new(line, value), is_plain, found);
    }
}

/// Reports that the text is not YAML: where, and never what stands there.
fn not_yaml(error: &ScanError, found: &mut Found) -> Stopped {
    let (line, column) = (line_of(error.marker().line()), error.marker().col() + 1);
    let (code, message) = match error.kind() {
        ErrorKind::DirectiveDisallowed => {
            (ViolationCode::YamlDirective, "directives (`%YAML`, `%TAG`) are not taken".to_owned())
        }
        ErrorKind::RecursionLimitExceeded => {
            (ViolationCode::YamlTooDeep, "mappings and lists are nested too deep".to_owned())
        }
        ErrorKind::UndeclaredTagHandle => (ViolationCode::YamlTag, "this tag is not taken".to_owned()),
        _ => (ViolationCode::YamlInvalid, format!("this is not YAML, from column {column} on")),
    };
    found.report(Path::Root, line, code, message);
    Stopped
}

fn line_of(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eight levels of six aliases each: 290 bytes that would be 1.6 million nodes.
    fn bomb() -> String {
        let levels = (0..8).map(|level: u8| {
            let (name, below) = (char::from(b'b' + level), char::from(b'a' + level));
            format!("{name}: &{name} [{}]\n", vec![format!("*{below}"); 6].join(","))
        });
        format!("a: &a [x]\n{}", levels.collect::<String>())
    }

    #[test]
    fn nested_aliases_cost_what_they_are_long() {
        let (text, mut found) = (bomb(), Found::default());
        assert!((200..400).contains(&text.len()), "{}", text.len());
        let document = read(&text, &mut found);
        // Each alias is one event and never more: 48 of them, 9 keys, 18 ends of lists, and what is around.
        assert!(document.events <= 90, "{}", document.events);
        let refused = found.or(document.root).unwrap_err();
        let count = |code| refused.iter().filter(|violation| violation.code == code).count();
        assert_eq!((count(ViolationCode::YamlAnchor), count(ViolationCode::YamlAlias)), (9, 48));
    }

    #[test]
    fn an_alias_of_itself_is_an_alias() {
        let mut found = Found::default();
        let document = read("a: &a {b: *a}", &mut found);
        assert!(document.events <= 12, "{}", document.events);
        let refused = found.or(document.root).unwrap_err();
        assert!(refused.has(ViolationCode::YamlAnchor) && refused.has(ViolationCode::YamlAlias));
    }

    #[test]
    fn reading_stops_at_a_limit() {
        let mut found = Found::default();
        let document = read(&"[".repeat(200_000), &mut found);
        assert!(document.events <= crate::limits::MANIFEST_MAX_DEPTH + 4, "{}", document.events);
        assert!(document.root.is_none());
    }
}
