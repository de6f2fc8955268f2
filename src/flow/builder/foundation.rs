use std::sync::Arc;

use crate::clock::{Clock, SystemClock};
use crate::flow::{BuildError, SharedPurses};
use crate::store::{PurseStore, Sharing, SlotKeys};

/// What all stores of a flow have to agree on.
pub(super) struct Foundation {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) slot_keys: SlotKeys,
    pub(super) purses: Option<SharedPurses>,
}

impl Foundation {
    /// A shared store brings its clock, and demands keys that every process has. The setters are named in the order in which their clocks count.
    pub(super) fn new<const STORES: usize>(
        clock: Option<Arc<dyn Clock>>,
        slot_keys: Option<SlotKeys>,
        purses: Option<Arc<dyn PurseStore>>,
        stores: [(&'static str, Option<Sharing>); STORES],
    ) -> Result<Self, BuildError> {
        let all_or_none = check_all_or_none_shared(&stores);
        let budgets = ("budgets", purses.as_ref().map(|purses| purses.sharing()));
        let shared = stores.into_iter().chain([budgets]).find_map(|(setter, sharing)| match sharing {
            Some(Sharing::Shared(clock)) => Some((setter, clock)),
            Some(Sharing::ThisProcess) | None => None,
        });
        let slot_keys = match (slot_keys, &shared) {
            (Some(keys), _) => keys,
            (None, Some((setter, _))) => return Err(BuildError::RandomKeys { setter }),
            (None, None) => SlotKeys::random()?,
        };
        all_or_none?;
        let clock = clock.or(shared.map(|(_, clock)| clock)).unwrap_or_else(|| Arc::new(SystemClock));
        let purses = purses.map(|store| SharedPurses { store, keys: slot_keys.clone() });
        Ok(Self { clock, slot_keys, purses })
    }
}

/// What one process put into a shared store, another takes out, and goes on in the next store.
fn check_all_or_none_shared(stores: &[(&'static str, Option<Sharing>)]) -> Result<(), BuildError> {
    let (shared, alone): (Vec<_>, Vec<_>) =
        stores.iter().partition(|(_, sharing)| matches!(sharing, Some(Sharing::Shared(_))));
    match (shared.first(), alone.first()) {
        (Some((shared, _)), Some((alone, _))) => Err(BuildError::HalfShared { shared, alone }),
        (_, None) | (None, _) => Ok(()),
    }
}
