use std::fs;

/// `USER_HZ`, which Linux tells every program is 100.
const TICKS_PER_SECOND: f64 = 100.0;

/// The processor time of a process and its children so far, in seconds. Zero where there is no `/proc`.
pub(crate) fn seconds(process: u32) -> f64 {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|id| id.parse().ok());
    std::iter::once(process).chain(children).filter_map(ticks).sum::<f64>() / TICKS_PER_SECOND
}

/// The same of this process without its children.
pub(crate) fn own_seconds() -> f64 {
    ticks(std::process::id()).unwrap_or_default() / TICKS_PER_SECOND
}

/// In user mode and in the kernel, by itself and by children that have ended: fields 14 to 17 of proc_pid_stat(5).
fn ticks(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is a name in parentheses, with whatever is in it.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().skip(11).take(4).map(|ticks| ticks.parse::<f64>().ok()).sum()
}
