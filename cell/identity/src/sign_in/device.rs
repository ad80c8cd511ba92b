//! Devices that are known: after a full sign-in the browser gets a sealed cookie that names its people, so that
//! strangers who guess at an account slow themselves and not its owner ([`crate::slowdown`]).
//!
//! It proves nothing to anybody: the slowdown counts a known device apart, and a behaviour that an org asks about tells it from a
//! strange one ([`crate::behavior`]). Without one a known device is asked for exactly the same as any other.

use crate::cell::Cell;
use crate::person::Person;
use crate::slowdown::Familiarity;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keys::KeyFault;
use serde::{Deserialize, Serialize};
use vocab::id::{OrgId, UserId};
use vocab::secret::{Secret, random_token};
use vocab::time::Timestamp;

/// For how long a device is known after a full sign-in.
pub const DEVICE_SECS: i64 = 90 * 24 * 60 * 60;
/// Most people for whom one browser is known; the one who was away longest goes first.
pub const PEOPLE_MAX: usize = 4;
/// Longest cookie that is looked at.
pub const COOKIE_BYTES_MAX: usize = 1_024;
/// Binds the sealed text to its use.
const SEAL_CONTEXT: &str = "cookie/device";

/// That a person has completed a sign-in in this browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownDevice {
    /// Who.
    pub user: UserId,
    /// The person's epoch then: what ends all sessions makes all devices strange again.
    pub epoch: i64,
    /// The name of the device for this person.
    pub id: String,
    /// Until when.
    pub until: Timestamp,
}

/// Whether the browser is known for the person.
#[must_use]
pub fn decide_familiarity<'d>(
    devices: &'d [KnownDevice],
    person: Option<&Person>,
    now: Timestamp,
) -> Familiarity<'d> {
    let known = person.and_then(|person| {
        devices
            .iter()
            .find(|device| device.user == person.id && device.epoch == person.epoch)
    });
    match known.filter(|device| now < device.until) {
        Some(device) => Familiarity::Known(&device.id),
        None => Familiarity::Strange,
    }
}

/// For whom the browser is known after a full sign-in of the person. A device that was known keeps its name, and so
/// its count: else a thief of the cookie could wash off failures by a sign-in of another account.
#[must_use]
pub fn plan_devices(
    devices: &[KnownDevice],
    person: &Person,
    fresh_id: String,
    now: Timestamp,
) -> Vec<KnownDevice> {
    let id = match decide_familiarity(devices, Some(person), now) {
        Familiarity::Known(id) => id.to_owned(),
        Familiarity::Strange => fresh_id,
    };
    let present = KnownDevice {
        user: person.id.clone(),
        epoch: person.epoch,
        id,
        until: now.plus_secs(DEVICE_SECS),
    };
    let others = devices
        .iter()
        .filter(|device| device.user != person.id && now < device.until)
        .cloned();
    std::iter::once(present)
        .chain(others)
        .take(PEOPLE_MAX)
        .collect()
}

impl Cell {
    /// For whom the browser with this cookie is known. What cannot be opened is no evidence.
    pub async fn open_devices(&self, org: &OrgId, cookie: &str) -> Vec<KnownDevice> {
        if cookie.is_empty() || cookie.len() > COOKIE_BYTES_MAX {
            return Vec::new();
        }
        let Ok(sealed) = URL_SAFE_NO_PAD.decode(cookie) else {
            return Vec::new();
        };
        match self.keyring.open(org, SEAL_CONTEXT, &sealed).await {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    /// For whom the browser is known after a full sign-in of the person.
    pub(crate) fn devices_after(
        &self,
        devices: &[KnownDevice],
        person: &Person,
    ) -> Vec<KnownDevice> {
        let fresh_id = random_token(self.entropy(), "").expose().clone();
        plan_devices(devices, person, fresh_id, self.now())
    }

    /// The cookie that says so.
    ///
    /// # Errors
    /// [`KeyFault`] if the org's key cannot be used.
    pub(crate) async fn seal_devices(
        &self,
        org: &OrgId,
        devices: &[KnownDevice],
    ) -> Result<Secret<String>, KeyFault> {
        let text = serde_json::to_vec(devices)
            .map_err(|_| KeyFault::Internal("writing the cookie of a device"))?;
        let sealed = self.keyring.seal(org, SEAL_CONTEXT, &text).await?;
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(sealed)))
    }
}
