//! One spelling for each JSON value, so values can be compared by their bytes.
//!
//! Blanks, the order of members, the escapes of a string and the notation of a number do not count.
//! Numbers are compared exactly, however long: `1`, `1.0` and `10e-1` are the same. Two numbers
//! that only a float would treat as equal differ.
//!
//! `serde_json` says whether a text is JSON. Then one pass copies its tokens, so nesting costs
//! nothing. The sender of a body must not be able to make it expensive.

use std::borrow::Cow;
use std::io::Write;

use serde_json::value::RawValue;

/// Deeper nesting than any request has.
const DEEPEST: usize = 64;

/// The text is JSON without one certain meaning. It has a duplicate member, half a surrogate pair,
/// a number with an extreme exponent, or a value nested too deeply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ambiguous;

/// Returns the canonical spelling of a text that is JSON, or `None` for any other text.
pub(crate) fn canonical(text: &[u8]) -> Result<Option<Vec<u8>>, Ambiguous> {
    let Ok(value) = serde_json::from_slice::<&RawValue>(text) else { return Ok(None) };
    let mut tokens = Tokens(value.get());
    let mut spelling = Vec::with_capacity(text.len());
    write(&mut tokens, DEEPEST, &mut spelling)?;
    Ok(Some(spelling))
}

/// The unread rest of a text that is JSON from its first byte to its last.
struct Tokens<'a>(&'a str);

impl<'a> Tokens<'a> {
    /// Returns the first byte of the next token.
    fn peek(&mut self) -> Option<u8> {
        self.0 = self.0.trim_start_matches([' ', '\t', '\n', '\r']);
        self.0.as_bytes().first().copied()
    }

    /// Takes a token of that length.
    fn take(&mut self, length: usize) -> &'a str {
        let (token, rest) = self.0.split_at(length);
        self.0 = rest;
        token
    }

    /// Takes the punctuation, if it is the next token.
    fn has(&mut self, punctuation: u8) -> bool {
        let is_next = self.peek() == Some(punctuation);
        if is_next {
            self.take(1);
        }
        is_next
    }

    /// Takes a string, and undoes its escapes.
    fn string(&mut self) -> Result<Cow<'a, str>, Ambiguous> {
        let mut is_escaped = false;
        let end = self.0.bytes().skip(1).position(|byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        let token = self.take(end.ok_or(Ambiguous)? + 2);
        if !token.contains('\\') {
            return Ok(Cow::Borrowed(&token[1..token.len() - 1]));
        }
        serde_json::from_str(token).map(Cow::Owned).map_err(|_| Ambiguous)
    }

    /// Takes a number, `true`, `false` or `null`.
    fn scalar(&mut self) -> &'a str {
        let end = self.0.find([',', ']', '}', ' ', '\t', '\n', '\r']);
        self.take(end.unwrap_or(self.0.len()))
    }
}

fn write(tokens: &mut Tokens<'_>, depth: usize, spelling: &mut Vec<u8>) -> Result<(), Ambiguous> {
    let depth = depth.checked_sub(1).ok_or(Ambiguous)?;
    match tokens.peek() {
        Some(b'{') => write_object(tokens, depth, spelling),
        Some(b'[') => write_array(tokens, depth, spelling),
        Some(b'"') => write_text(&tokens.string()?, spelling),
        Some(b't' | b'f' | b'n') => {
            spelling.extend_from_slice(tokens.scalar().as_bytes());
            Ok(())
        }
        Some(_) => write_number(tokens.scalar(), spelling),
        None => Err(Ambiguous),
    }
}

fn write_array(tokens: &mut Tokens<'_>, depth: usize, spelling: &mut Vec<u8>) -> Result<(), Ambiguous> {
    tokens.take(1);
    spelling.push(b'[');
    while !tokens.has(b']') {
        write(tokens, depth, spelling)?;
        spelling.push(b',');
        tokens.has(b',');
    }
    spelling.push(b']');
    Ok(())
}

/// Writes the members by name, each once.
fn write_object(tokens: &mut Tokens<'_>, depth: usize, spelling: &mut Vec<u8>) -> Result<(), Ambiguous> {
    tokens.take(1);
    spelling.push(b'{');
    let begin = spelling.len();
    let mut members = Vec::new();
    while !tokens.has(b'}') {
        tokens.peek();
        let name = tokens.string()?;
        let from = spelling.len();
        write_text(&name, spelling)?;
        tokens.has(b':');
        spelling.push(b':');
        write(tokens, depth, spelling)?;
        spelling.push(b',');
        tokens.has(b',');
        members.push((name, from..spelling.len()));
    }
    if !members.is_sorted_by(|(name, _), (next, _)| name < next) {
        members.sort_unstable_by(|(name, _), (other, _)| name.cmp(other));
        if members.windows(2).any(|two| two[0].0 == two[1].0) {
            return Err(Ambiguous);
        }
        let mut ordered = Vec::with_capacity(spelling.len() - begin);
        for (_, at) in members {
            ordered.extend_from_slice(&spelling[at]);
        }
        spelling[begin..].copy_from_slice(&ordered);
    }
    spelling.push(b'}');
    Ok(())
}

fn write_text(text: &str, spelling: &mut Vec<u8>) -> Result<(), Ambiguous> {
    serde_json::to_writer(spelling, text).map_err(|_| Ambiguous)
}

/// Writes the sign, the digits without zeros around them, and the power of ten by which they are
/// multiplied.
fn write_number(text: &str, spelling: &mut Vec<u8>) -> Result<(), Ambiguous> {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    let dropped = digits().rev().take_while(|digit| *digit == b'0').count();
    let kept = whole.len() + fraction.len() - dropped;
    if kept == 0 {
        spelling.push(b'0');
        return Ok(());
    }
    let exponent: i64 = exponent.parse().map_err(|_| Ambiguous)?;
    let shift = |count: usize| i64::try_from(count).map_err(|_| Ambiguous);
    let exponent = exponent
        .checked_add(shift(dropped)?)
        .and_then(|exponent| exponent.checked_sub(shift(fraction.len()).ok()?))
        .ok_or(Ambiguous)?;
    spelling.extend_from_slice(sign.as_bytes());
    spelling.extend(digits().take(kept).skip_while(|digit| *digit == b'0'));
    write!(spelling, "e{exponent}").map_err(|_| Ambiguous)
}

#[cfg(test)]
#[path = "../../tests/unit/canonical_json.rs"]
mod tests;
