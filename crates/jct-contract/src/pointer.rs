//! Where in a document something is wrong, as a JSON Pointer (RFC 6901) that is only written out when it is needed.

/// A segment longer than this is cut in a pointer: one giant name must not be repeated in every violation below it.
const MAX_SEGMENT_CHARS: usize = 128;

/// A place in the document, linked to the place around it; lives on the stack of the walk.
#[derive(Clone, Copy, Debug)]
pub enum Path<'p> {
    /// The document itself.
    Root,
    /// A member of an object.
    Name(&'p Path<'p>, &'p str),
    /// An element of an array.
    Index(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    /// The member of that name.
    #[must_use]
    pub const fn name(&'p self, name: &'p str) -> Self {
        Self::Name(self, name)
    }

    /// The element at that index, counted from zero.
    #[must_use]
    pub const fn index(&'p self, index: usize) -> Self {
        Self::Index(self, index)
    }

    /// The place as a JSON Pointer. Names longer than 128 characters are cut, with `…` for the rest.
    #[must_use]
    pub fn to_pointer(self) -> String {
        let mut pointer = String::new();
        self.write(&mut pointer);
        pointer
    }

    fn write(self, pointer: &mut String) {
        match self {
            Self::Root => {}
            Self::Name(parent, name) => {
                parent.write(pointer);
                pointer.push('/');
                for character in name.chars().take(MAX_SEGMENT_CHARS) {
                    match character {
                        '~' => pointer.push_str("~0"),
                        '/' => pointer.push_str("~1"),
                        other => pointer.push(other),
                    }
                }
                if name.chars().nth(MAX_SEGMENT_CHARS).is_some() {
                    pointer.push('…');
                }
            }
            Self::Index(parent, index) => {
                parent.write(pointer);
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_cut() {
        let inputs = Path::Root.name("inputs");
        let odd = inputs.name("a/b~c");
        assert_eq!(odd.index(3).to_pointer(), "/inputs/a~1b~0c/3");
        assert_eq!(Path::Root.to_pointer(), "");
        let long = "x".repeat(1_000_000);
        assert_eq!(inputs.name(&long).to_pointer(), format!("/inputs/{}…", "x".repeat(128)));
    }
}
