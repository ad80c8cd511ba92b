//! Every bound and lifetime of this crate.

/// How long a code may be redeemed (RFC 6749 section 4.1.2 allows ten minutes; clients need seconds).
pub const CODE_SECS: i64 = 60;
/// How long an ID token lives.
pub const ID_TOKEN_SECS: i64 = 60 * 60;
/// How long a pair of device codes lives.
pub const DEVICE_SECS: i64 = 10 * 60;
/// How long a device waits between questions at first (RFC 8628 section 3.5).
pub const DEVICE_INTERVAL_SECS: i64 = 5;
/// What a device that asks too often must wait in addition (RFC 8628 section 3.5).
pub const DEVICE_SLOW_DOWN_SECS: i64 = 5;
/// The longest interval that a device can be slowed down to.
pub const DEVICE_INTERVAL_SECS_MAX: i64 = 60;
/// How often a new user code is drawn if one is in use already.
pub const USER_CODE_DRAWS_MAX: usize = 4;
/// How long a client assertion may live (OpenID Connect clients in the field use up to 50 minutes).
pub const ASSERTION_SECS_MAX: i64 = 60 * 60;
/// How far clocks of clients may be off.
pub const CLOCK_LEEWAY_SECS: i64 = 60;
/// How long a logout token lives (OpenID Connect Back-Channel Logout section 4 recommends two minutes at most).
pub const LOGOUT_TOKEN_SECS: i64 = 120;
/// How long ago a sign-in may have been asked for on behalf of an authorization request.
pub const SIGN_IN_ASKED_SECS_MAX: i64 = 60 * 60;
/// How long an administrator may take to finish the trial of a sign-in.
pub const TRIAL_SECS: i64 = 10 * 60;
/// How long a browser may be away at an identity provider.
pub const AWAY_SECS: i64 = 10 * 60;
/// How often the browser of one sign-in may be on its way to identity providers without having come back.
pub const DEPARTURES_MAX: i64 = 10;
/// How long the keys of an identity provider are used before they are read again.
pub const PROVIDER_KEYS_SECS: i64 = 5 * 60;
/// How soon after they were read they are read again for a key that is not among them.
pub const PROVIDER_KEYS_AGAIN_SECS: i64 = 30;
/// How long after its end a spent row is kept.
pub const KEEP_SECS: i64 = 24 * 60 * 60;
/// How long the apps of a session are remembered at most.
pub const SESSION_APPS_SECS: i64 = 90 * 24 * 60 * 60;
/// Rows that one sweep deletes of each table.
pub const SWEEP_ROWS_MAX: i64 = 1_000;
/// Groups of a person that are looked at for a claim.
pub const CLAIM_GROUPS_MAX: usize = 100;
/// How many groups are read at once while looking for them.
pub const GROUPS_PAGE: i64 = 500;
/// How many pages of groups are read for one claim.
pub const GROUP_PAGES_MAX: usize = 20;
/// Groups whose membership is looked up for the access rules of a server.
pub const RULE_GROUPS_MAX: usize = 1_000;
/// Apps of one session that are told of its end.
pub const SESSION_APPS_MAX: i64 = 200;
/// How long clients may keep metadata, in seconds.
pub const METADATA_CACHE_SECS: i64 = 60 * 60;
/// How long a browser may keep the answer to a preflight request, in seconds.
pub const PREFLIGHT_CACHE_SECS: i64 = 10 * 60;
/// The longest `Origin` header that is looked at.
pub const ORIGIN_BYTES_MAX: usize = 300;
/// Ended sessions whose apps are told in one transaction.
pub const ENDED_SESSIONS_MAX: i64 = 50;
