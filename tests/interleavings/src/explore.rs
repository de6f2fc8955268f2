//! How a law is explored: by chance, by few and well placed switches (PCT), and all of it.

use std::time::Instant;

use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};

/// How many switches a schedule of PCT places.
const SWITCHES: usize = 3;
/// A law whose schedules are more than these is not explored to the end.
const MOST: usize = 200_000;

/// A law, and a room in which it could break. It panics if it does, and hangs are panics too.
pub(crate) struct Law {
    pub(crate) name: &'static str,
    pub(crate) room: fn(),
    pub(crate) size: Size,
}

/// How many schedules a room has.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Size {
    /// So few that all of them are run. The order of a hash map changes none of them.
    Small,
    /// Too many, or not the same ones twice.
    Large,
}

impl Law {
    pub(crate) fn explore(&self, schedules: usize) {
        let begun = Instant::now();
        let chance = self.run(RandomScheduler::new(schedules));
        let switches = self.run(PctScheduler::new(SWITCHES, schedules));
        let all = match self.size {
            Size::Small => self.run(DfsScheduler::new(Some(MOST), false)),
            Size::Large => 0,
        };
        assert!(all < MOST, "{} is not small", self.name);
        let seconds = begun.elapsed().as_secs_f64();
        println!("{:<70} {chance:>7} {switches:>7} {all:>7} {seconds:>6.1} s", self.name);
    }

    fn run(&self, scheduler: impl Scheduler + 'static) -> usize {
        let mut config = Config::new();
        config.silence_warnings = true;
        config.stack_size = 1 << 18;
        Runner::new(scheduler, config).run(self.room)
    }
}
