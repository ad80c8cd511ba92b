//! Passkeys: enrolment and use, by WebAuthn. User verification is always required.

use crate::access::ceiling::hold_for_way_in;
use crate::access::{Permission, Permit};
use crate::behavior::store::forget_places;
use crate::cell::Cell;
use crate::credential::attestation;
use crate::credential::store::{self, StoredPasskey};
use crate::fault::{Fault, Refusal};
use crate::notice::Notice;
use crate::org::context::OrgContext;
use crate::org::settings::{Aaguid, Attestation, PasskeySettings};
use crate::sign_on::means::Means;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use database::ReadTx;
use ledger::EventType;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vocab::future::boxed;
use vocab::id::{OrgId, PasskeyId, UserId};
use vocab::text::disguises;
use vocab::time::Timestamp;
use webauthn_rs::prelude::{
    AttestedPasskeyRegistration, CreationChallengeResponse, Credential, CredentialID,
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, WebauthnResult,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// Most passkeys of one person.
pub const PASSKEYS_MAX: usize = 20;
/// Longest name of a passkey.
pub const NAME_CHARS_MAX: usize = 60;
/// Largest answer of an authenticator.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024;

/// A registration that waits for the authenticator's answer; kept by the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingRegistration(Ceremony);

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Ceremony {
    /// Any authenticator will do.
    Any(PasskeyRegistration),
    /// The authenticator must prove its model.
    Attested(AttestedPasskeyRegistration),
}

/// A sign-in that waits for the authenticator's answer; kept by the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingAssertion(DiscoverableAuthentication);

/// Why an authenticator's answer was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyRefusal {
    /// It cannot be read, or does not prove what it should.
    #[error("the passkey could not be verified")]
    NotVerified,
    /// The person has the most passkeys possible.
    #[error("at most {PASSKEYS_MAX} passkeys are possible")]
    TooMany,
    /// This authenticator is enrolled already.
    #[error("this passkey is enrolled already")]
    Enrolled,
    /// The org takes certain models alone, and this is none of them or could not prove it.
    #[error("the organisation does not take this model of authenticator")]
    Model,
    /// The org is visited at an address instead of a name.
    #[error("passkeys need a host name; this is an address")]
    NoDomain,
    /// The caller may not do this, or there is no such person.
    #[error(transparent)]
    Refused(Refusal),
    /// Not the person's fault.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<database::DatabaseFault> for PasskeyRefusal {
    fn from(fault: database::DatabaseFault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<Refusal> for PasskeyRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(fault) => Self::Fault(fault),
            other => Self::Refused(other),
        }
    }
}

/// What a verified passkey proves.
#[derive(Debug, Clone)]
pub struct VerifiedPasskey {
    /// Whose it is.
    pub user_id: UserId,
    /// Which one.
    pub passkey: StoredPasskey,
}

/// Whether passkeys can be used at a host: the relying party's id is a domain, and an address is none (Web Authentication
/// Level 3, section 5.1.3, step 7).
#[must_use]
pub fn is_passkey_host(host: &str) -> bool {
    matches!(url::Host::parse(host), Ok(url::Host::Domain(_)))
}

fn relying_party(context: &OrgContext) -> Result<Webauthn, PasskeyRefusal> {
    if !is_passkey_host(&context.rp_id) {
        return Err(PasskeyRefusal::NoDomain);
    }
    let origin = url::Url::parse(&context.base_url)
        .map_err(|error| Fault::stored("address of an org", &error))?;
    WebauthnBuilder::new(&context.rp_id, &origin)
        .map(|builder| builder.rp_name(&context.name))
        .and_then(WebauthnBuilder::build)
        .map_err(|error| Fault::stored("relying party", &error).into())
}

/// The user handle: derived, so that it tells nothing of the person and is the same on every authenticator.
fn user_handle(org_id: &OrgId, user_id: &UserId) -> Uuid {
    let text = format!("testudo user handle/{org_id}/{user_id}");
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
        *to = *from;
    }
    Uuid::from_bytes(bytes)
}

