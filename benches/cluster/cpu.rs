use std::collections::BTreeMap;
use std::fs;
use std::iter::Sum;
use std::path::Path;

/// How long processes have run so far, and how long they waited while others ran, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) ran: f64,
    pub(crate) waited: f64,
}

/// Returns the usage by name: of this process, and of the processes that it started. The threads of
/// this process are the people. The usage is empty where there is no `/proc`.
pub(crate) fn by_name() -> BTreeMap<String, Usage> {
    let own = name("self");
    let mut usages = BTreeMap::from([("the people".to_owned(), alone("self"))]);
    for child in children("self") {
        let name = match name(&child) {
            name if name == own => "the processes".to_owned(),
            name => name,
        };
        let usage = children(&child).iter().chain([&child]).map(|process| alone(process)).sum();
        let so_far = usages.entry(name).or_default();
        *so_far = [*so_far, usage].into_iter().sum();
    }
    usages
}

fn name(process: &str) -> String {
    fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default().trim_end().to_owned()
}

/// Returns the children that still live, whichever thread started them.
fn children(process: &str) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = threads.map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    lists.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Returns the usage of a process, all threads together.
fn alone(process: &str) -> Usage {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    threads.filter_map(|thread| of_thread(&thread.path())).sum()
}

/// Returns the scheduler's own count, which is in nanoseconds.
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
