//! What a permit is good for: operations hold it against what they need.

use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::own::OwnStanding;
use crate::access::{Opens, Permission, Permit, Principal, Rights};
use crate::fault::Refusal;
use crate::person::Person;
use vocab::id::UserId;

impl Permit {
    /// Holds the permit against what an operation needs. One that comes of custom roles opens nothing by itself.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] if it was given for something else.
    pub fn covers(&self, permission: Permission) -> Result<(), Refusal> {
        match self.opens {
            Opens::Whole(own) if own.includes(permission) => Ok(()),
            Opens::Whole(_) | Opens::Within(_) => Err(Refusal::Forbidden),
        }
    }

    /// The same for an operation that holds the permit against the thing as well, in the transaction that acts: see
    /// [`within`](crate::access::custom::within). It is good if it was given for the permission, or for what contains the capability.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] if it was given for something else.
    pub fn covers_within(
        &self,
        permission: Permission,
        capability: Capability,
    ) -> Result<(), Refusal> {
        match self.opens {
            Opens::Within(held) if held.contains(capability) => Ok(()),
            Opens::Whole(_) | Opens::Within(_) => self.covers(permission),
        }
    }

    /// Holds the permit against a look at one thing: whoever may do something to it may find it.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] if it was given for something else.
    pub(crate) fn covers_finding(&self, kind: ThingKind) -> Result<(), Refusal> {
        match self.opens {
            Opens::Within(_) => self.held_over(kind).map(|_| ()),
            Opens::Whole(_) => self.covers(Permission::ReadDirectory),
        }
    }

    /// By whom and by what a permit that comes of custom roles is held over things of a kind; none for any other, which
    /// holds over everything.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] if it is not held over such things.
    pub(crate) fn held_over(
        &self,
        kind: ThingKind,
    ) -> Result<Option<(Principal, Capability)>, Refusal> {
        match (self.opens, self.custom_caller()) {
            (Opens::Within(held), Some(caller)) => {
                let over = held.over(kind).ok_or(Refusal::Forbidden)?;
                Ok(Some((caller.clone(), over)))
            }
            (Opens::Within(_), None) => Err(Refusal::Forbidden),
            (Opens::Whole(_), _) => Ok(None),
        }
    }

    /// Holds the permit against a change to the account of a person: an administrator's is good for everybody of the
    /// org whom [`ceiling`](crate::access::ceiling) lets them touch, a person's own for that person alone.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for the account of somebody else, of whom nothing is told; [`Refusal::Forbidden`] if it
    /// was given for something else.
    pub fn covers_account_of(&self, user_id: &UserId) -> Result<(), Refusal> {
        match self.opens {
            Opens::Whole(Permission::ManagePeople) => Ok(()),
            Opens::Whole(Permission::OwnAccount | Permission::OwnFactors) => self.is_own(user_id),
            _ => Err(Refusal::Forbidden),
        }
    }

    /// The same for the sessions of the person, which whoever helps people may end.
    ///
    /// # Errors
    /// As for [`Permit::covers_account_of`].
    pub fn covers_sessions_of(&self, user_id: &UserId) -> Result<(), Refusal> {
        self.covers_within(Permission::HelpPeople, Capability::UsersClearSessions)
            .or_else(|_| self.covers_account_of(user_id))
    }

    /// The same for the means by which the person proves who they are.
    ///
    /// # Errors
    /// As for [`Permit::covers_account_of`].
    pub fn covers_factors_of(&self, user_id: &UserId) -> Result<(), Refusal> {
        match self.opens {
            Opens::Whole(Permission::ManagePeople) => Ok(()),
            Opens::Whole(Permission::OwnFactors) => self.is_own(user_id),
            _ => Err(Refusal::Forbidden),
        }
    }

    /// The same for taking such a means away, which whoever helps people may do.
    ///
    /// # Errors
    /// As for [`Permit::covers_account_of`].
    pub fn covers_loss_of_factors_of(&self, user_id: &UserId) -> Result<(), Refusal> {
        self.covers_within(Permission::HelpPeople, Capability::UsersResetFactors)
            .or_else(|_| self.covers_factors_of(user_id))
    }

    /// By what two calls are known to be the same one's, for what is shown to whoever began it and to nobody else: the
    /// session, the sign-in, the token, the app, or that it is the operator. None where nothing tells calls apart, which are nobody's then.
    #[must_use]
    pub(crate) fn beginner(&self) -> Option<String> {
        if let Some(session) = &self.own_session {
            return Some(format!("session {session}"));
        }
        if let Some(flow) = &self.own_flow {
            return Some(format!("sign-in {flow}"));
        }
        if let Some(token) = &self.own_token {
            return Some(format!("token {token}"));
        }
        match &self.rights {
            Rights::Operators => Some(String::from("operator")),
            Rights::RolesOfApp(app) | Rights::CustomOf(Principal::App(app)) => {
                Some(format!("app {app}"))
            }
            Rights::Own | Rights::RolesOf(_) | Rights::CustomOf(Principal::Person(_)) => None,
        }
    }

    /// Holds a permit over the own account against its person as they are in the transaction that acts: who was shut out or is
    /// kept out since it was given does nothing by it any more. Any other permit stands by what is read of its holder there.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if the person stands otherwise.
    pub(crate) fn still_stands(&self, person: &Person) -> Result<(), Refusal> {
        let is_own = self.own_user.as_ref() == Some(&person.id);
        match self.own_standing {
            Some(then) if is_own && then != OwnStanding::of(person) => Err(Refusal::Changed),
            _ => Ok(()),
        }
    }

    fn is_own(&self, user_id: &UserId) -> Result<(), Refusal> {
        if self.own_user.as_ref() == Some(user_id) {
            Ok(())
        } else {
            Err(Refusal::NotFound)
        }
    }
}
