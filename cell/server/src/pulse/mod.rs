//! Whether the store takes writes, for whoever asks whether this process can serve.
//!
//! A disk that is full or read-only, and a PostgreSQL that has become a standby, still answer every read. So a job writes
//! a little every few seconds, and a probe looks at what came of the last one: probes cost the store nothing, however
//! many there are, and an idle process notices as well as a busy one.

pub mod store;

use database::{Database, Migration};
use identity::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use vocab::secret::random_token;

/// The table that is written to.
pub const MIGRATION: Migration = Migration {
    version: 11,
    name: "pulses",
    sql: include_str!("schema.sql"),
};

/// Pause between two beats while they succeed.
const BEAT_PAUSE: Duration = Duration::from_secs(5);
/// The same while they fail, so that a process that is well again soon serves again.
const BEAT_PAUSE_FAILING: Duration = Duration::from_secs(1);
/// A beat that takes longer has failed: nobody would wait so long for a sign-in either.
const BEAT_MAX: Duration = Duration::from_secs(5);
/// Without any beat for so long the job itself is stuck.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// What the last beats came to. Clones share it.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<Mutex<Beat>>);

#[derive(Debug, Clone, Copy)]
struct Beat {
    at: Instant,
    failed: bool,
}

impl Default for Pulse {
    /// A store that was just opened has been written to.
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Beat {
            at: Instant::now(),
            failed: false,
        })))
    }
}

impl Pulse {
    /// Whether writes arrive.
    ///
    /// # Errors
    /// What is wrong, for an operator.
    pub fn check(&self) -> Result<(), &'static str> {
        let beat = *self.beat();
        decide_pulse(beat.failed, beat.at.elapsed())
    }

    /// Notes what a beat came to, and whether that is news.
    fn note(&self, failed: bool) -> bool {
        let mut beat = self.beat();
        let is_news = beat.failed != failed;
        *beat = Beat {
            at: Instant::now(),
            failed,
        };
        is_news
    }

    fn beat(&self) -> MutexGuard<'_, Beat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn decide_pulse(failed: bool, silence: Duration) -> Result<(), &'static str> {
    if failed {
        Err("the store takes no writes\n")
    } else if silence.as_secs() >= SILENCE_MAX.as_secs() {
        Err("the store has not been written to for a while\n")
    } else {
        Ok(())
    }
}

/// Beats until it is told to stop.
pub async fn run(cell: Cell, pulse: Pulse, mut stop: watch::Receiver<bool>) {
    loop {
        let key = random_token(cell.entropy(), "");
        let outcome = beat(&cell.database, key.expose()).await;
        let is_news = pulse.note(outcome.is_err());
        let pause = match outcome {
            Ok(()) => {
                if is_news {
                    tracing::info!("the store takes writes again");
                }
                BEAT_PAUSE
            }
            Err(error) => {
                if is_news {
                    tracing::error!(%error, "the store takes no writes; this process says that it is not ready");
                }
                BEAT_PAUSE_FAILING
            }
        };
        if crate::jobs::stopped_within(&mut stop, pause).await {
            return;
        }
    }
}

/// One row comes and goes in one transaction, under a key that no other process uses: nobody waits for anybody.
async fn beat(database: &Database, key: &str) -> Result<(), String> {
    let key = key.to_owned();
    let write = database.write(move |tx| Box::pin(async move { store::beat(tx, &key).await }));
    match tokio::time::timeout(BEAT_MAX, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(fault)) => Err(format!("{fault:?}")),
        Err(_) => Err(format!("a write took over {} s", BEAT_MAX.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::{MIGRATION, Pulse, SILENCE_MAX, beat, decide_pulse};
    use database::{Database, Location, Migration};
    use std::time::Duration;
    use tempfile::TempDir;
    use vocab::secret::Secret;

    static MIGRATIONS: &[Migration] = &[Migration {
        version: 1,
        ..MIGRATION
    }];

    #[test]
    fn a_failed_or_a_silent_store_is_not_ready() {
        let second = Duration::from_secs(1);
        for (failed, silence, ready) in [
            (false, Duration::ZERO, true),
            (false, SILENCE_MAX - second, true),
            (false, SILENCE_MAX, false),
            (true, Duration::ZERO, false),
        ] {
            assert_eq!(decide_pulse(failed, silence).is_ok(), ready);
        }
        let pulse = Pulse::default();
        assert!(pulse.check().is_ok());
        assert!(!pulse.note(false) && pulse.note(true) && !pulse.note(true));
        assert!(pulse.check().is_err());
        assert!(pulse.note(false) && pulse.check().is_ok());
    }

    /// Beats twice, then once more without the table, as on a store that takes no writes.
    async fn beats_are_writes(location: &Location) {
        let database = Database::open(location, MIGRATIONS).await.unwrap();
        for _ in 0..2 {
            beat(&database, "key").await.unwrap();
        }
        let mut tx = database.read().await.unwrap();
        let left = super::store::count(&mut tx).await.unwrap();
        drop(tx);
        assert_eq!(left, 0, "a beat leaves nothing");
        database
            .write(|tx| Box::pin(super::store::remove_table(tx)))
            .await
            .unwrap();
        beat(&database, "key").await.unwrap_err();
        database.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_beat_fails_with_the_writes_on_sqlite() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("cell.db");
        beats_are_writes(&Location::Sqlite { path }).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_beat_fails_with_the_writes_on_postgres() {
        let database = postgres_for_tests::shared().empty_database().unwrap();
        let url = Secret::new(database.url());
        beats_are_writes(&Location::Postgres { url }).await;
    }
}
