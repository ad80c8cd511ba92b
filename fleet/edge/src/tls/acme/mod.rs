//! Certificates by ACME (RFC 8555), for the fleet's own host and for hosts of the route map, and for no other.
//!
//! What was obtained is kept on disk and shown whether or not the authority answers. A host that orgs brought is seen to
//! before anybody asks; any other gets its certificate when a client first names it.

mod account;
pub mod challenges;
pub mod check;
mod folder;
mod http_client;
mod order;
mod plan;
#[cfg(test)]
mod tests;

use crate::hosts::{Hosts, Owner};
use crate::tls::acme::account::{AccountError, Accounts};
use crate::tls::acme::challenges::{ChallengeKind, Challenges};
use crate::tls::acme::folder::{AcmeFolder, KEPT_MAX};
use crate::tls::acme::http_client::{AcmeClient, ClientError};
use crate::tls::acme::order::{Obtained, OrderError, Proof, obtain};
use crate::tls::acme::plan::{
    Budget, Failure, Standing, decide_due, decide_eligible, decide_pause_secs,
};
use crate::tls::certificate::{Age, Certificate, CertificateError};
use crate::tls::server_kit::ServerKit;
use crate::tls::sources::Found;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use vocab::entropy::Entropy;
use vocab::time::{Clock, Timestamp};
use wire::names::Host;

/// How often it is looked what is due.
const ROUND: Duration = Duration::from_secs(1);
/// Orders under way at one time; further hosts wait for the next round.
const ORDERS_MAX: usize = 4;
/// How long an order may take.
const ORDER_SECS_MAX: u64 = 300;
/// How far our clock may be behind that of an authority.
const SKEW_SECS_MAX: i64 = 3_600;
/// Hosts that clients named and that wait to be looked at.
const ASKED_MAX: usize = 100;

/// Which authority, and how.
#[derive(Debug, Clone)]
pub struct AcmeConfig {
    /// Its directory.
    pub directory: url::Url,
    /// The roots by which it is believed, if not the public ones.
    pub roots: Option<PathBuf>,
    /// Where it can write to, a mail address.
    pub contact: Option<String>,
    /// The ways to prove a host, the one to try first.
    pub challenges: Vec<ChallengeKind>,
}

/// Why no certificates can be obtained at all.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The folder cannot be used.
    #[error("{path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Authorities cannot be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Why one certificate was not obtained.
