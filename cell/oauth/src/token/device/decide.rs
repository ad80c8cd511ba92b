//! What a polling device is answered (RFC 8628 section 3.5). Pure.

use crate::denial::Denial;
use crate::device::store::{DeviceGrant, DeviceStatus};
use crate::limits::{DEVICE_INTERVAL_SECS_MAX, DEVICE_SLOW_DOWN_SECS};
use protocol::oauth::error::ErrorCode;
use vocab::id::AppId;
use vocab::time::Timestamp;

/// What becomes of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceVerdict {
    /// The person said yes: tokens, unless somebody was faster.
    Redeem,
    /// Not yet; from now on the device waits so long between questions.
    Wait {
        /// What it is told.
        denial: Denial,
        /// The interval from now on.
        interval_secs: i64,
    },
    /// It will not become anything.
    Refused(Denial),
}

/// Unknown, used or another client's.
pub const UNKNOWN: Denial =
    Denial::invalid_grant("the device code is unknown, used or another client's");

/// Decides about a question.
#[must_use]
pub fn decide_device(
    grant: &DeviceGrant,
    server: &str,
    app: &AppId,
    now: Timestamp,
) -> DeviceVerdict {
    if grant.app != *app || grant.server != server || grant.status == DeviceStatus::Redeemed {
        return DeviceVerdict::Refused(UNKNOWN);
    }
    if now >= grant.expires_at {
        return DeviceVerdict::Refused(Denial::new(
            ErrorCode::ExpiredToken,
            "the device code has expired",
        ));
    }
    match grant.status {
        DeviceStatus::Redeemed => DeviceVerdict::Refused(UNKNOWN),
        DeviceStatus::Denied => {
            DeviceVerdict::Refused(Denial::new(ErrorCode::AccessDenied, "the person refused"))
        }
        DeviceStatus::Approved => DeviceVerdict::Redeem,
        DeviceStatus::Pending if now < grant.last_poll_at.plus_secs(grant.interval_secs) => {
            DeviceVerdict::Wait {
                denial: Denial::new(ErrorCode::SlowDown, "the device asks too often"),
                interval_secs: (grant.interval_secs + DEVICE_SLOW_DOWN_SECS)
                    .min(DEVICE_INTERVAL_SECS_MAX),
            }
        }
        DeviceStatus::Pending => DeviceVerdict::Wait {
            denial: Denial::new(
                ErrorCode::AuthorizationPending,
                "the person has not answered yet",
            ),
            interval_secs: grant.interval_secs,
        },
    }
}