/// The name of a passkey: trimmed, bounded, on one line.
///
/// # Errors
/// [`Refusal::Invalid`] for an unusable name.
pub fn decide_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS_MAX || name.chars().any(disguises) {
        return Err(Refusal::invalid(
            "name",
            "use 1 to 60 characters on one line",
        ));
    }
    Ok(name.to_owned())
}

impl Cell {
    /// Begins an enrolment: options for the browser as JSON, and what the server must remember.
    ///
    /// # Errors
    /// [`PasskeyRefusal::TooMany`] at the bound.
    pub async fn start_passkey_registration(
        &self,
        context: &OrgContext,
        permit: &Permit,
        user_id: &UserId,
    ) -> Result<(String, PendingRegistration), PasskeyRefusal> {
        let subject = self.factor_subject(permit, user_id).await?;
        subject.takes(Means::Passkey)?;
        let person = &subject.person;
        let mut tx = self.database.read().await?;
        let enrolled = store::load_passkeys(&mut tx, &context.org, &person.id).await?;
        drop(tx);
        if enrolled.len() >= PASSKEYS_MAX {
            return Err(PasskeyRefusal::TooMany);
        }
        let exclude = enrolled
            .iter()
            .filter_map(|passkey| URL_SAFE_NO_PAD.decode(&passkey.credential_id).ok())
            .collect();
        let (mut options, pending) = begin_ceremony(
            &relying_party(context)?,
            (
                user_handle(&context.org, &person.id),
                &person.login,
                &person.display_name(),
            ),
            exclude,
            &subject.org().settings.passkey,
        )?;
        // Discoverable, so that sign-in needs no user name and autofill can offer it.
        if let Some(selection) = options.public_key.authenticator_selection.as_mut() {
            selection.require_resident_key = true;
            selection.resident_key = Some(webauthn_rs_proto::ResidentKeyRequirement::Required);
        }
        let options = serde_json::to_string(&options)
            .map_err(|error| Fault::stored("passkey options", &error))?;
        Ok((options, pending))
    }

    /// Ends an enrolment with the authenticator's answer.
    ///
    /// # Errors
    /// [`PasskeyRefusal`]; nothing was changed.
    pub async fn finish_passkey_registration(
        &self,
        enrolment: Enrolment<'_>,
        pending: &PendingRegistration,
        answer: &str,
    ) -> Result<PasskeyId, PasskeyRefusal> {
        let answer: RegisterPublicKeyCredential = parse_answer(answer)?;
        let (verified, model) = end_ceremony(&relying_party(enrolment.context)?, &answer, pending)?;
        let subject = self
            .factor_subject(enrolment.permit, enrolment.user_id)
            .await?;
        subject.takes(Means::Passkey)?;
        // By the list as it is now, which may have been changed since the question.
        if !attestation::may_enroll(&subject.org().settings.passkey, model) {
            return Err(PasskeyRefusal::Model);
        }
        let now = self.now();
        let passkey = describe(
            &enrolment,
            (verified, model),
            PasskeyId::generate(self.entropy()),
            now,
        )?;
        let notice = Notice::PasskeyAdded {
            name: &passkey.name,
        };
        let mail = self
            .seal_mail(&subject.org().name, &subject.person, &notice)
            .await?;
        let event = subject
            .event(enrolment.permit, EventType::UserMfaFactorActivate, now)
            .detail("factor", "FIDO_WEBAUTHN")
            .detail("deviceBound", passkey.device_bound)
            .detail(
                "attestedModel",
                passkey
                    .attested_aaguid
                    .map(String::from)
                    .unwrap_or_default(),
            );
        let ((org_id, user_id), id) = (subject.ids(), passkey.id.clone());
        let permit = enrolment.permit.clone();
        let written = self.database.write(move |tx| {
            Box::pin(async move {
                hold_for_way_in(tx, &permit, &user_id).await?;
                if is_full(store::count_passkeys(tx, &org_id, &user_id).await?) {
                    return Err(PasskeyRefusal::TooMany);
                }
                match store::insert_passkey(tx, &org_id, &passkey).await {
                    Err(fault) if fault.is_unique_violation() => {
                        return Err(PasskeyRefusal::Enrolled);
                    }
                    inserted => inserted?,
                }
                mail.enqueue(tx, &org_id, now).await?;
                Ok(ledger::append(tx, &org_id, event).await?)
            })
        });
        written.await.map(|()| id)
    }

