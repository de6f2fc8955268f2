//! Both backends on the same input: one never accepts what the other refuses.

mod ecdsa;
mod ed25519;
mod published;
mod rsa;

use crate::crypto::{Digest, PublicKey, aws_lc};

const DIGESTS: [Digest; 3] = [Digest::Sha256, Digest::Sha384, Digest::Sha512];
const MESSAGE: &[u8] = b"a message";

/// Returns whether the signature holds, after asserting that both agree.
fn verdict(key: &PublicKey, digest: Digest, message: &[u8], signature: &[u8]) -> bool {
    let rustcrypto = key.verifying_key().verify(digest, message, signature);
    let aws_lc = aws_lc::verify(key, digest, message, signature);
    assert_eq!(rustcrypto, aws_lc, "{key:?}, {digest:?}, message {message:02x?}, signature {signature:02x?}");
    aws_lc.is_ok()
}

/// Counts the accepted and the refused, so that a test can't pass by testing nothing.
#[derive(Debug, Default)]
struct Counts {
    accepted: usize,
    refused: usize,
}

impl Counts {
    fn check(&mut self, key: &PublicKey, digest: Digest, message: &[u8], signature: &[u8]) {
        *if verdict(key, digest, message, signature) { &mut self.accepted } else { &mut self.refused } += 1;
    }
}

/// Yields the same bytes with one bit turned, for each byte.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).map(|at| {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << (at % 8);
        flipped
    })
}

/// Yields the same bytes with some missing or too many, at either end.
fn resized(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let shorter = (0..bytes.len()).step_by(5).flat_map(|at| [bytes[..at].to_vec(), bytes[at + 1..].to_vec()]);
    let longer = [[&[0], bytes].concat(), [bytes, &[0]].concat(), [bytes, bytes].concat()];
    shorter.chain(longer)
}
