//! The threads on which passwords are hashed, and the admission in front of them.
//!
//! A password hash is the dearest thing that a stranger can make the server do, so it never runs on the threads that
//! serve requests, and it never queues without bound: a job whose expected wait is too long is refused at once, so that
//! those who are admitted are served in a time that does not grow with the flood. Each worker keeps its 19 MiB of
//! working memory while it is busy and gives it back when it has been idle for a while.

mod admission;
mod queue;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use vocab::entropy::Entropy;
use vocab::secret::Secret;

use self::queue::{Job, Queue, Work};
use crate::password::argon2id::SALT_BYTES;
use crate::password::foreign::{ForeignError, ForeignHash, OWN_WEIGHT, parse_foreign};
use crate::password::policy::HISTORY_COUNT_MAX;
use crate::password::{PASSWORD_BYTES_MAX, phc};
use vocab::future::boxed;

/// Most stored hashes that one job compares a candidate with: the longest history of one person, and the present one.
pub const COMPARED_HASHES_MAX: usize = HISTORY_COUNT_MAX as usize + 1;

/// How long a worker may be idle before it gives its memory back.
pub const IDLE_BEFORE_RELEASE: Duration = Duration::from_secs(30);

/// The bounds of the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashPoolLimits {
    /// Threads; each takes one core while it hashes.
    pub workers: usize,
    /// Most jobs that wait.
    pub queue_jobs_max: usize,
    /// The longest expected wait at which a job is still admitted.
    pub wait_max: Duration,
    /// How long jobs may wait without a break worth the name before the queue is cut short: a burst is served, a flood is
    /// not queued.
    pub burst_max: Duration,
}

impl Default for HashPoolLimits {
    /// All cores but one, which stays for the requests; a wait of under a third of a second, and that for half a second.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            workers: cores.saturating_sub(1).max(1),
            queue_jobs_max: 256,
            wait_max: Duration::from_millis(300),
            burst_max: Duration::from_millis(500),
        }
    }
}

/// Why a job was not taken: the caller's side of the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// More hashing is wanted than can be done in time.
    #[error("too many passwords are being checked; try again in {retry_after_secs} s")]
    Busy {
        /// When the queue is expected to be short again.
        retry_after_secs: u32,
    },
    /// The password is longer than [`PASSWORD_BYTES_MAX`].
    #[error("the password is longer than {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
}

/// Why a job was taken and not done: our side of the matter.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The pool is stopping, or the worker failed at this job.
    #[error("the password could not be hashed: the worker is gone")]
    WorkerGone,
    /// A stored hash cannot be understood.
    #[error("a stored password hash cannot be read")]
    StoredUnreadable(#[source] ForeignError),
    /// More hashes were to be compared than [`COMPARED_HASHES_MAX`].
    #[error("more than {COMPARED_HASHES_MAX} password hashes to compare")]
    TooManyCompared,
    /// The hash function refused the parameters.
    #[error("the password could not be hashed")]
    Function(#[source] argon2::Error),
    /// The threads could not be started.
    #[error("the threads for password hashing could not be started")]
    Start(#[source] std::io::Error),
}

/// Why a password was not hashed or verified.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Refused; the caller may be told why.
    #[error(transparent)]
    Denial(#[from] Denial),
    /// Failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What a verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verification {
    /// Whether the candidate is the password.
    pub matches: bool,
    /// Whether, after a success, the password should be hashed anew because the stored hash is a foreign one or was made
    /// with other parameters. False where the candidate does not match.
    pub needs_rehash: bool,
}

/// How busy the pool is, for metrics and for the status page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashPoolLoad {
    /// Jobs that wait.
    pub queued_jobs: usize,
    /// How long a job that came now would wait, as far as can be told.
    pub expected_wait: Duration,
    /// Jobs done since the start.
    pub done_jobs: u64,
    /// Jobs refused since the start.
    pub refused_jobs: u64,
    /// Jobs skipped since the start because their caller had gone.
    pub skipped_jobs: u64,
}

/// A bounded pool of hashing threads. Clones share the threads; when the last clone is dropped, the threads end.
#[derive(Clone)]
pub struct HashPool {
    owner: Arc<Owner>,
    entropy: Arc<dyn Entropy>,
}

/// Ends the threads when nobody can submit any more; the threads themselves hold only the queue.
struct Owner {
    queue: Arc<Queue>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.queue.stop();
    }
}

