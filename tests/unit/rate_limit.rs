//! How names are spread over purses.

use std::collections::BTreeSet;

use super::{OwnPurses, Purse};
use crate::store::{Budget, SlotKey, SlotKeys, SlotLabel};

fn names(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|number| number.to_string())
}

/// Returns the purse of each name in a process.
fn in_a_process(count: u32) -> Vec<usize> {
    let purses = OwnPurses::default();
    let place = |purse: &Purse| std::ptr::from_ref(purse).addr();
    let first = place(&purses.purses[0]);
    names(count).map(|name| (place(purses.of(&name)) - first) / size_of::<Purse>()).collect()
}

/// Returns the purse of each name in a store that is shared under that key.
fn in_a_store(key: u8, count: u32) -> Vec<usize> {
    let keys = SlotKeys::new(&SlotKey::new([key; 32]).unwrap(), &[]);
    let number = |name: String| keys.purse_number(SlotLabel::MissesOfSource, Budget::per_minute(10), &name);
    names(count).map(|name| number(name).into()).collect()
}

#[test]
fn names_spread_over_so_many_purses_and_no_more() {
    for purses in [in_a_process(300_000), in_a_store(1, 300_000)] {
        let held = purses.into_iter().collect::<BTreeSet<_>>().len();
        assert!((60_001..=65_536).contains(&held), "{held} purses");
    }
}

/// Otherwise somebody could find at home which names empty the purse of another.
#[test]
fn names_have_other_purses_in_another_process_and_under_another_key() {
    const NAMES: u32 = 10_000;
    let processes = [in_a_process(NAMES), in_a_process(NAMES)];
    for [one, another] in [processes, [in_a_store(1, NAMES), in_a_store(2, NAMES)]] {
        let same = one.iter().zip(&another).filter(|(one, another)| one == another).count();
        assert!(same < 10, "{same} names have the same purse");
    }
    assert_eq!(in_a_store(1, NAMES), in_a_store(1, NAMES));
}
