//! Randomness from the operating system, and nothing else: every secret of the flow is made of it.

/// The operating system gives no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no randomness")]
pub(crate) struct NoRandomness(#[from] getrandom::Error);

/// `N` bytes that nobody can foresee.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// Fills all of it.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    Ok(getrandom::fill(bytes)?)
}

/// The same `M` times, asking the system once.
pub(crate) fn arrays<const N: usize, const M: usize>() -> Result<[[u8; N]; M], NoRandomness> {
    let mut arrays = [[0; N]; M];
    getrandom::fill(arrays.as_flattened_mut())?;
    Ok(arrays)
}