    /// Begins a sign-in by any passkey of this org: options for the browser as JSON, and what the server must remember.
    ///
    /// # Errors
    /// [`PasskeyRefusal::NoDomain`] at an address; faults if the options cannot be made.
    pub fn start_passkey_assertion(
        &self,
        context: &OrgContext,
    ) -> Result<(String, PendingAssertion), PasskeyRefusal> {
        let (options, pending) = relying_party(context)?
            .start_discoverable_authentication()
            .map_err(|error| Fault::stored("passkey options", &error))?;
        let options = serde_json::to_string(&options)
            .map_err(|error| Fault::stored("passkey options", &error))?;
        Ok((options, PendingAssertion(pending)))
    }

    /// Verifies the authenticator's answer and notes the use.
    ///
    /// # Errors
    /// [`PasskeyRefusal::NotVerified`], whatever the reason; [`PasskeyRefusal::Model`] for a passkey that is in order but
    /// of a model that the org no longer takes.
    pub async fn verify_passkey(
        &self,
        context: &OrgContext,
        pending: &PendingAssertion,
        answer: &str,
    ) -> Result<VerifiedPasskey, PasskeyRefusal> {
        let answer: PublicKeyCredential = parse_answer(answer)?;
        let relying_party = relying_party(context)?;
        let (handle, credential_id) = relying_party
            .identify_discoverable_authentication(&answer)
            .map_err(|_| PasskeyRefusal::NotVerified)?;
        let credential_id = URL_SAFE_NO_PAD.encode(credential_id);
        let mut tx = self.database.read().await?;
        let found = store::find_passkey(&mut tx, &context.org, &credential_id).await?;
        drop(tx);
        let mut stored = found.ok_or(PasskeyRefusal::NotVerified)?;
        if handle != user_handle(&context.org, &stored.user_id) {
            return Err(PasskeyRefusal::NotVerified);
        }
        let mut passkey: Passkey = serde_json::from_str(&stored.document)
            .map_err(|error| Fault::stored("passkey", &error))?;
        let result = relying_party
            .finish_discoverable_authentication_v2(&answer, pending.0.clone(), &passkey)
            .map_err(|_| PasskeyRefusal::NotVerified)?;
        let snapshot = self.snapshot(&context.org).await?;
        let is_taken = snapshot.is_some_and(|snapshot| {
            let settings = &snapshot.org.settings;
            settings.untaken_means.takes(Means::Passkey)
                && attestation::may_sign_in(&settings.passkey, stored.attested_aaguid)
        });
        if !is_taken {
            return Err(PasskeyRefusal::Model);
        }
        passkey.update_credential(&result);
        stored.document =
            serde_json::to_string(&passkey).map_err(|error| Fault::stored("passkey", &error))?;
        let (org_id, used, now) = (context.org.clone(), stored.clone(), self.now());
        let noted = self
            .database
            .write(move |tx| {
                Box::pin(async move { store::update_passkey_use(tx, &org_id, &used, now).await })
            })
            .await?;
        if !noted {
            return Err(PasskeyRefusal::NotVerified);
        }
        Ok(VerifiedPasskey {
            user_id: stored.user_id.clone(),
            passkey: stored,
        })
    }

