//! Public keys in PEM, exactly as clients spell it.
//!
//! The available readers disagree with clients and with each other. One refuses the single line
//! that browsers make. Another accepts text before, behind or between blocks. A key that two
//! readers read differently allows an attack. So this reader accepts exactly one block, of lines of
//! any length, and nothing around it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The content of a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Label {
    /// `PUBLIC KEY`: a subject public key info.
    PublicKey,
    /// `RSA PUBLIC KEY`: a PKCS#1 key.
    RsaPublicKey,
}

impl Label {
    fn as_str(self) -> &'static str {
        match self {
            Self::PublicKey => "PUBLIC KEY",
            Self::RsaPublicKey => "RSA PUBLIC KEY",
        }
    }
}

/// The reason why a text is not one public key in PEM.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PemError {
    /// A private key was sent.
    PrivateKey,
    /// Anything else.
    Malformed,
}

/// Reads the one block, and returns its label with its content.
pub(crate) fn read(text: &str) -> Result<(Label, Vec<u8>), PemError> {
    if text.contains("PRIVATE KEY") {
        return Err(PemError::PrivateKey);
    }
    [Label::PublicKey, Label::RsaPublicKey]
        .into_iter()
        .find_map(|label| Some((label, read_block(text, label)?)))
        .ok_or(PemError::Malformed)
}

fn read_block(text: &str, label: Label) -> Option<Vec<u8>> {
    let rest = strip_line_end(text.strip_prefix(BEGIN)?.strip_prefix(label.as_str())?.strip_prefix(DASHES)?)?;
    let (body, end) = rest.split_once(END)?;
    let end = end.strip_prefix(label.as_str())?.strip_prefix(DASHES)?;
    if !matches!(end, "" | "\n" | "\r\n") {
        return None;
    }
    let mut base64 = String::with_capacity(body.len());
    // The last line has a line end of its own. Otherwise `END` would not be at the start of a line.
    let mut lines = body.strip_suffix('\n')?.split('\n');
    lines.try_for_each(|line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        base64.push_str(line);
        (!line.is_empty()).then_some(())
    })?;
    STANDARD.decode(base64).ok()
}

fn strip_line_end(text: &str) -> Option<&str> {
    text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n'))
}

/// Writes the canonical spelling: 64 columns, line feeds, a final one too.
pub(crate) fn write(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let label = Label::PublicKey.as_str();
    let mut text = String::with_capacity(base64.len() + base64.len() / 64 + 64);
    text.extend([BEGIN, label, DASHES, "\n"]);
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(rest.len().min(64));
        text.extend([line, "\n"]);
        rest = behind;
    }
    text.extend([END, label, DASHES, "\n"]);
    text
}
