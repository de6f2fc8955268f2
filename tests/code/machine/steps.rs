//! The steps of a sequence. Each says what is done, at which site, and what fails meanwhile.

use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) act: Act,
    /// The enrolment that it is about, counted back from the newest, and round.
    pub(super) which: usize,
    /// The site that is asked: one of two over the same store.
    pub(super) site: usize,
    pub(super) fault: Fault,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Act {
    Mint,
    /// Begins without a code.
    Begin,
    Exchange,
    Register(Proof),
    /// Tries a code that nobody minted, that often.
    GuessCode(usize),
    /// Tries a challenge id that nobody was given, that often.
    GuessChallenge(usize),
    Approve,
    Refuse,
    Revoke,
    Undo,
    /// Has the host declare void everything from before.
    Void,
    /// Lists the enrolments.
    Look,
    /// Lets seconds pass.
    Pass(u64),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proof {
    /// By a new client.
    Fresh,
    /// The first proof for that challenge again.
    Again,
    /// A good proof for another challenge.
    OfAnother,
    /// The signature of another key.
    BadlySigned,
}

/// The fault that is armed before a step, and disarmed after it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    None,
    HostFails,
    InsertionFails,
    InsertionIsLost,
    RemovalFails,
    GrantIsNotLaid,
    ChallengeIsNotLaid,
    ApprovalIsNotLaid,
    TakeFails,
    EntryFails,
    AdvanceFails,
    /// The stage advances, and the answer is lost.
    AdvanceIsLost,
    FindFails,
    /// The caller hangs up after that many polls.
    HangUp(usize),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    // Most steps follow each other at the newest enrolment.
    let which = prop_oneof![3 => Just(0), 1 => 0..8_usize];
    (act(), which, 0..2_usize, fault()).prop_map(|(act, which, site, fault)| Step { act, which, site, fault })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::Mint),
        1 => Just(Act::Begin),
        5 => Just(Act::Exchange),
        14 => proof().prop_map(Act::Register),
        1 => (1..8_usize).prop_map(Act::GuessCode),
        1 => (1..8_usize).prop_map(Act::GuessChallenge),
        3 => Just(Act::Approve),
        1 => Just(Act::Refuse),
        1 => Just(Act::Revoke),
        2 => Just(Act::Undo),
        1 => prop_oneof![1 => Just(Act::Void), 3 => Just(Act::Look)],
        2 => prop_oneof![4 => 1..30_u64, 2 => 50..70_u64, 1 => 280..400_u64, 1 => 3600..4000_u64]
            .prop_map(Act::Pass),
    ]
}

fn proof() -> impl Strategy<Value = Proof> {
    prop_oneof![
        5 => Just(Proof::Fresh),
        5 => Just(Proof::Again),
        1 => Just(Proof::OfAnother),
        1 => Just(Proof::BadlySigned),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        12 => Just(Fault::None),
        1 => Just(Fault::HostFails),
        4 => Just(Fault::InsertionFails),
        4 => Just(Fault::InsertionIsLost),
        1 => Just(Fault::RemovalFails),
        1 => Just(Fault::GrantIsNotLaid),
        1 => Just(Fault::ChallengeIsNotLaid),
        1 => Just(Fault::ApprovalIsNotLaid),
        1 => Just(Fault::TakeFails),
        1 => Just(Fault::EntryFails),
        1 => Just(Fault::AdvanceFails),
        1 => Just(Fault::AdvanceIsLost),
        1 => Just(Fault::FindFails),
        4 => (1..24_usize).prop_map(Fault::HangUp),
    ]
}