    /// Gives a passkey of a person another name, with log row and notice.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the person has none of that id; [`Refusal::Invalid`] for an unusable name.
    #[boxed]
    pub async fn rename_passkey(
        &self,
        permit: &Permit,
        user_id: &UserId,
        id: &PasskeyId,
        name: &str,
    ) -> Result<(), Refusal> {
        let subject = self.factor_subject(permit, user_id).await?;
        let passkey = self.load_passkey(permit, user_id, id).await?;
        let name = decide_name(name)?;
        if name == passkey.name {
            return Ok(());
        }
        let notice = Notice::PasskeyRenamed {
            from: &passkey.name,
            to: &name,
        };
        let mail = self
            .seal_mail(&subject.org().name, &subject.person, &notice)
            .await?;
        let now = self.now();
        let event = subject
            .event(permit, EventType::UserMfaFactorUpdate, now)
            .detail("factor", "FIDO_WEBAUTHN")
            .detail("nameBefore", &passkey.name)
            .detail("name", &name);
        let ((org_id, user_id), permit) = (subject.ids(), permit.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    hold_for_way_in(tx, &permit, &user_id).await?;
                    if !store::rename_passkey(tx, &org_id, &user_id, &passkey.id, &name).await? {
                        return Err(Refusal::NotFound);
                    }
                    mail.enqueue(tx, &org_id, now).await?;
                    Ok(ledger::append(tx, &org_id, event).await?)
                })
            })
            .await
    }

    /// Removes a passkey of a person, with log row and notice. A person does not remove the own last way to sign in;
    /// an administrator may, since a passkey can be lost or stolen.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the person has none of that id; [`Refusal::WrongState`] for the last way to sign in.
    #[boxed]
    pub async fn remove_passkey(
        &self,
        permit: &Permit,
        user_id: &UserId,
        id: &PasskeyId,
    ) -> Result<(), Refusal> {
        let subject = self.loss_subject(permit, user_id).await?;
        let passkey = self.load_passkey(permit, user_id, id).await?;
        let notice = Notice::PasskeyRemoved {
            name: &passkey.name,
        };
        let mail = self
            .seal_mail(&subject.org().name, &subject.person, &notice)
            .await?;
        let now = self.now();
        let event = subject
            .event(permit, EventType::UserMfaFactorDeactivate, now)
            .detail("factor", "FIDO_WEBAUTHN");
        let own = permit.covers(Permission::OwnFactors).is_ok();
        let settings = subject.org().settings.passkey.clone();
        let ((org_id, user_id), permit) = (subject.ids(), permit.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    // Two removals of two last passkeys at once: the second waits here, and then sees what is left.
                    hold_for_way_in(tx, &permit, &user_id).await?;
                    if !store::delete_passkey(tx, &org_id, &user_id, &passkey.id).await? {
                        return Err(Refusal::NotFound);
                    }
                    if own && !has_way_in(tx, &org_id, &user_id, &settings).await? {
                        return Err(LAST_WAY);
                    }
                    // What was proved by it makes nothing usual any more.
                    forget_places(tx, &org_id, &user_id).await?;
                    mail.enqueue(tx, &org_id, now).await?;
                    Ok(ledger::append(tx, &org_id, event).await?)
                })
            })
            .await
    }

    async fn load_passkey(
        &self,
        permit: &Permit,
        user_id: &UserId,
        id: &PasskeyId,
    ) -> Result<StoredPasskey, Refusal> {
        let mut tx = self.database.read().await?;
        let enrolled = store::load_passkeys(&mut tx, permit.org(), user_id).await?;
        enrolled
            .into_iter()
            .find(|passkey| passkey.id == *id)
            .ok_or(Refusal::NotFound)
    }
}

const LAST_WAY: Refusal = Refusal::WrongState("it is the last way to sign in");

/// Whether a person has anything that can be the first thing asked for. Codes by mail do not count: an org may refuse
/// them, and they are no stronger than the mailbox; nor do passkeys of models that the org takes no more.
pub(crate) async fn has_way_in(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
    settings: &PasskeySettings,
) -> Result<bool, Fault> {
    let passkeys = store::load_passkeys(tx, org_id, user_id).await?;
    let is_taken =
        |passkey: &StoredPasskey| attestation::may_sign_in(settings, passkey.attested_aaguid);
    Ok(passkeys.iter().any(is_taken) || store::load_password(tx, org_id, user_id).await?.is_some())
}

fn is_full(enrolled: i64) -> bool {
    usize::try_from(enrolled).is_ok_and(|enrolled| enrolled >= PASSKEYS_MAX)
}

/// Who enrols what, where.
#[derive(Debug, Clone, Copy)]
pub struct Enrolment<'a> {
    /// The org as it was addressed.
    pub context: &'a OrgContext,
    /// By what right.
    pub permit: &'a Permit,
    /// Whose authenticator it will be.
    pub user_id: &'a UserId,
    /// The name that the person gave it.
    pub name: &'a str,
}

