use crate::event::{Event, Listener};

/// An event for the case that nobody learns what the host did. The host was asked for a change. If
/// it fails, or if the caller hangs up, the change may be made without anybody knowing. So this
/// tells the event when it is dropped before the host has answered.
pub(crate) struct Unsettled<'a> {
    listener: &'a Listener,
    event: Event<'a>,
}

impl<'a> Unsettled<'a> {
    pub(crate) fn new(listener: &'a Listener, event: Event<'a>) -> Self {
        Self { listener, event }
    }

    /// Notes that the host has answered.
    pub(crate) fn settle(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        self.listener.tell(&self.event);
    }
}
