//! Making organisations and changing their settings.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::credential::attestation::{decide_passkey_settings, keeps_a_passkey};
use crate::fault::Refusal;
use crate::group_rule::follow::follow_schema;
use crate::org::profile_schema::decide_schema;
use crate::org::settings::{OrgSettings, PasskeySettings};
use crate::org::{NAME_CHARS_MAX, Org, store};
use crate::password::policy::PasswordPolicyError;
use crate::person::unique;
use crate::server::{AuthorizationServer, DEFAULT_SERVER_NAME, ServerConfig};
use crate::sign_on::lock_out::DoorWatch;
use crate::sign_on::presets;
use crate::user_type::schemas::decide_together;
use crate::user_type::store::load_schemas;
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::{OrgId, PolicyId, ServerId};
use vocab::slug::Slug;
use vocab::text::disguises;

/// The shortest and longest lifetime that a session may be given.
const SESSION_SECS: std::ops::RangeInclusive<i64> = 60..=30 * 24 * 60 * 60;

/// Longest language tag.
const LANGUAGE_CHARS_MAX: usize = 16;

/// Holds a name against its bounds.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS_MAX || name.chars().any(disguises) {
        return Err(Refusal::invalid(
            "name",
            "use 1 to 100 characters on one line",
        ));
    }
    Ok(())
}

/// Holds settings against their bounds.
///
/// # Errors
/// [`Refusal::Invalid`] naming the setting.
pub fn decide_settings(settings: &OrgSettings) -> Result<(), Refusal> {
    let colour = settings.branding.colour.as_bytes();
    let coloured = colour.len() == 7
        && colour.first() == Some(&b'#')
        && colour.iter().skip(1).all(u8::is_ascii_hexdigit);
    if !coloured {
        return Err(Refusal::invalid(
            "colour",
            "use #rrggbb, for example #2f6f4f",
        ));
    }
    let tag = &settings.language;
    if tag.len() > LANGUAGE_CHARS_MAX || !tag.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
    {
        return Err(Refusal::invalid(
            "language",
            "use a language tag such as de, or leave it empty",
        ));
    }
    settings
        .password
        .validate()
        .map_err(|error| Refusal::invalid(password_field(error), error.to_string()))?;
    let session = &settings.session;
    for (field, secs) in [
        ("idle_secs", session.idle_secs),
        ("lifetime_secs", session.lifetime_secs),
    ] {
        if !SESSION_SECS.contains(&secs) {
            return Err(Refusal::invalid(field, "use between 1 minute and 30 days"));
        }
    }
    if session.idle_secs > session.lifetime_secs {
        return Err(Refusal::invalid(
            "idle_secs",
            "the idle time must not be longer than the lifetime",
        ));
    }
    decide_passkey_settings(&settings.passkey)?;
    decide_schema(&settings.profile_schema)
}

const fn password_field(error: PasswordPolicyError) -> &'static str {
    match error {
        PasswordPolicyError::LengthMin => "length_min",
        PasswordPolicyError::HistoryCount => "history_count",
        PasswordPolicyError::AgeMaxDays => "age_max_days",
    }
}

impl Cell {
    /// Makes an org with its key, its preset authorization server and its preset policies.
    ///
    /// # Errors
    /// [`Refusal::Taken`] if the short name is in use.
    #[boxed]
    pub async fn create_org(&self, slug: &Slug, name: &str) -> Result<OrgId, Refusal> {
        let org_id = OrgId::generate(self.entropy());
        self.create_org_as(org_id.clone(), slug, name).await?;
        Ok(org_id)
    }

