//! How long moka keeps what nobody takes.

use super::*;

#[test]
fn a_shelf_keeps_a_record_longer_than_any_lives() {
    // A sign-in may take half an hour, and what spends its challenge lives a minute longer.
    let longest = Duration::from_secs(31 * 60);
    let shelf = Shelf::<CodeGrant>::new(1, Arc::new(|_| {}));
    assert!(shelf.records.policy().time_to_live() > Some(longest));
}
