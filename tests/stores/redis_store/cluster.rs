//! The flow over a cluster, while slots move, connections drop, and nodes stall.

use std::time::{Duration, Instant, SystemTime};

use credential_code::Storage;
use credential_code::model::{CredentialKind, Insertion};
use credential_code::store::{CodeGrant, OneTimeStore as _, RedisStore, Slot};
use credential_code::testing::Sample;
use redis::{Connection, FromRedisValue};
use tokio::task::JoinSet;

use super::faults::take;
use crate::support::servers::redis::RedisCluster;
use crate::support::{KINDS, World, attest, register_body};
use crate::two_processes::keys;

async fn world_on(cluster: &RedisCluster) -> World {
    let store = RedisStore::cluster_at(cluster.urls()).connect().await.unwrap();
    World::with(|setup| setup.storage(Storage::shared(store, keys())))
}

/// Returns a connection to each node, and the port that it listens on.
fn nodes(cluster: &RedisCluster) -> Vec<(Connection, &str)> {
    let port = |url: &str| url.rfind(':').unwrap() + 1..url.len() - 1;
    let connect = |url| redis::Client::open(url).unwrap().get_connection().unwrap();
    cluster.urls().map(|url| (connect(url), &url[port(url)])).collect()
}

/// Sends the command as it is written.
fn ask<T: FromRedisValue>(node: &mut Connection, command: &str) -> T {
    let mut words = command.split(' ');
    redis::cmd(words.next().unwrap()).arg(words.collect::<Vec<_>>()).query(node).unwrap()
}

#[tokio::test]
async fn every_kind_is_registered() {
    let Some(cluster) = RedisCluster::start() else { return };
    let world = world_on(&cluster).await;
    for kind in KINDS {
        let code = world.mint().await;
        let challenge = world.exchange(kind, &code).await.ok();
        world.exchange(kind, &code).await.assert_refused(403, "invalid_code");
        let body = register_body(&challenge, &attest(kind, &challenge));
        world.register(&body).await.ok();
        world.register(&body).await.assert_refused(403, "invalid_challenge");
    }
}

/// What a node says about a slot that leaves it.
#[derive(Clone, Copy, Debug)]
enum Move {
    /// The code is at the new node already, and the slot has not followed yet: `ASK`.
    UnderWay,
    /// The slot has another owner: `MOVED`.
    Done,
}

#[tokio::test]
async fn one_of_many_exchanges_wins_while_the_slot_of_its_code_moves() {
    let Some(cluster) = RedisCluster::start() else { return };
    let world = world_on(&cluster).await;
    for (what, error) in [(Move::UnderWay, "errorstat_ASK:"), (Move::Done, "errorstat_MOVED:")] {
        let code = world.mint().await;
        let mut old = move_slot_of_the_code(&cluster, what);
        let mut exchanges = JoinSet::new();
        for _ in 0..16 {
            let (world, code) = (world.clone(), code.clone());
            exchanges.spawn(async move { world.exchange(CredentialKind::Key, &code).await });
        }
        let answers = exchanges.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(won.len(), 1, "{what:?}: {won:?}");
        // The client sends `ASKING` and the command apart. So if many ask at once, some are
        // redirected more often than the client follows.
        assert!(lost.iter().all(|answer| [403, 503].contains(&answer.status.as_u16())), "{lost:?}");
        let challenge = won[0].ok();
        world.register(&register_body(&challenge, &attest(CredentialKind::Key, &challenge))).await.ok();
        let errors: String = ask(&mut old, "INFO errorstats");
        assert!(errors.contains(error), "{errors}");
    }
}

/// Moves the slot of the only code to another node. Returns the node that it leaves.
fn move_slot_of_the_code(cluster: &RedisCluster, what: Move) -> Connection {
    let mut nodes = nodes(cluster);
    let code = |(node, _): &mut (Connection, &str)| -> Option<String> {
        ask::<Vec<String>>(node, "KEYS credential-code:codes:*").pop()
    };
    let (at, key) = nodes.iter_mut().enumerate().find_map(|(at, node)| Some((at, code(node)?))).unwrap();
    let (mut old, _) = nodes.swap_remove(at);
    let (new, port) = &mut nodes[0];
    let slot: u16 = ask(&mut old, &format!("CLUSTER KEYSLOT {key}"));
    let [old_id, new_id]: [String; 2] = [&mut old, new].map(|node| ask(node, "CLUSTER MYID"));
    ask::<()>(new, &format!("CLUSTER SETSLOT {slot} IMPORTING {old_id}"));
    ask::<()>(&mut old, &format!("CLUSTER SETSLOT {slot} MIGRATING {new_id}"));
    ask::<()>(&mut old, &format!("MIGRATE 127.0.0.1 {port} {key} 0 5000"));
    match what {
        Move::UnderWay => {}
        Move::Done => {
            for node in [new, &mut old] {
                ask::<()>(node, &format!("CLUSTER SETSLOT {slot} NODE {new_id}"));
            }
        }
    }
    old
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_connections_and_a_stall_are_got_over() {
    const TIMEOUT: Duration = Duration::from_millis(300);
    const STALL: Duration = Duration::from_secs(1);
    let Some(cluster) = RedisCluster::start() else { return };
    let store = RedisStore::cluster_at(cluster.urls()).timeout(TIMEOUT).connect().await.unwrap();
    let mut nodes = nodes(&cluster);
    let slot = |number| Slot::from_bytes([number; 32]);
    let insert = async |number| {
        let record = CodeGrant::sample(number, SystemTime::now() + Duration::from_secs(60));
        store.insert(slot(number), record).await
    };
    for number in 0..20 {
        assert_eq!(insert(number).await.unwrap(), Insertion::Created);
        nodes.iter_mut().for_each(|(node, _)| ask(node, "CLIENT KILL TYPE normal SKIPME yes"));
        let started = Instant::now();
        while !take(&store, slot(number)).await.unwrap_or(false) {
            assert!(started.elapsed() < Duration::from_secs(1), "{number}");
        }
    }
    let started = Instant::now();
    nodes.iter_mut().for_each(|(node, _)| ask(node, &format!("CLIENT PAUSE {}", STALL.as_millis())));
    insert(20).await.expect_err("nobody answers");
    assert!(started.elapsed() < STALL, "{:?}", started.elapsed());
    while insert(21).await.is_err() {
        assert!(started.elapsed() < STALL + Duration::from_secs(1), "it is used again within a second");
    }
}
