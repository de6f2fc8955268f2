use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use crate::clock::Clock;
use crate::flow::Listener;
use crate::host::{Authenticator, RelyingParties};

pub(crate) type SourceOf = Box<dyn Fn(&Parts) -> Option<String> + Send + Sync>;

/// What stands before a flow, whichever it is: who lets people in, for whom credentials are made, and who hears of it.
pub(crate) struct Front {
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) relying_parties: Arc<dyn RelyingParties>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) listener: Listener,
    pub(crate) source_of: SourceOf,
    pub(crate) limits: RequestLimits,
}

/// What a request may cost before it is understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    pub(crate) body: usize,
    pub(crate) read_deadline: Duration,
}
