//! Randomness from the operating system alone. Every secret of the flow is made of it.

/// The operating system gives no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no randomness")]
pub(crate) struct NoRandomness(#[from] getrandom::Error);

/// Returns `N` bytes that nobody can predict.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// Fills the whole buffer.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    Ok(getrandom::fill(bytes)?)
}

/// Returns `M` arrays of `N` bytes, and asks the system once.
pub(crate) fn arrays<const N: usize, const M: usize>() -> Result<[[u8; N]; M], NoRandomness> {
    let mut arrays = [[0; N]; M];
    getrandom::fill(arrays.as_flattened_mut())?;
    Ok(arrays)
}
