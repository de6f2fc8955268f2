use std::fs;
use std::iter::Sum;
use std::path::Path;

/// How long processes have run so far, and how long they wanted to while others did, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) ran: f64,
    pub(crate) waited: f64,
}

/// The usage of a process, and of its children that live. Zero where there is no `/proc`.
pub(crate) fn with_children(process: u32) -> Usage {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|id| id.parse().ok());
    std::iter::once(process).chain(children).map(alone).sum()
}

/// The usage of a process, all threads together.
pub(crate) fn alone(process: u32) -> Usage {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    threads.filter_map(|thread| of_thread(&thread.path())).sum()
}

/// The scheduler's own count, in nanoseconds.
fn of_thread(thread: &Path) -> Option<Usage> {
    let text = fs::read_to_string(thread.join("schedstat")).ok()?;
    let mut seconds =
        text.split_whitespace().filter_map(|nanos| nanos.parse::<f64>().ok()).map(|nanos| nanos / 1e9);
    Some(Usage { ran: seconds.next()?, waited: seconds.next()? })
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, usage| Self {
            ran: sum.ran + usage.ran,
            waited: sum.waited + usage.waited,
        })
    }
}
