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
/// No more than this of what a person typed is looked at.
const LONGEST_INPUT: usize = 128;

/// The one-time secret that a person carries from app 1 to app 2, normalised.
///
/// `Debug` shows nothing of it and there is no `Display`: [`Code::reveal`] says what it does.
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
/// A person types [`TYPED`](Self::TYPED); a QR code or a deep link carries
/// [`SCANNED`](Self::SCANNED), which is long enough that no one guesses it even without a miss
/// budget (NIST SP 800-63B-4 asks for 112 bits of a code that is used without an identifier).
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

    /// Reads what a person typed: upper-cased, without blanks and hyphens. Anything but ASCII is
    /// refused, since case mapping beyond ASCII would let two spellings meet.
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

    /// Makes a code, and the id of what it begins: of one draw, since each asks the system.
    pub(crate) fn mint_with_enrolment(self) -> Result<(Code, EnrolmentId), NoRandomness> {
        // No more than is needed, since each block of randomness takes its time.
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
