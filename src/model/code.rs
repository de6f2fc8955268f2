use std::fmt;

use zeroize::Zeroizing;

use crate::model::public_id::RANDOM_BYTES;
use crate::model::{EnrolmentId, Invalid};
use crate::random::{self, NoRandomness};

/// 32 symbols, so that five random bits choose one without bias. I, O, 0 and 1 are missing: people
/// confuse them.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const GROUP: usize = 3;
const MOST_SYMBOLS: usize = 52;
/// Input longer than this is not read.
const LONGEST_INPUT: usize = 128;

/// The one-time secret that a person carries from app 1 to app 2, normalised.
///
/// `Debug` shows nothing of it and there is no `Display`. To show it, call [`Code::reveal`].
///
/// ```
/// use credential_code::model::CodeFormat;
///
/// let code = CodeFormat::TYPED.parse("a7u ky6-9pt").unwrap();
/// assert_eq!(code.reveal(), "A7U-KY6-9PT");
/// assert_eq!(format!("{code:?}"), "Code(…)");
/// ```
#[derive(Clone)]
pub struct Code(Zeroizing<String>);

impl Code {
    /// Returns the code as a person sees it, in groups of three. Only the answer to the user who
    /// minted it may carry it.
    pub fn reveal(&self) -> String {
        let mut shown = String::with_capacity(self.0.len() + self.0.len() / GROUP);
        for (index, symbol) in self.0.chars().enumerate() {
            if index > 0 && index % GROUP == 0 {
                shown.push('-');
            }
            shown.push(symbol);
        }
        shown
    }

    pub(crate) fn secret(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

hidden!(Code);

/// How long a code is.
///
/// A person types a [`TYPED`](Self::TYPED) code. A QR code or a deep link carries a
/// [`SCANNED`](Self::SCANNED) one. Nobody can guess a scanned code, even without a miss budget
/// (rate limit of guesses). NIST SP 800-63B-4 asks for 112 bits of a code that is used without an
/// identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CodeFormat {
    symbols: usize,
}

impl CodeFormat {
    /// 9 symbols, 45 bits: `A7U-KY6-9PT`.
    pub const TYPED: Self = Self { symbols: 9 };
    /// 26 symbols, 130 bits.
    pub const SCANNED: Self = Self { symbols: 26 };

    /// Creates a format of another length: 9 to 52 symbols, of five bits each.
    pub fn with_symbols(symbols: usize) -> Result<Self, Invalid> {
        match symbols {
            9..=52 => Ok(Self { symbols }),
            _ => Err(Invalid::new("a code has 9 to 52 symbols")),
        }
    }

    /// Returns how many bits a guesser has to guess.
    pub fn bits(self) -> usize {
        self.symbols * 5
    }

    /// Reads a code as a person typed it: in upper case, without blanks and hyphens. Anything but
    /// ASCII is refused, since case mapping beyond ASCII could make two spellings equal.
    pub fn parse(self, typed: &str) -> Result<Code, Invalid> {
        if typed.len() > LONGEST_INPUT {
            return Err(Invalid::new("a code is not that long"));
        }
        let mut symbols = Zeroizing::new(String::with_capacity(self.symbols));
        for byte in typed.bytes() {
            match byte.to_ascii_uppercase() {
                b' ' | b'\t' | b'-' => {}
                symbol if ALPHABET.contains(&symbol) && symbols.len() < self.symbols => {
                    symbols.push(char::from(symbol));
                }
                _ => return Err(Invalid::new("that symbol has no place in a code")),
            }
        }
        if symbols.len() < self.symbols {
            return Err(Invalid::new("a code is longer"));
        }
        Ok(Code(symbols))
    }

    /// Creates a code, and the id of its enrolment. One draw makes both, since each draw asks the
    /// system.
    pub(crate) fn mint_with_enrolment(self) -> Result<(Code, EnrolmentId), NoRandomness> {
        // Draws only as much as is needed, since each block of randomness takes its time.
        let mut random = Zeroizing::new([0; RANDOM_BYTES + MOST_SYMBOLS]);
        random::fill(&mut random[..RANDOM_BYTES + self.symbols])?;
        let (id, code) = random.split_at(RANDOM_BYTES);
        let id = id.first_chunk().expect("it was split there");
        Ok((self.code_of(code), EnrolmentId::of(*id)))
    }

    fn code_of(self, random: &[u8]) -> Code {
        let symbols = random[..self.symbols].iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        Code(Zeroizing::new(symbols.collect()))
    }
}

impl Default for CodeFormat {
    fn default() -> Self {
        Self::TYPED
    }
}