fn parse_answer<T: serde::de::DeserializeOwned>(answer: &str) -> Result<T, PasskeyRefusal> {
    if answer.len() > ANSWER_BYTES_MAX {
        return Err(PasskeyRefusal::NotVerified);
    }
    serde_json::from_str(answer).map_err(|_| PasskeyRefusal::NotVerified)
}

/// Options for the browser, and what the server must remember.
fn begin_ceremony(
    relying_party: &Webauthn,
    (handle, login, name): (Uuid, &str, &str),
    exclude: Vec<CredentialID>,
    settings: &PasskeySettings,
) -> Result<(CreationChallengeResponse, PendingRegistration), Fault> {
    let begun: WebauthnResult<_> = match settings.attestation {
        Attestation::None => relying_party
            .start_passkey_registration(handle, login, name, Some(exclude))
            .map(|(options, pending)| (options, Ceremony::Any(pending))),
        Attestation::Direct => relying_party
            .start_attested_passkey_registration(
                handle,
                login,
                name,
                Some(exclude),
                attestation::load_roots(settings)?,
                None,
            )
            .map(|(options, pending)| (options, Ceremony::Attested(pending))),
    };
    begun
        .map(|(options, pending)| (options, PendingRegistration(pending)))
        .map_err(|error| Fault::stored("passkey options", &error))
}

/// The passkey, and its model where that was proved.
fn end_ceremony(
    relying_party: &Webauthn,
    answer: &RegisterPublicKeyCredential,
    pending: &PendingRegistration,
) -> Result<(Passkey, Option<Aaguid>), PasskeyRefusal> {
    match &pending.0 {
        Ceremony::Any(pending) => relying_party
            .finish_passkey_registration(answer, pending)
            .map(|passkey| (passkey, None))
            .map_err(|_| PasskeyRefusal::NotVerified),
        Ceremony::Attested(pending) => relying_party
            .finish_attested_passkey_registration(answer, pending)
            .map(|passkey| {
                let model = attestation::read_model(&passkey);
                (Passkey::from(passkey), model)
            })
            .map_err(|error| {
                if attestation::is_about_model(&error) {
                    PasskeyRefusal::Model
                } else {
                    PasskeyRefusal::NotVerified
                }
            }),
    }
}

fn describe(
    enrolment: &Enrolment<'_>,
    (verified, attested_aaguid): (Passkey, Option<Aaguid>),
    id: PasskeyId,
    now: Timestamp,
) -> Result<StoredPasskey, PasskeyRefusal> {
    let document =
        serde_json::to_string(&verified).map_err(|error| Fault::stored("passkey", &error))?;
    let credential = Credential::from(verified);
    Ok(StoredPasskey {
        id,
        user_id: enrolment.user_id.clone(),
        credential_id: URL_SAFE_NO_PAD.encode(&credential.cred_id),
        rp_id: enrolment.context.rp_id.clone(),
        name: decide_name(enrolment.name).unwrap_or_else(|_| String::from("Passkey")),
        document,
        // WebAuthn level 3, section 6.1.3: a credential that is not backup eligible never leaves its device.
        device_bound: !credential.backup_eligible,
        attested_aaguid,
        created_at: now,
        last_used_at: None,
    })
}

#[cfg(test)]
mod tests {
    use super::{decide_name, parse_answer, user_handle};
    use proptest::prelude::{any, proptest};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{OrgId, UserId};
    use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

    #[test]
    fn a_handle_is_one_persons_in_one_org() {
        let entropy = SeededEntropy::new(21);
        let (org, other) = (OrgId::generate(&entropy), OrgId::generate(&entropy));
        let user = UserId::generate(&entropy);
        assert_eq!(user_handle(&org, &user), user_handle(&org, &user));
        assert_ne!(user_handle(&org, &user), user_handle(&other, &user));
    }

    #[test]
    fn names_are_one_short_line() {
        assert_eq!(decide_name("  Laptop ").unwrap(), "Laptop");
        for bad in [String::new(), " ".into(), "a\nb".into(), "x".repeat(61)] {
            assert!(decide_name(&bad).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_answer_breaks_the_reader(text in any::<String>()) {
            let _ = parse_answer::<PublicKeyCredential>(&text);
            let _ = parse_answer::<RegisterPublicKeyCredential>(&text);
        }
    }
}
