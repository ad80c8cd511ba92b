//! Keeps the route map: from disk at the start, from the control plane from then on, and the last good one whatever
//! happens.

use crate::shelf::Shelf;
use arc_swap::ArcSwap;
use bytes::Bytes;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use vocab::entropy::Entropy;
use wire::client::FleetClient;
use wire::routes::RouteError;
use wire::routes::file::{MEDIA_TYPE, decode};
use wire::routes::follow::{Delta, Followed, accept, accept_whole};
use wire::routes::signature::RouteVerifier;

/// How long the control plane keeps a question for news.
const WAIT_SECS: u64 = 25;
/// How long the answer to it may take.
const ANSWER_SECS_MAX: u64 = WAIT_SECS + 15;
/// The first pause after a failure; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(200);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// Changes that wait to be written to disk; with more, the map is written whole.
const UNWRITTEN_MAX: usize = 1_000;
/// The disk is written to at most this often.
const KEEP_ROUND: Duration = Duration::from_secs(1);

/// The route map in use. Clones share it.
#[derive(Clone)]
pub struct Routes(Arc<Inner>);

struct Inner {
    shelf: Shelf,
    verifier: RouteVerifier,
    current: ArcSwap<Followed>,
    news: watch::Sender<i64>,
    /// None until the first question is through.
    heard: watch::Sender<Option<FirstWord>>,
    unwritten: Mutex<Unwritten>,
}

/// What came of the first question to the control plane. But for the first, the map on disk is all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstWord {
    /// The map is what the control plane said it is.
    Told,
    /// It does not answer, or not yet.
    Silence,
    /// It signs with another key than the one that is trusted.
    OtherKey,
    /// It answers with a map that is not taken for another reason.
    NotTaken,
}

/// What the disk does not have yet.
#[derive(Default)]
enum Unwritten {
    /// Nothing.
    #[default]
    Nothing,
    /// These changes, in their order.
    Steps(Vec<Delta>),
    /// The map has another beginning.
    Whole,
}

impl Routes {
    /// The map of the data folder, if there is one that proves itself; else an empty one.
    #[must_use]
    pub fn open(folder: &Path, verifier: RouteVerifier) -> Self {
        let shelf = Shelf::new(folder);
        let followed = shelf.load(&verifier);
        let news = watch::Sender::new(followed.cursor());
        Self(Arc::new(Inner {
            shelf,
            verifier,
            current: ArcSwap::from_pointee(followed),
            news,
            heard: watch::Sender::new(None),
            unwritten: Mutex::default(),
        }))
    }

    /// The map at this moment.
    #[must_use]
    pub fn current(&self) -> Arc<Followed> {
        self.0.current.load_full()
    }

    /// Waits until the map says something that is wanted, or the time is over.
    pub async fn wait_for(&self, time: Duration, wanted: impl Fn(&Followed) -> bool) -> bool {
        let mut news = self.0.news.subscribe();
        let found = news.wait_for(|_| wanted(&self.current()));
        matches!(tokio::time::timeout(time, found).await, Ok(Ok(_)))
    }

    /// Waits until the control plane was asked once, or the time is over; what came of it.
    pub(crate) async fn first_word(&self, time: Duration) -> FirstWord {
        let mut heard = self.0.heard.subscribe();
        let told = heard.wait_for(Option::is_some);
        match tokio::time::timeout(time, told).await {
            Ok(Ok(heard)) => heard.unwrap_or(FirstWord::Silence),
            _ => FirstWord::Silence,
        }
    }

    /// Takes what the control plane says, if it proves itself; else the map stays as it is.
    pub(crate) fn take(&self, delta: Delta) -> Result<(), RouteError> {
        let known = self.current();
        let step = (!delta.whole).then(|| delta.clone());
        let next = accept(&known, delta, &self.0.verifier)?;
        self.put(&known, next, step);
        Ok(())
    }

    /// Takes a whole map in the form of the file, if it proves itself; else the map stays as it is.
    fn take_whole(&self, bytes: &[u8]) -> Result<(), RouteError> {
        let known = self.current();
        let next = accept_whole(&known, decode(bytes, &self.0.verifier)?)?;
        self.put(&known, next, None);
        Ok(())
    }

    fn put(&self, known: &Followed, next: Followed, step: Option<Delta>) {
        if next.cursor() == known.cursor() && known.head.is_some() {
            return;
        }
        let cursor = next.cursor();
        self.0.current.store(Arc::new(next));
        let mut unwritten = self.unwritten();
        match (&mut *unwritten, step) {
            (Unwritten::Nothing, Some(step)) => *unwritten = Unwritten::Steps(vec![step]),
            (Unwritten::Steps(steps), Some(step)) if steps.len() < UNWRITTEN_MAX => {
                steps.push(step)
            }
            _ => *unwritten = Unwritten::Whole,
        }
        drop(unwritten);
        self.0.news.send_replace(cursor);
    }