#[derive(Debug, thiserror::Error)]
enum ObtainError {
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error("it took longer than {ORDER_SECS_MAX} s")]
    Late,
    #[error("the authority signed something that cannot be used: {0}")]
    Certificate(#[from] CertificateError),
    #[error("the authority signed something else than was asked for: {0}")]
    Other(&'static str),
    #[error("the certificate cannot be kept on disk: {0}")]
    Disk(#[from] io::Error),
}

/// The certificates of one authority. Clones share them.
#[derive(Clone)]
pub struct Acme(Arc<Inner>);

/// What the parts of an edge lend to whoever obtains certificates.
pub struct Lent {
    /// Which hosts are ours.
    pub hosts: Hosts,
    /// How we speak TLS.
    pub kit: ServerKit,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for jitter.
    pub entropy: Arc<dyn Entropy>,
}

struct Inner {
    lent: Lent,
    accounts: Accounts,
    folder: AcmeFolder,
    challenges: Challenges,
    kinds: Vec<ChallengeKind>,
    known: Mutex<HashMap<String, Known>>,
    asked: mpsc::Sender<String>,
    asked_end: Mutex<Option<mpsc::Receiver<String>>>,
    /// Counts the orders that ended.
    ended: watch::Sender<u64>,
}

/// One host.
#[derive(Default)]
struct Known {
    certificate: Option<Arc<Certificate>>,
    standing: Standing,
    under_way: bool,
}

impl Acme {
    /// Reads what was obtained before. The authority need not be there.
    ///
    /// # Errors
    /// [`AcmeError`].
    pub fn open(data: &std::path::Path, config: AcmeConfig, lent: Lent) -> Result<Self, AcmeError> {
        let path = data.join("acme").join(folder_name(&config.directory));
        let failed = |source| AcmeError::Folder {
            path: path.clone(),
            source,
        };
        let folder = AcmeFolder::open(&path).map_err(failed)?;
        let kept = folder.load_certificates().map_err(failed)?;
        let client = AcmeClient::new(config.roots.as_deref())?;
        let directory = config.directory.to_string();
        let accounts = Accounts::new(directory, config.contact, client, folder.clone());
        let (asked, asked_end) = mpsc::channel(ASKED_MAX);
        let mut known = HashMap::new();
        for (host, pem) in kept {
            match Certificate::from_pem(&lent.kit, &pem, &pem) {
                Ok(certificate) => {
                    let one: &mut Known = known.entry(host).or_default();
                    one.take(certificate, draw(lent.entropy.as_ref()));
                }
                Err(error) => {
                    tracing::error!(host, %error, "a certificate on disk cannot be used; another one is asked for");
                }
            }
        }
        Ok(Self(Arc::new(Inner {
            lent,
            accounts,
            folder,
            challenges: Challenges::default(),
            kinds: config.challenges,
            known: Mutex::new(known),
            asked,
            asked_end: Mutex::new(Some(asked_end)),
            ended: watch::Sender::new(0),
        })))
    }

    /// What is shown to authorities at the moment.
    #[must_use]
    pub fn challenges(&self) -> &Challenges {
        &self.0.challenges
    }

    /// Every certificate that is shown.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Certificate>> {
        let known = self.known();
        known
            .values()
            .filter_map(|one| one.certificate.clone())
            .collect()
    }

    /// The certificate of a host that we know. If there is none yet, it is asked for, and whoever asks waits.
    pub async fn find(&self, host: &str) -> Found {
        if !decide_eligible(host) || self.0.lent.hosts.owner(host) == Owner::Nobody {
            return Found::Nothing;
        }
        let mut ended = self.0.ended.subscribe();
        let mut begun = false;
        loop {
            {
                let known = self.known();
                let one = known.get(host);
                if let Some(certificate) = one.and_then(|one| one.certificate.clone()) {
                    return Found::Certificate(certificate);
                }
                let waits = one.is_some_and(|one| self.now() < one.standing.not_before);
                if waits || (one.is_none() && known.len() >= KEPT_MAX) {
                    return Found::NotYet;
                }
            }
            if !begun && self.0.asked.try_send(host.to_owned()).is_err() {
                return Found::NotYet;
            }
            begun = true;
            if ended.changed().await.is_err() {
                return Found::NotYet;
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.0.lent.clock.now()
    }

    /// Whether an order for this host begins now.
    fn begin(&self, host: &str) -> bool {
        let mut known = self.known();
        if known.len() >= KEPT_MAX && !known.contains_key(host) {
            return false;
        }
        let now = self.now();
        let one = known.entry(host.to_owned()).or_default();
        let begins = !one.under_way && decide_due(&one.standing, now);
        one.under_way |= begins;
        begins
    }

    /// Hosts for which it is time.
    fn due(&self) -> Vec<String> {
        let inner = &*self.0;
        let now = self.now();
        let mut known = self.known();
        for host in inner.lent.hosts.foreseen(KEPT_MAX) {
            if decide_eligible(&host) && known.len() < KEPT_MAX {
                known.entry(host).or_default();
            }
        }
        let is_due = |one: &Known| !one.under_way && decide_due(&one.standing, now);
        let due = known.iter().filter(|(_, one)| is_due(one));
        let mut due: Vec<String> = due.map(|(host, _)| host.clone()).collect();
        drop(known);
        due.retain(|host| match inner.lent.hosts.owner(host) {
            Owner::Nobody => {
                self.forget(host, now);
                false
            }
            Owner::Fleet | Owner::Org(_) => true,
        });
        due
    }

    /// A host that is ours no more: it is shown no more as it is, and is gone once its certificate has ended.
    fn forget(&self, host: &str, now: Timestamp) {
        let mut known = self.known();
        let ended = known.get(host).is_some_and(|one| {
            let certificate = one.certificate.as_ref();
            certificate.is_none_or(|certificate| certificate.age(now) == Age::Ended)
        });
        if !ended {
            return;
        }
        if known
            .remove(host)
            .is_some_and(|one| one.certificate.is_some())
            && let Ok(host) = Host::parse(host)
            && let Err(error) = self.0.folder.remove_certificate(&host)
        {
            tracing::warn!(%host, %error, "a certificate that has ended could not be removed");
        }
    }

    async fn run_order(&self, host: &str) {
        let limit = Duration::from_secs(ORDER_SECS_MAX);
        let obtained = tokio::time::timeout(limit, self.obtain(host)).await;
        let obtained = obtained.unwrap_or(Err(ObtainError::Late));
        let jitter = draw(self.0.lent.entropy.as_ref());
        let now = self.now();
        let mut known = self.known();
        let one = known.entry(host.to_owned()).or_default();
        one.under_way = false;
        match obtained {
            Ok(certificate) => {
                tracing::info!(
                    host,
                    ends = certificate.ends.to_rfc3339_millis(),
                    "a certificate was obtained"
                );
                one.take(certificate, jitter);
            }
            Err(error) => {
                one.standing.failures = one.standing.failures.saturating_add(1);
                let secs = decide_pause_secs(one.standing.failures, failure_of(&error), jitter);
                one.standing.not_before = now.plus_secs(secs);
                let ends = one
                    .certificate
                    .as_ref()
                    .map(|last| last.ends.to_rfc3339_millis());
                match ends {
                    Some(ends) => {
                        tracing::warn!(host, %error, ends, again_secs = secs, "a certificate was not renewed; the one before it stays in use")
                    }
                    None => {
                        tracing::error!(host, %error, again_secs = secs, "a certificate was not obtained")
                    }
                }
            }
        }
        drop(known);
        self.0.ended.send_modify(|count| *count += 1);
    }

    async fn obtain(&self, host: &str) -> Result<Certificate, ObtainError> {
        let inner = &*self.0;
        let account = inner.accounts.get().await?;
        let failures = self
            .known()
            .get(host)
            .map_or(0, |one| one.standing.failures);
        let mut kinds = inner.kinds.clone();
        // What failed is not tried first again: the way to one of our ports may be closed.
        let turns = usize::try_from(failures).unwrap_or_default();
        let turns = turns.checked_rem(kinds.len()).unwrap_or_default();
        kinds.rotate_left(turns);
        let proof = Proof {
            kinds: &kinds,
            challenges: &inner.challenges,
            kit: &inner.lent.kit,
        };
        let obtained = match obtain(&account, host, &proof).await {
            Ok(obtained) => obtained,
            Err(error) => {
                if let OrderError::Acme(error) = &error {
                    inner.accounts.forget_if_unknown(error).await;
                }
                return Err(error.into());
            }
        };
        let certificate = check(&inner.lent.kit, host, &obtained, self.now())?;
        let host = Host::parse(host).map_err(|_| ObtainError::Other("a host has another form"))?;
        inner.folder.keep_certificate(&host, &obtained)?;
        Ok(certificate)
    }
}

impl Known {
    fn take(&mut self, certificate: Certificate, jitter: u8) {
        self.standing = Standing {
            life: Some((certificate.begins, certificate.ends)),
            failures: 0,
            not_before: Timestamp::default(),
            jitter,
        };
        self.certificate = Some(Arc::new(certificate));
    }
}

/// Obtains and renews for ever.
pub async fn run(acme: Acme) {
    let asked = acme
        .0
        .asked_end
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some(mut asked) = asked else {
        return;
    };
    let mut round = interval(ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut orders, mut budget) = (JoinSet::new(), Budget::default());
    loop {
        let free = orders.len() < ORDERS_MAX;
        tokio::select! {
            Some(host) = asked.recv(), if free => {
                if acme.may_begin(&host, &mut budget) {
                    spawn(&mut orders, &acme, host);
                }
            }
            Some(done) = orders.join_next() => {
                if let Err(error) = done {
                    tracing::error!(%error, "an order for a certificate failed");
                }
            }
            _ = round.tick() => {
                for host in acme.due() {
                    if orders.len() < ORDERS_MAX && acme.begin(&host) {
                        spawn(&mut orders, &acme, host);
                    }
                }
            }
        }
    }
}

fn spawn(orders: &mut JoinSet<()>, acme: &Acme, host: String) {
    let acme = acme.clone();
    orders.spawn(async move { acme.run_order(&host).await });
}

impl Acme {
    /// Whether an order begins because a client named the host.
    fn may_begin(&self, host: &str, budget: &mut Budget) -> bool {
        let known = self.known();
        let due = known
            .get(host)
            .is_none_or(|one| !one.under_way && decide_due(&one.standing, self.now()));
        drop(known);
        if !due {
            return false;
        }
        if !budget.take(self.now()) {
            tracing::warn!(
                host,
                max = Budget::ASKED_PER_HOUR_MAX,
                "clients name more new hosts in an hour than certificates are asked for"
            );
            return false;
        }
        self.begin(host)
    }
}

/// Nothing replaces the last good certificate that is not better.
fn check(
    kit: &ServerKit,
    host: &str,
    obtained: &Obtained,
    now: Timestamp,
) -> Result<Certificate, ObtainError> {
    let chain = obtained.chain.as_bytes();
    let certificate = Certificate::from_pem(kit, chain, obtained.key.as_bytes())?;
    if !certificate.covers(host) {
        return Err(ObtainError::Other("it does not name the host"));
    }
    if certificate.begins > now.plus_secs(SKEW_SECS_MAX) {
        return Err(ObtainError::Other(
            "it is not good yet; is the clock right?",
        ));
    }
    if certificate.age(now) == Age::Ended {
        return Err(ObtainError::Other(
            "it has ended already; is the clock right?",
        ));
    }
    Ok(certificate)
}

fn failure_of(error: &ObtainError) -> Failure {
    let acme = match error {
        ObtainError::Account(AccountError::Acme(error))
        | ObtainError::Order(OrderError::Acme(error)) => error,
        ObtainError::Account(_) | ObtainError::Disk(_) | ObtainError::Late => {
            return Failure::Unreachable;
        }
        ObtainError::Order(_) | ObtainError::Certificate(_) | ObtainError::Other(_) => {
            return Failure::Refused;
        }
    };
    match acme {
        instant_acme::Error::Api(problem) => match problem.r#type.as_deref() {
            Some("urn:ietf:params:acme:error:rateLimited") => Failure::Limited,
            _ => Failure::Refused,
        },
        _ => Failure::Unreachable,
    }
}

fn draw(entropy: &dyn Entropy) -> u8 {
    let mut byte = [0];
    entropy.fill(&mut byte);
    let [byte] = byte;
    byte
}

/// A folder for each authority: what one of them signed says nothing of another.
fn folder_name(directory: &url::Url) -> String {
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, directory.as_str().as_bytes());
    let digest = digest.as_ref().iter().take(4);
    let digest: String = digest.map(|byte| format!("{byte:02x}")).collect();
    let host = directory.host_str().unwrap_or("authority");
    let host: String = host
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        .collect();
    format!("{host}-{digest}")
}
