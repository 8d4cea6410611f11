//! Strings and numbers: the two tokens of JSON that are more than one fixed word.

use std::borrow::Cow;

use super::cursor::{Cursor, Parsed};
use super::number::JsonNumber;

/// Reads a string, the cursor standing on its opening quote; it borrows unless there are escapes to resolve.
pub(super) fn string<'a>(cursor: &mut Cursor<'a>) -> Parsed<Cow<'a, str>> {
    cursor.expect(b'"', "expected a string")?;
    let start = cursor.at();
    skip_plain(cursor);
    let plain = cursor.since(start);
    if cursor.eat(b'"') {
        return Ok(Cow::Borrowed(plain));
    }
    let mut text = plain.to_owned();
    loop {
        match cursor.peek() {
            Some(b'"') => {
                cursor.advance();
                return Ok(Cow::Owned(text));
            }
            Some(b'\\') => {
                cursor.advance();
                text.push(escape(cursor)?);
            }
            Some(_) => return cursor.fault("control characters in a string must be escaped"),
            None => return cursor.fault("the string is not closed"),
        }
        let start = cursor.at();
        skip_plain(cursor);
        text.push_str(cursor.since(start));
    }
}

fn skip_plain(cursor: &mut Cursor<'_>) {
    cursor.skip_until(|byte| byte == b'"' || byte == b'\\' || byte < 0x20);
}

fn escape(cursor: &mut Cursor<'_>) -> Parsed<char> {
    let Some(letter) = cursor.peek() else { return cursor.fault("the string is not closed") };
    let plain = match letter {
        b'"' | b'\\' | b'/' => char::from(letter),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            cursor.advance();
            return unicode_escape(cursor);
        }
        _ => return cursor.fault("unknown escape in a string"),
    };
    cursor.advance();
    Ok(plain)
}

fn unicode_escape(cursor: &mut Cursor<'_>) -> Parsed<char> {
    const UNPAIRED: &str = "a `\\u` escape is half of a surrogate pair";
    let first = hex4(cursor)?;
    let code = match first {
        0xd800..=0xdbff => {
            if !cursor.eat_word("\\u") {
                return cursor.fault(UNPAIRED);
            }
            let second = hex4(cursor)?;
            if !matches!(second, 0xdc00..=0xdfff) {
                return cursor.fault(UNPAIRED);
            }
            0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        }
        _ => first,
    };
    match char::from_u32(code) {
        Some(character) => Ok(character),
        None => cursor.fault(UNPAIRED),
    }
}

fn hex4(cursor: &mut Cursor<'_>) -> Parsed<u32> {
    let digits = cursor.take(4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
        Some(code) => Ok(code),
        None => cursor.fault("a `\\u` escape needs four hexadecimal digits"),
    }
}

/// Reads a number, the cursor standing on its first byte.
pub(super) fn number<'a>(cursor: &mut Cursor<'a>) -> Parsed<JsonNumber<'a>> {
    let start = cursor.at();
    cursor.eat(b'-');
    if cursor.eat(b'0') {
        if cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return cursor.fault("a number must not begin with a zero");
        }
    } else if !cursor.skip_digits() {
        return cursor.fault("a number needs digits");
    }
    if cursor.eat(b'.') && !cursor.skip_digits() {
        return cursor.fault("a number needs digits after the point");
    }
    if cursor.eat(b'e') || cursor.eat(b'E') {
        if !cursor.eat(b'+') {
            cursor.eat(b'-');
        }
        if !cursor.skip_digits() {
            return cursor.fault("a number needs digits in its exponent");
        }
    }
    Ok(JsonNumber::new(cursor.since(start)))
}