impl HashPool {
    /// Starts the threads. `entropy` gives the salts.
    ///
    /// # Errors
    /// [`Fault::Start`] if the system gives no thread.
    pub fn start(limits: HashPoolLimits, entropy: Arc<dyn Entropy>) -> Result<Self, Fault> {
        let owner = Owner {
            queue: Arc::new(Queue::new(limits)),
        };
        for number in 0..limits.workers.max(1) {
            let queue = Arc::clone(&owner.queue);
            std::thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || queue::run_worker(&queue, IDLE_BEFORE_RELEASE))
                .map_err(Fault::Start)?;
        }
        Ok(Self {
            owner: Arc::new(owner),
            entropy,
        })
    }

    /// Hashes a password and gives the text to store.
    ///
    /// # Errors
    /// [`Denial`] at once if the pool is too busy or the password too long, [`Fault`] if the pool is stopping.
    #[boxed]
    pub async fn hash(&self, password: Secret<String>) -> Result<String, HashError> {
        check_length(&password)?;
        let mut salt = [0; SALT_BYTES];
        self.entropy.fill(&mut salt);
        let (reply, answer) = oneshot::channel();
        self.owner.queue.submit(Job {
            weight: OWN_WEIGHT,
            work: Work::Hash {
                password,
                salt,
                reply,
            },
        })?;
        let text = answer
            .await
            .map_err(|_| Fault::WorkerGone)?
            .map_err(Fault::Function)?;
        Ok(text)
    }

    /// Compares a candidate with a stored hash, the product's own or a foreign one.
    ///
    /// # Errors
    /// As [`hash`](Self::hash), and [`Fault::StoredUnreadable`].
    #[boxed]
    pub async fn verify(
        &self,
        candidate: Secret<String>,
        stored: String,
    ) -> Result<Verification, HashError> {
        check_length(&candidate)?;
        let stored = parse_foreign(&stored).map_err(Fault::StoredUnreadable)?;
        let is_own = stored.is_own();
        let matches = self.compare(candidate, vec![stored]).await?;
        Ok(Verification {
            matches,
            needs_rehash: matches && !is_own,
        })
    }

    /// Whether a candidate is any of the stored hashes, as the history of a person's passwords asks. All are compared,
    /// so that the time does not tell which one it was.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), and [`Fault::TooManyCompared`].
    pub async fn matches_any(
        &self,
        candidate: Secret<String>,
        stored: Vec<String>,
    ) -> Result<bool, HashError> {
        check_length(&candidate)?;
        if stored.len() > COMPARED_HASHES_MAX {
            return Err(Fault::TooManyCompared.into());
        }
        let stored: Result<Vec<_>, _> = stored.iter().map(|text| parse_foreign(text)).collect();
        let stored = stored.map_err(Fault::StoredUnreadable)?;
        if stored.is_empty() {
            Ok(false)
        } else {
            self.compare(candidate, stored).await
        }
    }

    /// Does the work of a verification for somebody who does not exist or has no password, so that the time of the
    /// answer tells no stranger which accounts there are. People with a foreign hash can take another time until their
    /// first sign-in replaces it.
    ///
    /// # Errors
    /// As [`hash`](Self::hash).
    pub async fn dummy_verify(&self, candidate: Secret<String>) -> Result<(), HashError> {
        let parameters = [
            ("m", crate::password::argon2id::MEMORY_KIB),
            ("t", crate::password::argon2id::PASSES),
            ("p", crate::password::argon2id::LANES),
        ];
        let hash = [0; crate::password::argon2id::HASH_BYTES];
        let stored = phc::render_phc("argon2id", Some(0x13), &parameters, &[0; SALT_BYTES], &hash);
        self.verify(candidate, stored).await.map(|_| ())
    }

    /// How busy the pool is.
    #[must_use]
    pub fn load(&self) -> HashPoolLoad {
        self.owner.queue.load()
    }

    async fn compare(
        &self,
        candidate: Secret<String>,
        stored: Vec<ForeignHash>,
    ) -> Result<bool, HashError> {
        let weight = stored
            .iter()
            .map(ForeignHash::weight)
            .fold(0, u32::saturating_add);
        let (reply, answer) = oneshot::channel();
        self.owner.queue.submit(Job {
            weight,
            work: Work::Compare {
                candidate,
                stored,
                reply,
            },
        })?;
        let matches = answer.await.map_err(|_| Fault::WorkerGone)?;
        Ok(matches)
    }
}

fn check_length(password: &Secret<String>) -> Result<(), Denial> {
    if password.expose().len() > PASSWORD_BYTES_MAX {
        Err(Denial::TooLong)
    } else {
        Ok(())
    }
}
