//! The clock that tests move.

use super::*;
use crate::clock::SystemClock;

const MINUTE: Duration = Duration::from_secs(60);

fn is_over(sleep: &mut Sleep) -> bool {
    Pin::new(sleep).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn a_sleep_is_over_at_its_end_and_not_before() {
    let clock = ManualClock::new();
    let mut sleep = clock.sleep(MINUTE);

    clock.advance(MINUTE - Duration::from_nanos(1));
    assert!(!is_over(&mut sleep));
    clock.advance(Duration::from_nanos(1));
    assert!(is_over(&mut sleep));
}

#[test]
fn a_clock_set_back_makes_a_sleep_longer() {
    let clock = ManualClock::new();
    let mut sleep = clock.sleep(MINUTE);

    clock.set(clock.now() - MINUTE);
    clock.advance(MINUTE);

    assert!(!is_over(&mut sleep));
}

#[test]
fn a_sleep_beyond_all_time_never_ends() {
    let clock = ManualClock::new();

    assert!(!is_over(&mut clock.sleep(Duration::MAX)));
}

#[test]
fn a_dropped_sleep_leaves_nothing_behind() {
    let clock = ManualClock::new();
    let mut sleep = clock.sleep(MINUTE);
    assert!(!is_over(&mut sleep));

    drop(sleep);

    assert!(clock.lock().sleepers.is_empty());
}

#[tokio::test]
async fn a_clock_moved_on_another_thread_wakes_all_who_slept() {
    let clock = ManualClock::new();
    let sleeps = [clock.sleep(MINUTE), clock.sleep(2 * MINUTE)];
    let mover = clock.clone();

    let moved = std::thread::spawn(move || mover.advance(2 * MINUTE));
    for sleep in sleeps {
        sleep.await;
    }

    moved.join().expect("the clock can be moved");
}

#[tokio::test]
async fn the_clock_of_the_host_needs_no_timer_of_the_runtime() {
    SystemClock.sleep(Duration::ZERO).await;
}
