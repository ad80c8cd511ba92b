//! Everything before a session, and its end: identification, proof, enrolment, consent, devices, recovery, sign-out.
//!
//! All forms post `csrf`. Where a struct has `continue_to`, its forms post it as `continue`: the relative path that
//! the sign-in leads to, carried along unread. Pages work without script, but for passkeys.

mod begin;
mod consent;
mod enroll;
mod identify;
mod leave;
mod prove;
mod recover;

pub use begin::{SetupPage, WelcomePage};
pub use consent::{
    ConsentPage, DeviceCodePage, DeviceConfirmPage, DeviceDonePage, DeviceOutcome, ScopeLine,
};
pub use enroll::{
    EnrollOption, EnrollPage, EnrollPasskeyPage, EnrollTotpPage, EnrollWhy, RecoveryCodesPage,
};
pub use identify::{ConnectPage, IdentifierPage, ProviderButton, ProviderPage};
pub use leave::{FormPostPage, LogoutConfirmPage, ReturnPage, SignedOutPage};
pub use prove::{ChoosePage, CodeKind, CodePage, PasskeyPage, PasswordPage, Way, WayKind};
pub use recover::{
    MailSentKind, MailSentPage, NewPasswordPage, NewPasswordWhy, RecoverHelpPage, RecoverStartPage,
};
