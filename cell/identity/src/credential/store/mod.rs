//! The tables of credentials, one file for each kind of what is stored.

mod one_time;
mod passkey;
mod password;
mod recovery_code;
mod totp;

pub use self::one_time::{
    OneTimeCode, SELF_ASKED, count_attempt, delete_mailed, find_link, insert_one_time,
    is_self_asked, use_link,
};
pub use self::passkey::{
    StoredPasskey, count_passkeys, delete_passkey, delete_passkeys, find_passkey, insert_passkey,
    load_passkeys, rename_passkey, update_passkey_use,
};
pub use self::password::{
    StoredPassword, await_import, awaits_import, delete_password, insert_history, load_history,
    load_password, put_password, replace_hash, take_import,
};
pub use self::recovery_code::{
    count_recovery_codes, load_recovery_codes_made, replace_recovery_codes, use_recovery_code,
};
pub use self::totp::{
    StoredTotp, confirm_totp, delete_pending_totp, delete_totp, insert_pending_totp, load_totp,
    use_totp_step,
};
