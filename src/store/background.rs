use std::fmt;

use tokio::task::JoinHandle;

/// A task in the background. It ends when this is dropped.
#[must_use = "dropping it ends the task"]
pub struct Background(Option<JoinHandle<()>>);

impl Background {
    pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Some(tokio::spawn(task)))
    }

    /// Lets the task run until the runtime ends.
    pub fn detach(mut self) {
        self.0 = None;
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Background")
    }
}

#[cfg(test)]
#[path = "../../tests/unit/background.rs"]
mod tests;
