//! Measures what a body costs that a user action signs: nobody makes it dear by nesting.

use std::hint::black_box;

use credential_code::action::ActionRequest;

fn count(body: &str) -> u64 {
    let read = || ActionRequest::new("POST", "/transfers", body.as_bytes()).unwrap();
    allocation_counter::measure(|| drop(black_box(read()))).count_total
}

#[test]
fn a_body_costs_no_allocation_for_each_level_and_none_for_each_number() {
    let nested = |levels: usize| {
        let numbers = "1.50e2,".repeat(9_000) + "7";
        format!("{}{numbers}{}", "[".repeat(levels), "]".repeat(levels))
    };
    let (flat, deep) = (count(&nested(1)), count(&nested(63)));
    // serde_json's stack of brackets grows by doubling.
    assert!(flat <= 4 && deep <= flat + 6, "{flat}, {deep}");
}
