//! A position in UTF-8 text that only moves forward over whole tokens; all byte access goes through here, checked.

/// Where and why the text is not JSON; the position is a byte offset.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) message: &'static str,
}

pub(super) type Parsed<T> = Result<T, Fault>;

#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn fault<T>(&self, message: &'static str) -> Parsed<T> {
        Err(Fault { at: self.at, message })
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Moves past one byte that [`Self::peek`] has shown to be ASCII.
    pub(super) const fn advance(&mut self) {
        self.at += 1;
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    pub(super) fn expect(&mut self, byte: u8, message: &'static str) -> Parsed<()> {
        if self.eat(byte) { Ok(()) } else { self.fault(message) }
    }

    pub(super) fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.advance();
        }
    }

    /// Moves to the first byte that `stop` accepts, or to the end.
    pub(super) fn skip_until(&mut self, stop: impl Fn(u8) -> bool) {
        let rest = self.rest().as_bytes();
        self.at += rest.iter().position(|byte| stop(*byte)).unwrap_or(rest.len());
    }

    /// Moves past ASCII digits and says whether there was one.
    pub(super) fn skip_digits(&mut self) -> bool {
        let start = self.at;
        self.skip_until(|byte| !byte.is_ascii_digit());
        self.at > start
    }

    /// The next `length` bytes, if they are there and end between two characters.
    pub(super) fn take(&mut self, length: usize) -> Option<&'a str> {
        let taken = self.rest().get(..length)?;
        self.at += length;
        Some(taken)
    }

    /// The text from `start` to here; both are positions between two characters.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
}
