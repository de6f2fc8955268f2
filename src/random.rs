//! Randomness from the operating system, and nothing else: every secret of the flow is made of it.

/// `N` bytes that nobody can foresee.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
