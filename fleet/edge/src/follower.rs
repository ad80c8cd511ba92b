//! Keeps the route map: from disk at the start, from the control plane from then on, and the last good one whatever
//! happens.

use arc_swap::ArcSwap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use vocab::entropy::Entropy;
use wire::client::FleetClient;
use wire::files::write_durably;
use wire::routes::file::{decode, encode};
use wire::routes::follow::{Delta, Followed, accept};
use wire::routes::signature::RouteVerifier;

/// The route map in the data folder.
const FILE: &str = "routes.map";
/// How long the control plane keeps a question for news.
const WAIT_SECS: u64 = 25;
/// How long the answer to it may take.
const ANSWER_SECS_MAX: u64 = WAIT_SECS + 15;
/// The first pause after a failure; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(200);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// The file is written at most this often.
const KEEP_ROUND: Duration = Duration::from_secs(1);

/// The route map in use. Clones share it.
#[derive(Clone)]
pub struct Routes(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    verifier: RouteVerifier,
    current: ArcSwap<Followed>,
    news: watch::Sender<i64>,
}

impl Routes {
    /// The map of the data folder, if there is one that proves itself; else an empty one.
    #[must_use]
    pub fn open(folder: &Path, verifier: RouteVerifier) -> Self {
        let followed = match std::fs::read(folder.join(FILE)) {
            Ok(bytes) => decode(&bytes, &verifier).unwrap_or_else(|error| {
                tracing::warn!(%error, "the route map on disk is not used; one is asked for");
                Followed::default()
            }),
            Err(error) => {
                tracing::info!(%error, "there is no route map on disk yet");
                Followed::default()
            }
        };
        let news = watch::Sender::new(followed.cursor());
        Self(Arc::new(Inner {
            folder: folder.to_path_buf(),
            verifier,
            current: ArcSwap::from_pointee(followed),
            news,
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

    /// Takes what the control plane says, if it proves itself; else the map stays as it is.
    pub(crate) fn take(&self, delta: Delta) -> Result<(), wire::routes::RouteError> {
        let known = self.current();
        let next = accept(&known, delta, &self.0.verifier)?;
        if next.cursor() == known.cursor() && known.head.is_some() {
            return Ok(());
        }
        let cursor = next.cursor();
        self.0.current.store(Arc::new(next));
        self.0.news.send_replace(cursor);
        Ok(())
    }

    /// Keeps the map on disk.
    pub(crate) fn keep(&self) {
        let Some(bytes) = encode(&self.current()) else {
            return;
        };
        if let Err(error) = write_durably(&self.0.folder, FILE, &bytes) {
            tracing::error!(%error, "the route map could not be kept on disk");
        }
    }
}

/// Follows the control plane for ever.
pub async fn follow(routes: Routes, control: FleetClient, entropy: Arc<dyn Entropy>) {
    let mut pause = PAUSE_FIRST;
    loop {
        let known = routes.current();
        let wait = if known.head.is_some() { WAIT_SECS } else { 0 };
        let path = format!("/v1/routes?after={}&wait_secs={wait}", known.cursor());
        let answer = control
            .get::<Delta>(&path, Duration::from_secs(ANSWER_SECS_MAX))
            .await;
        let taken = match answer {
            Ok(delta) => routes.take(delta).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match taken {
            Ok(()) => pause = PAUSE_FIRST,
            Err(error) => {
                tracing::warn!(%error, "the route map stays as it is");
                sleep(jitter(pause, entropy.as_ref())).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
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