    /// Nothing came that could be taken; if nothing did before, whoever waits for the first word waits no longer.
    fn note_failure(&self, why: FirstWord) {
        self.0.heard.send_if_modified(|heard| {
            let is_first = heard.is_none();
            if is_first {
                *heard = Some(why);
            }
            is_first
        });
    }

    // Every change of it is one move that cannot fail half-way.
    fn unwritten(&self) -> std::sync::MutexGuard<'_, Unwritten> {
        self.0
            .unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what the disk does not have yet.
    pub(crate) fn keep(&self) {
        // Before the map is read: what comes in between is written twice rather than not at all.
        let unwritten = std::mem::take(&mut *self.unwritten());
        let written = match &unwritten {
            Unwritten::Nothing => return,
            Unwritten::Steps(steps) => self.0.shelf.add(&self.current(), steps),
            Unwritten::Whole => self.0.shelf.write(&self.current()),
        };
        if let Err(error) = written {
            tracing::error!(%error, "the route map could not be kept on disk");
            *self.unwritten() = Unwritten::Whole;
        }
    }
}

/// Follows the control plane for ever.
pub async fn follow(routes: Routes, control: FleetClient, entropy: Arc<dyn Entropy>) {
    let (mut pause, mut wants_whole, mut wait_secs) = (PAUSE_FIRST, false, 0);
    loop {
        let known = routes.current();
        // The first answer says at once whether there is anything new.
        let (after, wait) = match &known.head {
            Some(_) if !wants_whole => (known.cursor(), wait_secs),
            _ => (0, 0),
        };
        let path = format!("/v1/routes?after={after}&wait_secs={wait}");
        let answer = control
            .get_raw(&path, Duration::from_secs(ANSWER_SECS_MAX))
            .await;
        let taken = match answer {
            Ok((form, body)) if form.as_ref().is_some_and(|form| form == MEDIA_TYPE) => {
                take_aside(routes.clone(), body).await
            }
            Ok((_, body)) => serde_json::from_slice(&body)
                .map_err(|error| NotTaken::Unread(error.to_string()))
                .and_then(|delta| routes.take(delta).map_err(NotTaken::Refused)),
            Err(error) => Err(NotTaken::Unread(error.to_string())),
        };
        match taken {
            Ok(()) => {
                (pause, wants_whole, wait_secs) = (PAUSE_FIRST, false, WAIT_SECS);
                routes.0.heard.send_replace(Some(FirstWord::Told));
            }
            Err(error) => {
                routes.note_failure(error.first_word());
                wants_whole = error.is_of_another_history();
                tracing::warn!(%error, hint = error.hint(), "the route map stays as it is");
                sleep(jitter(pause, entropy.as_ref())).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

/// Why what the control plane said was not taken.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    /// It does not prove itself, or would go back.
    #[error(transparent)]
    Refused(RouteError),
    /// It could not be asked, or not be understood.
    #[error("{0}")]
    Unread(String),
}

impl NotTaken {
    /// Whether the changes do not follow from the map that is here, as after a register was restored from a backup and
    /// written on: the map is then asked for whole.
    const fn is_of_another_history(&self) -> bool {
        matches!(
            self,
            Self::Refused(RouteError::Root | RouteError::Stale { .. } | RouteError::Gap { .. })
        )
    }

    const fn first_word(&self) -> FirstWord {
        match self {
            Self::Refused(RouteError::Signature) => FirstWord::OtherKey,
            Self::Refused(_) => FirstWord::NotTaken,
            Self::Unread(_) => FirstWord::Silence,
        }
    }

    const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Refused(RouteError::Older { .. }) => Some(
                "if the register was restored from a backup, remove routes.map from the folder of this edge and start the edge again",
            ),
            Self::Refused(RouteError::Signature) => Some(
                "start this edge with the --route-key that the control plane prints; it is another one than this edge was started with",
            ),
            Self::Refused(_) | Self::Unread(_) => None,
        }
    }
}

/// A million entries take a second: requests go on meanwhile.
async fn take_aside(routes: Routes, body: Bytes) -> Result<(), NotTaken> {
    match tokio::task::spawn_blocking(move || routes.take_whole(&body)).await {
        Ok(taken) => taken.map_err(NotTaken::Refused),
        Err(error) => Err(NotTaken::Unread(error.to_string())),
    }
}

/// Keeps each new map on disk.
pub async fn keep(routes: Routes) {
    let mut news = routes.0.news.subscribe();
    while news.changed().await.is_ok() {
        let routes = routes.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || routes.keep()).await {
            tracing::error!(%error, "the route map could not be kept on disk");
        }
        sleep(KEEP_ROUND).await;
    }
}

/// Between half of the pause and the whole of it: edges that lost the control plane at once do not come back at once.
fn jitter(pause: Duration, entropy: &dyn Entropy) -> Duration {
    let mut byte = [0_u8; 1];
    entropy.fill(&mut byte);
    let [byte] = byte;
    pause / 2 + (pause / 2) * u32::from(byte) / 255
}
