//! Makes steps, and holds what comes of each against the model.

use std::collections::BTreeSet;
use std::time::Duration;

use credential_code::clock::Clock;
use credential_code::model::{Approval, Credential};
use serde_json::{Value, json};

use super::laws::{self, Misses};
use super::sites::{Sites, bare};
use super::steps::{Act, Fault, Proof, Step};
use super::way::{Chance, Opened, Way};
use crate::flow_life::{good, key};
use crate::owner::ENROLMENTS;
use crate::support::{Answer, EXCHANGE, MINT, REGISTER, World, base64url, exchange_body, text, user};

const BEGIN: &str = "/auth/credentials/init";
const CREATE: &str = "/auth/credentials";
/// How long a challenge lives, and an approval is awaited, in milliseconds.
const LIFETIME: u64 = 300_000;
const MOST_WAYS: usize = 8;

pub(super) struct Machine {
    sites: Sites,
    asks: bool,
    ways: Vec<Way>,
    /// Every enrolment that was ever listed.
    seen: BTreeSet<String>,
    void_before: u64,
    misses: [Misses; 2],
}

impl Machine {
    pub(super) fn new(approval: Approval) -> Self {
        let sites = Sites::new(approval);
        let misses = [(); 2].map(|()| Misses::new(now(&sites.worlds[0])));
        let (ways, seen) = Default::default();
        Self { sites, asks: approval != Approval::NotAsked, ways, seen, void_before: 0, misses }
    }

    pub(super) async fn make(&mut self, step: Step) {
        let before = self.stored();
        let at = step.which.checked_rem(self.ways.len()).map(|back| self.ways.len() - 1 - back);
        // What may be added is decided before the step.
        let adds = at.filter(|at| self.may_add(&self.ways[*at], step));
        match (step.act, at) {
            (Act::Mint, _) => self.mint(step).await,
            (Act::Begin, _) => self.begin(step).await,
            (Act::GuessCode(times) | Act::GuessChallenge(times), _) => self.guess(times, step).await,
            (Act::Look, _) => drop(self.look(step).await),
            (Act::Pass(seconds), _) => self.world(step).advance(Duration::from_secs(seconds)),
            (Act::Void, _) => self.void(),
            // A step that needs an enrolment makes the first one.
            (_, None) => self.mint(step).await,
            (Act::Exchange, Some(at)) => self.exchange(at, step).await,
            (Act::Register(proof), Some(at)) => self.register(at, proof, step).await,
            (Act::Approve, Some(at)) => self.approve(at, step).await,
            (Act::Refuse | Act::Revoke, Some(at)) => self.end(at, step).await,
            (Act::Undo, Some(at)) => self.undo(at, step).await,
        }
        let stored = self.stored();
        for new in stored.iter().filter(|credential| !before.contains(credential)) {
            let name = bare(new.uuid.as_str());
            let may = adds.is_some_and(|at| bare(&self.ways[at].id) == name);
            assert!(may, "{step:?} adds to {name}: {:?}", at.map(|at| &self.ways[at]));
        }
        laws::of_the_repository(&stored, &self.sites.heard.lock().unwrap());
        laws::of_ends(&stored, &self.ways);
    }

    fn world(&self, step: Step) -> &World {
        &self.sites.worlds[step.site]
    }

    fn now(&self) -> u64 {
        now(&self.sites.worlds[0])
    }

    fn stored(&self) -> Vec<Credential> {
        self.sites.worlds[0].host.stored()
    }

    /// Returns whether nobody ended an enrolment, and nothing made it void.
    fn is_alive(&self, way: &Way) -> bool {
        let heard = self.sites.heard.lock().unwrap();
        let has_ended = way.is_ended || heard.ended.contains(&bare(&way.id));
        !has_ended && way.began_at >= self.void_before
    }

    fn may_add(&self, way: &Way, step: Step) -> bool {
        let now = self.now();
        let in_time = match step.act {
            Act::Register(Proof::Fresh | Proof::Again) if !way.asks => {
                way.opened.as_ref().is_some_and(|opened| now < opened.until && !opened.is_spoilt)
            }
            Act::Approve if way.asks => way.approval_until.is_some_and(|until| now < until),
            _ => false,
        };
        in_time && !way.is_added && self.is_alive(way)
    }

    async fn mint(&mut self, step: Step) {
        if self.ways.len() == MOST_WAYS {
            return;
        }
        let (now, until) = (self.now(), self.world(step).unix(60));
        let body = json!({ "expiration": until });
        let answer = self.sites.call(step.fault, self.world(step).post_json(MINT, &body)).await;
        let _ = self.look_well().await;
        if let Some(minted) = granted(answer, step) {
            let (id, code) = (text(&minted, "enrolmentId"), text(&minted, "code"));
            self.ways.push(Way::new(id, now, self.asks, Some(code), until * 1000));
        }
    }

