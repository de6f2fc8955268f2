//! moka, with a place before each call where others may run.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::time::Duration;

use moka_itself::notification::RemovalCause;
use moka_itself::policy::EvictionPolicy;
use moka_itself::sync as real;
use shuttle::thread::yield_now;

pub(crate) struct Cache<K, V, S = RandomState>(real::Cache<K, V, S>);

pub(crate) struct Builder<K, V>(real::CacheBuilder<K, V, real::Cache<K, V, RandomState>>);

impl<K: Eq + Hash + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Cache<K, V> {
    pub(crate) fn builder() -> Builder<K, V> {
        Builder(real::Cache::builder())
    }
}

impl<K, V, S> Cache<K, V, S>
where
    K: Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Clone + Send + Sync + 'static,
{
    pub(crate) fn contains_key(&self, key: &K) -> bool {
        yield_now();
        self.0.contains_key(key)
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        yield_now();
        self.0.get(key)
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        yield_now();
        self.0.insert(key, value);
    }

    pub(crate) fn remove(&self, key: &K) -> Option<V> {
        yield_now();
        self.0.remove(key)
    }
}

impl<K: Eq + Hash + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Builder<K, V> {
    pub(crate) fn max_capacity(self, capacity: u64) -> Self {
        Self(self.0.max_capacity(capacity))
    }

    pub(crate) fn eviction_policy(self, policy: EvictionPolicy) -> Self {
        Self(self.0.eviction_policy(policy))
    }

    pub(crate) fn time_to_live(self, life: Duration) -> Self {
        Self(self.0.time_to_live(life))
    }

    pub(crate) fn eviction_listener(
        self,
        listener: impl Fn(Arc<K>, V, RemovalCause) + Send + Sync + 'static,
    ) -> Self {
        Self(self.0.eviction_listener(listener))
    }

    pub(crate) fn build_with_hasher<S>(self, hasher: S) -> Cache<K, V, S>
    where
        S: BuildHasher + Clone + Send + Sync + 'static,
    {
        Cache(self.0.build_with_hasher(hasher))
    }
}
