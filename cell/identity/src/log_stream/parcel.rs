//! What goes out to the receiver of a stream, with what it is told in secret, and what came of it.

use crate::cell::Cell;
use crate::event_hook::envoy::{
    ANSWER_BYTES_MAX, Answered, Envoy, Letter, Method, Shipment, Trouble,
};
use crate::event_hook::sealing::{SealedSecrets, sign};
use crate::fault::Fault;
use crate::log_stream::wire::{render_batch, render_batch_id, render_frames};
use crate::log_stream::{LogStream, Receiver, place_of};
use ledger::LogRow;
use vocab::future::boxed;
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// What a webhook is told in secret.
#[derive(Default)]
pub struct Secrets {
    auth: Option<(String, Secret<String>)>,
    signing: Vec<Secret<String>>,
}

/// What goes out.
pub enum Parcel {
    /// A request.
    Letter(Letter),
    /// Messages of syslog.
    Shipment(Shipment),
}

/// What came of sending, as it is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcomes {
    /// Whether the receiver has taken it.
    pub is_taken: bool,
    /// The status that was answered.
    pub status: Option<u16>,
    /// Why nothing was answered.
    pub trouble: Option<Trouble>,
}

impl Outcomes {
    /// Taken is what is answered by a status of success; a redirection is none.
    #[must_use]
    pub fn of_answer(answer: &Result<Answered, Trouble>) -> Self {
        let status = answer.as_ref().ok().map(|answered| answered.status);
        Self {
            is_taken: status.is_some_and(|status| (200..300).contains(&status)),
            status,
            trouble: answer.as_ref().err().copied(),
        }
    }

    /// Frames are taken when they are taken.
    #[must_use]
    pub const fn of_shipment(shipped: Result<(), Trouble>) -> Self {
        Self {
            is_taken: shipped.is_ok(),
            status: None,
            trouble: match shipped {
                Ok(()) => None,
                Err(trouble) => Some(trouble),
            },
        }
    }
}

/// What goes out to tell the receiver of these rows.
#[must_use]
pub fn render_parcel(
    stream: &LogStream,
    rows: &[LogRow],
    secrets: &Secrets,
    now: Timestamp,
) -> Parcel {
    match &stream.config.receiver {
        Receiver::Syslog(syslog) => Parcel::Shipment(Shipment {
            host: syslog.host.clone(),
            port: syslog.port,
            authority: syslog.authority.clone(),
            frames: render_frames(stream, rows),
        }),
        Receiver::Webhook(webhook) => {
            let body = render_batch(stream, rows, now);
            let id = render_batch_id(stream, rows);
            let mut headers: Vec<_> = secrets.auth.iter().cloned().collect();
            headers.extend(sign(&secrets.signing, &id, now, &body));
            Parcel::Letter(Letter {
                method: Method::Post,
                uri: webhook.uri.clone(),
                headers,
                body,
                answer_bytes_max: ANSWER_BYTES_MAX,
            })
        }
    }
}

impl Parcel {
    /// Sends it, within the envoy's bounds.
    #[boxed]
    pub async fn send(&self, envoy: &dyn Envoy) -> Outcomes {
        match self {
            Self::Letter(letter) => Outcomes::of_answer(&envoy.send(letter).await),
            Self::Shipment(shipment) => Outcomes::of_shipment(envoy.ship(shipment).await),
        }
    }
}

impl Cell {
    /// What a webhook is told in secret; nothing for syslog.
    pub(crate) async fn open_stream_secrets(&self, stream: &LogStream) -> Result<Secrets, Fault> {
        let Receiver::Webhook(webhook) = &stream.config.receiver else {
            return Ok(Secrets::default());
        };
        let (org, place) = (&stream.org_id, place_of(&stream.id));
        let sealed = SealedSecrets {
            present: &webhook.secret,
            former: webhook.former.as_ref(),
        };
        Ok(Secrets {
            auth: self.open_auth(org, &place, webhook.auth.as_ref()).await?,
            signing: self.open_signing_secrets(org, &place, sealed).await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Outcomes;
    use crate::event_hook::envoy::{Answered, Trouble};

    fn answer(status: u16) -> Outcomes {
        let body = Vec::new();
        Outcomes::of_answer(&Ok(Answered::of(status, body)))
    }

    #[test]
    fn only_success_is_taken() {
        for (outcome, is_taken) in [
            (answer(200), true),
            (answer(204), true),
            (answer(301), false),
            (answer(404), false),
            (answer(500), false),
            (Outcomes::of_answer(&Err(Trouble::TimedOut)), false),
            (Outcomes::of_shipment(Ok(())), true),
            (Outcomes::of_shipment(Err(Trouble::Broken)), false),
        ] {
            assert_eq!(outcome.is_taken, is_taken, "{outcome:?}");
        }
    }
}