    async fn begin(&mut self, step: Step) {
        if self.ways.len() == MOST_WAYS {
            return;
        }
        let now = self.now();
        let body = json!({ "kind": key().as_str() });
        let answer = self.sites.call(step.fault, self.world(step).post_json(BEGIN, &body)).await;
        let news = self.look_well().await;
        if let Some(challenge) = granted(answer, step) {
            let [id] = &news[..] else { panic!("{news:?} are new") };
            let mut way = Way::new(id.clone(), now, false, None, 0);
            way.opened = Some(Opened::new(challenge, now + LIFETIME));
            self.ways.push(way);
        }
    }

    async fn exchange(&mut self, at: usize, step: Step) {
        let (now, alive) = (self.now(), self.is_alive(&self.ways[at]));
        let Some(code) = self.ways[at].code.clone() else { return };
        let body = exchange_body(key(), &code);
        let answer = self.sites.call(step.fault, self.world(step).post_json(EXCHANGE, &body)).await;
        let way = &mut self.ways[at];
        let works = alive && now < way.code_until && way.opened.is_none();
        let Some(answer) = answer else {
            way.code_chance = Chance::UNKNOWN;
            return;
        };
        match answer.status.as_u16() {
            200 => {
                assert!(works, "a code works that should not: {way:?}");
                way.opened = Some(Opened::new(answer.json(), now + LIFETIME));
                way.code_chance = Chance::UNKNOWN;
            }
            429 => {}
            500.. => way.code_chance.put_back(),
            _ => {
                let has_to = works && way.code_chance.is_sure() && step.fault == Fault::None;
                assert!(!has_to, "a good code is refused: {answer:?}, {way:?}");
                if way.opened.is_some() {
                    self.count_miss(&answer, step);
                }
            }
        }
    }

    async fn register(&mut self, at: usize, proof: Proof, step: Step) {
        let (now, alive) = (self.now(), self.is_alive(&self.ways[at]));
        let Some(mut opened) = self.ways[at].opened.clone() else { return };
        let body = opened.answer(proof);
        let is_good = matches!(proof, Proof::Fresh | Proof::Again);
        let is_first = opened.first.as_ref().is_none_or(|first| *first == body);
        let path = if self.ways[at].code.is_some() { REGISTER } else { CREATE };
        let answer = self.sites.call(step.fault, self.world(step).post_json(path, &body)).await;
        let is_told = self.sites.heard.lock().unwrap().told.contains_key(&bare(&self.ways[at].id));
        let was_tried = opened.first.is_some();
        let way = &mut self.ways[at];
        if is_good {
            opened.first.get_or_insert(body);
        }
        if is_good && way.asks && !way.approval.is_sure() {
            way.approval_until = Some(now + LIFETIME);
        }
        let has_to = is_good
            && alive
            && now < opened.until
            && opened.chance.is_sure()
            && step.fault == Fault::None
            && !opened.is_spoilt
            && !way.is_added
            && if way.asks { !was_tried } else { is_first };
        let status = answer.as_ref().map(|answer| answer.status.as_u16());
        assert!(!has_to || matches!(status, Some(200 | 429)), "a good proof is refused: {answer:?}, {way:?}");
        match status {
            None => opened.chance = Chance::UNKNOWN,
            Some(200) => {
                assert!(is_good && now < opened.until && alive, "{step:?} is accepted: {way:?}");
                assert!(!opened.is_spoilt, "a spent challenge works: {way:?}");
                match (way.asks, was_tried) {
                    (true, false) => way.approval = Chance::FRESH,
                    (true, true) => {}
                    (false, _) => {
                        assert!(!way.is_added, "a spent challenge works: {way:?}");
                        way.is_added = true;
                    }
                }
                opened.chance = Chance::UNKNOWN;
            }
            Some(429) => {}
            Some(500..) if is_first => {
                // Of two proofs, the one that the host may have is the one that has to work.
                opened.is_offered |= is_told;
                opened.chance.put_back();
            }
            Some(_) if is_good && opened.is_offered && step.fault != Fault::ChallengeIsNotLaid => {
                opened.chance.put_back()
            }
            Some(_) => {
                opened.is_spoilt |= !is_good && !way.asks && step.fault == Fault::None;
                opened.chance = Chance::UNKNOWN;
            }
        }
        way.opened = Some(opened);
    }

