//! What a declaration says about one object: its members, whether each must be there, and what it may be.

use serde_json::{Map, Value};

use crate::limits::LIST_TEXT_MAX_CHARS;
use crate::words::ObjectKind;

/// One object of the model.
#[derive(Debug)]
pub struct Object {
    /// The name of its type.
    pub(crate) name: &'static str,
    /// The names of its members.
    pub(crate) names: &'static [&'static str],
    /// What it is, for the schema.
    pub(crate) doc: &'static str,
    /// In the order of the wire.
    pub(crate) members: &'static [Member],
}

impl Object {
    /// Whether any of its members may refer to another object.
    pub(crate) fn refers(&self) -> bool {
        self.members.iter().any(|member| member.rule.refers())
    }
}

/// One member of an object.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) rule: Rule,
    pub(crate) presence: Presence,
}

/// What happens when a member is absent or `null`, which is the same.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Presence {
    /// It is refused.
    Required,
    /// It stays absent.
    Optional,
    /// It is the empty text, list or object; the members of an empty object have their own defaults.
    Empty,
    /// It is this text.
    Text(&'static str),
}

pub(crate) const REQUIRED: Presence = Presence::Required;
pub(crate) const OPTIONAL: Presence = Presence::Optional;
pub(crate) const EMPTY: Presence = Presence::Empty;

pub(crate) const fn or(text: &'static str) -> Presence {
    Presence::Text(text)
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// A text of so many characters.
    Text { min: usize, max: usize },
    /// A text of at most so many characters that says something: it is not blank.
    Prose { max: usize },
    /// A text that counts towards the free-form bytes of its object.
    Inline,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number, at most so large.
    Integer { max: u64 },
    /// A number that is not negative.
    Number,
    /// A moment, RFC 3339.
    Moment,
    /// A digest: `sha256:` and 64 hexadecimal digits.
    Digest,
    /// The id of an object.
    Id,
    /// A reference to an object of one kind.
    Reference(ObjectKind),
    /// An object of the model.
    Object(&'static Object),
    /// A list of values of one rule.
    List(&'static Rule),
    /// A free-form object.
    Free,
}

impl Member {
    /// What it is when it is absent.
    pub(crate) fn default(&self) -> Value {
        match (self.presence, self.rule) {
            (Presence::Text(text), _) => text.into(),
            (Presence::Empty, Rule::Text { .. }) => "".into(),
            (Presence::Empty, Rule::List(_)) => Value::Array(Vec::new()),
            (Presence::Empty, Rule::Free) => Value::Object(Map::new()),
            (Presence::Empty, Rule::Object(shape)) => {
                Value::Object(shape.members.iter().map(|member| (member.name.to_owned(), member.default())).collect())
            }
            (Presence::Empty | Presence::Optional | Presence::Required, _) => Value::Null,
        }
    }
}

impl Rule {
    fn refers(self) -> bool {
        match self {
            Self::Reference(_) => true,
            Self::Object(shape) => shape.refers(),
            Self::List(rule) => rule.refers(),
            _ => false,
        }
    }
}

/// A type that a declaration made.
pub trait Shaped {
    /// The declaration.
    const SHAPE: &'static Object;
}

pub(crate) const fn text(min: usize, max: usize) -> Rule {
    Rule::Text { min, max }
}

pub(crate) const fn prose(max: usize) -> Rule {
    Rule::Prose { max }
}

pub(crate) const fn word(words: &'static [&'static str]) -> Rule {
    Rule::Word(words)
}

pub(crate) const fn integer(max: u64) -> Rule {
    Rule::Integer { max }
}

pub(crate) const fn number() -> Rule {
    Rule::Number
}

pub(crate) const fn reference(kind: ObjectKind) -> Rule {
    Rule::Reference(kind)
}

pub(crate) const fn object<T: Shaped>() -> Rule {
    Rule::Object(T::SHAPE)
}

/// A list of objects.
pub(crate) const fn list<T: Shaped>() -> Rule {
    const { Rule::List(&Rule::Object(T::SHAPE)) }
}

/// A list of texts without a limit of their own.
pub(crate) const fn texts() -> Rule {
    Rule::List(&Rule::Text { min: 1, max: LIST_TEXT_MAX_CHARS })
}

/// A list of references to objects of one kind.
pub(crate) const fn references(kind: ObjectKind) -> Rule {
    match kind {
        ObjectKind::Repo => Rule::List(&Rule::Reference(ObjectKind::Repo)),
        ObjectKind::Issue => Rule::List(&Rule::Reference(ObjectKind::Issue)),
        ObjectKind::ContextPacket => Rule::List(&Rule::Reference(ObjectKind::ContextPacket)),
        ObjectKind::Run => Rule::List(&Rule::Reference(ObjectKind::Run)),
        ObjectKind::Artifact => Rule::List(&Rule::Reference(ObjectKind::Artifact)),
        ObjectKind::ConstraintSnapshot => Rule::List(&Rule::Reference(ObjectKind::ConstraintSnapshot)),
        ObjectKind::DoctrineRef => Rule::List(&Rule::Reference(ObjectKind::DoctrineRef)),
        ObjectKind::EvidencePack => Rule::List(&Rule::Reference(ObjectKind::EvidencePack)),
        ObjectKind::ReviewDecision => Rule::List(&Rule::Reference(ObjectKind::ReviewDecision)),
    }
}
