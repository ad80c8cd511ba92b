//! My account: what a person sees and changes about themselves. All forms post `csrf`.

mod factors;
mod pages;
mod security;

pub use factors::{AccountCodesPage, AccountTotpPage, PasskeyAddPage, PasswordChangePage};
pub use pages::{ActivityPage, ConsentRow, ConsentsPage, ProfilePage, SessionsPage};
pub use security::{CodesState, PasswordState, SecurityPage, TotpState};