    async fn approve(&mut self, at: usize, step: Step) {
        let (now, alive) = (self.now(), self.is_alive(&self.ways[at]));
        let path = format!("{ENROLMENTS}/{}/approve", self.ways[at].id);
        let answer = self.sites.call(step.fault, self.world(step).post_json(&path, &json!({}))).await;
        let way = &mut self.ways[at];
        let works = alive && !way.is_added && way.approval_until.is_some_and(|until| now < until);
        match answer.as_ref().map(|answer| answer.status.as_u16()) {
            None => way.approval = Chance::UNKNOWN,
            Some(200) => {
                assert!(works, "an approval works that should not: {way:?}");
                (way.is_added, way.approval) = (true, Chance::UNKNOWN);
            }
            Some(500..) => way.approval.put_back(),
            Some(_) => {
                let has_to = works && way.approval.is_sure() && step.fault == Fault::None;
                assert!(!has_to, "an approval is refused: {answer:?}, {way:?}");
            }
        }
    }

    /// Refuses or revokes.
    async fn end(&mut self, at: usize, step: Step) {
        let (id, world) = (self.ways[at].id.clone(), self.world(step));
        let answer = match step.act {
            Act::Refuse => self.sites.call(step.fault, world.refuse(&id)).await,
            _ => self.sites.call(step.fault, world.revoke(&id)).await,
        };
        let way = &mut self.ways[at];
        way.doubt();
        if answer.is_some_and(|answer| answer.status == 200) {
            assert!(!way.is_added, "what was added is said to have ended: {way:?}");
            way.is_ended = true;
        }
    }

    async fn undo(&mut self, at: usize, step: Step) {
        let name = bare(&self.ways[at].id);
        let Some(token) = self.sites.heard.lock().unwrap().undo_tokens.get(&name).cloned() else { return };
        let answer = self.sites.call(step.fault, self.world(step).undo(&token)).await;
        self.ways[at].doubt();
        if granted(answer, step).is_some() {
            self.ways[at].is_ended = true;
        }
    }

    async fn guess(&mut self, times: usize, step: Step) {
        let (path, body) = match step.act {
            Act::GuessCode(_) => (EXCHANGE, exchange_body(key(), "AAA-AAA-AAA")),
            _ => {
                let challenge = json!({ "challenge": "AAAA", "challengeIdentifier": base64url(&[7; 32]) });
                (REGISTER, good(key(), &challenge))
            }
        };
        for _ in 0..times {
            let answer = self.sites.call(step.fault, self.world(step).post_json(path, &body)).await;
            let Some(answer) = answer else { return };
            assert_ne!(answer.status, 200, "a guess works");
            self.count_miss(&answer, step);
        }
    }

    /// Counts a guess that surely found no record.
    fn count_miss(&mut self, answer: &Answer, step: Step) {
        if answer.status == 403 {
            let now = self.now();
            self.misses[step.site].count(now);
        }
    }

    fn void(&mut self) {
        let world = &self.sites.worlds[0];
        world.advance(Duration::from_millis(1));
        world.host.set_void_before(&user(), world.clock.now());
        self.void_before = self.now();
    }

    async fn look_well(&mut self) -> Vec<String> {
        let step = Step { act: Act::Look, which: 0, site: 0, fault: Fault::None };
        self.look(step).await.expect("a look that nothing disturbs is answered")
    }

    /// Lists the enrolments. Returns those that were not listed before.
    async fn look(&mut self, step: Step) -> Option<Vec<String>> {
        let answer = self.sites.call(step.fault, self.world(step).get(ENROLMENTS)).await;
        let listed = granted(answer, step)?;
        let stored: BTreeSet<_> =
            self.stored().iter().map(|credential| bare(credential.uuid.as_str())).collect();
        let mut news = Vec::new();
        for listed in listed["items"].as_array().unwrap() {
            let (id, stage) = (text(listed, "id"), text(listed, "stage"));
            let may_be_there = matches!(&*stage, "added" | "undone");
            assert!(may_be_there || !stored.contains(&bare(&id)), "what is {stage} is there");
            if self.seen.insert(id.clone()) {
                news.push(id);
            }
        }
        Some(news)
    }
}

/// Returns the body of a success. Without a fault there has to be one.
fn granted(answer: Option<Answer>, step: Step) -> Option<Value> {
    match step.fault {
        Fault::None => answer.map(|answer| answer.ok()),
        _ => answer.filter(|answer| answer.status == 200).map(|answer| answer.json()),
    }
}

/// The time in milliseconds.
fn now(world: &World) -> u64 {
    let since = world.clock.now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}