    /// Makes an org under an id that was drawn elsewhere.
    ///
    /// # Errors
    /// [`Refusal::Taken`] if the short name is in use.
    #[boxed]
    pub async fn create_org_as(
        &self,
        org_id: OrgId,
        slug: &Slug,
        name: &str,
    ) -> Result<(), Refusal> {
        let name = name.trim().to_owned();
        check_name(&name)?;
        let server = AuthorizationServer::new(
            org_id.clone(),
            ServerId::generate(self.entropy()),
            String::from(DEFAULT_SERVER_NAME),
            ServerConfig::default(),
            self.now(),
        );
        let policies = [
            presets::org_policy(PolicyId::generate(self.entropy()), self.entropy()),
            presets::console_policy(PolicyId::generate(self.entropy()), self.entropy()),
        ];
        let org_key = self.keyring.prepare_org_key(&org_id).await?;
        let (slug, id, now) = (slug.clone(), org_id.clone(), self.now());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    store::insert(tx, &id, &slug, &name, now).await?;
                    org_key.insert(tx).await?;
                    crate::server::store::insert(tx, &server, now).await?;
                    for (scope, policy) in policies {
                        crate::sign_on::store::insert_policy(tx, &id, scope, &policy, now).await?;
                    }
                    let made =
                        Event::new(EventType::SystemOrgLifecycleCreate, Outcome::Success, now)
                            .target(Target::other("Org", id.as_str(), &name));
                    let server_made =
                        Event::new(EventType::Oauth2AsCreated, Outcome::Success, now).target(
                            Target::other("AuthorizationServer", server.id.as_str(), &server.name),
                        );
                    ledger::append(tx, &id, made).await?;
                    Ok::<_, Refusal>(ledger::append(tx, &id, server_made).await?)
                })
            })
            .await
    }

    /// An administrator does not set what refuses all of the own passkeys, nor by a token of theirs.
    async fn refuse_lock_out(
        &self,
        permit: &Permit,
        settings: &PasskeySettings,
    ) -> Result<(), Refusal> {
        let Some(own) = permit.own_user().or(permit.acting_person()) else {
            return Ok(());
        };
        let mut tx = self.database.read().await?;
        let passkeys = crate::credential::store::load_passkeys(&mut tx, permit.org(), own).await?;
        if keeps_a_passkey(settings, &passkeys) {
            Ok(())
        } else {
            Err(Refusal::invalid(
                "existing",
                "it would refuse all of your own passkeys; enrol one of an allowed model first",
            ))
        }
    }

    /// Changes an org's name and settings.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] for a stale revision.
    #[boxed]
    pub async fn update_org(
        &self,
        permit: &Permit,
        org: Org,
        name: &str,
        settings: OrgSettings,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        if org.id != *permit.org() {
            return Err(Refusal::NotFound);
        }
        let name = name.trim().to_owned();
        check_name(&name)?;
        decide_settings(&settings)?;
        if settings.passkey != org.settings.passkey {
            self.refuse_lock_out(permit, &settings.passkey).await?;
        }
        let (now, id, by) = (self.now(), org.id.clone(), permit.clone());
        let cell = self.clone();
        let event = Event::new(EventType::SystemOrgSettingsUpdate, Outcome::Success, now)
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::other("Org", org.id.as_str(), &name));
        let is_schema_new = settings.profile_schema != org.settings.profile_schema;
        let event = match is_schema_new {
            false => event,
            true => event.target(Target::other(
                "ProfileSchema",
                crate::provisioning::follow::PROFILE_SCHEMA,
                "",
            )),
        };
        // The mail server has an operation of its own, which seals its password, and so have the means of proof, which are
        // held against the policies, the doors, which depend on each other, and what is done about threats, which names zones.
        let settings = OrgSettings {
            mail: org.settings.mail.clone(),
            untaken_means: org.settings.untaken_means.clone(),
            mail_kept_off: org.settings.mail_kept_off.clone(),
            shut_doors: org.settings.shut_doors.clone(),
            threats: org.settings.threats.clone(),
            ..settings
        };
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let door = DoorWatch::begin(tx, &by, now).await?;
                    store::update(tx, &org, &name, &settings, now).await?;
                    if is_schema_new {
                        let all = load_schemas(tx, &org.id).await?;
                        decide_together(all.as_schemas())?;
                        unique::follow_schemas(tx, cell.entropy(), &org.id, all.as_schemas())
                            .await?;
                        let before = &org.settings.profile_schema;
                        let after = &settings.profile_schema;
                        follow_schema(tx, &cell, &org.id, before, after).await?;
                    }
                    door.end(tx, &by, "existing").await?;
                    Ok::<_, Refusal>(ledger::append(tx, &org.id, event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(&id);
        outcome
    }
}
