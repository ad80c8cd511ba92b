//! The pages of my account.

use axum::routing::{MethodRouter, get, post};
use console::account::{activity, consents, passkeys, password, profile, security, sessions, totp};
use identity::cell::Cell;

/// Path and what answers there.
pub(super) fn routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    vec![
        ("/account", get(profile::show).post(profile::save)),
        ("/account/activity", get(activity::show)),
        ("/account/consents", get(consents::show)),
        ("/account/consents/{id}/revoke", post(consents::revoke)),
        ("/account/security", get(security::show)),
        (
            "/account/security/passkeys/new",
            get(passkeys::show).post(passkeys::add),
        ),
        ("/account/security/passkeys/options", get(passkeys::options)),
        (
            "/account/security/passkeys/{id}/remove",
            post(security::remove_passkey),
        ),
        (
            "/account/security/passkeys/{id}/rename",
            post(security::rename_passkey),
        ),
        (
            "/account/security/password",
            get(password::show).post(password::save),
        ),
        (
            "/account/security/providers/{id}/remove",
            post(security::unlink_provider),
        ),
        (
            "/account/security/recovery-codes",
            post(security::make_codes),
        ),
        (
            "/account/security/totp",
            get(totp::show).post(totp::confirm),
        ),
        ("/account/security/totp/remove", post(security::remove_totp)),
        ("/account/sessions", get(sessions::show)),
        ("/account/sessions/end-others", post(sessions::end_others)),
        ("/account/sessions/{id}/end", post(sessions::end)),
    ]
}
