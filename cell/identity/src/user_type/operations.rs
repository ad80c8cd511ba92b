//! Making, changing and removing types of people, and their attributes.

use crate::access::{Permission, Permit};
use crate::attribute_schema::{AttributeSchema, store as attributes};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::group_rule::follow::follow_schema;
use crate::org::profile_schema::decide_schema;
use crate::org::settings::ProfileAttribute;
use crate::person::unique;
use crate::provisioning::follow::PROFILE_SCHEMA;
use crate::user_type::schemas::decide_together;
use crate::user_type::{UserType, UserTypeInput, decide_name, decide_room, decide_words, store};
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::{OrgId, UserTypeId};

impl Cell {
    /// The types of the org: the one that every org has, then the others, the oldest first.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_user_types(&self, permit: &Permit) -> Result<Vec<UserType>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let of_every_org = self.type_of_every_org(permit.org()).await?;
        let mut tx = self.database.read().await?;
        let stored = store::load_all(&mut tx, permit.org()).await?;
        let (own, others): (Vec<UserType>, Vec<UserType>) =
            stored.into_iter().partition(UserType::is_of_every_org);
        let first = own.into_iter().next().unwrap_or(of_every_org);
        Ok(std::iter::once(first).chain(others).collect())
    }

    /// A type.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that this org does not have.
    #[boxed]
    pub async fn find_user_type(
        &self,
        permit: &Permit,
        key: Option<&UserTypeId>,
    ) -> Result<UserType, Refusal> {
        permit
            .covers(Permission::ReadDirectory)
            .or_else(|_| permit.covers(Permission::ManageOrg))?;
        let stored = {
            let mut tx = self.database.read().await?;
            store::load(&mut tx, permit.org(), key).await?
        };
        match (stored, key) {
            (Some(stored), _) if stored.key.as_ref() == key => Ok(stored),
            (None, None) => self.type_of_every_org(permit.org()).await,
            _ => Err(Refusal::NotFound),
        }
    }

    /// Adds a type, whose people have the built-in attributes alone.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was added.
    #[boxed]
    pub async fn create_user_type(
        &self,
        permit: &Permit,
        input: UserTypeInput,
    ) -> Result<UserType, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let name = decide_name(&input.name)?;
        let (display_name, description) = decide_words(&input.display_name, &input.description)?;
        let by = permit.acting_person().cloned();
        let planned = UserType {
            org_id: permit.org().clone(),
            key: Some(UserTypeId::generate(self.entropy())),
            name,
            display_name,
            description,
            created_by: by.clone(),
            updated_by: by,
            revision: 0,
            created_at: self.now(),
            updated_at: self.now(),
        };
        let kind = EventType::DirectoryNonDefaultUserProfileCreate;
        let event = self.user_type_event(permit, kind, &planned);
        let (made, now) = (planned.clone(), self.now());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let org = &planned.org_id;
                    // Of two who add at once, the second counts the first one's.
                    crate::org::store::lock(tx, org).await?;
                    check_room(tx, org, &planned.name).await?;
                    store::put(tx, &planned).await?;
                    if let Some(key) = &planned.key {
                        let none = AttributeSchema::default();
                        attributes::put(tx, org, key.as_str(), &none, now).await?;
                    }
                    Ok::<(), Refusal>(ledger::append(tx, org, event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome?;
        Ok(UserType {
            revision: 1,
            ..made
        })
    }

    /// Gives a type as it was seen other words for people; its name stays.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if it is not any more as it was seen.
    #[boxed]
    pub async fn change_user_type(
        &self,
        permit: &Permit,
        seen: UserType,
        (display_name, description): (String, String),
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        if seen.org_id != *permit.org() {
            return Err(Refusal::NotFound);
        }
        let (display_name, description) = decide_words(&display_name, &description)?;
        if display_name == seen.display_name && description == seen.description {
            return Ok(());
        }
        let planned = UserType {
            display_name,
            description,
            updated_by: permit.acting_person().cloned(),
            updated_at: self.now(),
            ..seen
        };
        let event = self.user_type_event(permit, EventType::DirectoryUserProfileUpdate, &planned);
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    store::put(tx, &planned).await?;
                    Ok(ledger::append(tx, &planned.org_id, event).await?)
                })
            })
            .await
    }

    /// Removes a type that nobody is of, with its attributes.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for the one that every org has, and for one that somebody is of.
    #[boxed]
    pub async fn delete_user_type(
        &self,
        permit: &Permit,
        key: Option<&UserTypeId>,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let Some(key) = key.cloned() else {
            return Err(Refusal::WrongState(
                "every organisation has this type of people",
            ));
        };
        let (cell, by) = (self.clone(), permit.clone());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    crate::org::store::lock(tx, org).await?;
                    if !store::hold(tx, org, &key).await? {
                        return Err(Refusal::NotFound);
                    }
                    let removed = store::load(tx, org, Some(&key)).await?;
                    let removed = removed.ok_or(Refusal::NotFound)?;
                    if !store::delete_unused(tx, org, &key).await? {
                        return Err(Refusal::WrongState("there are people of this type"));
                    }
                    attributes::delete(tx, org, key.as_str()).await?;
                    let left = store::load_schemas(tx, org).await?;
                    unique::follow_schemas(tx, cell.entropy(), org, left.as_schemas()).await?;
                    let kind = EventType::DirectoryUserProfileUpdate;
                    let event = cell.user_type_event(&by, kind, &removed);
                    let event = event.detail("removed", true);
                    Ok::<(), Refusal>(ledger::append(tx, org, event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome
    }

    /// The attributes of a type other than the one that every org has.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a type that this org does not have.
    #[boxed]
    pub async fn user_type_schema(
        &self,
        permit: &Permit,
        key: &UserTypeId,
    ) -> Result<AttributeSchema, Refusal> {
        permit
            .covers(Permission::ReadDirectory)
            .or_else(|_| permit.covers(Permission::ManageOrg))?;
        let mut tx = self.database.read().await?;
        let schema = attributes::load(&mut tx, permit.org(), key.as_str()).await?;
        // A type has a row here from the moment at which it is made.
        match schema.changed {
            Some(_) => Ok(schema),
            None => Err(Refusal::NotFound),
        }
    }

    /// Replaces the attributes of such a type as they were seen. What somebody has of one that is no more is shown nowhere, and stays
    /// stored until the profile is next saved.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if they are not any more as they were seen; [`Refusal::Invalid`] as the rules of attributes say, and where
    /// another type has one of the name that holds something else.
    #[boxed]
    pub async fn put_user_type_schema(
        &self,
        permit: &Permit,
        key: &UserTypeId,
        seen: AttributeSchema,
        own: Vec<ProfileAttribute>,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        decide_schema(&own)?;
        let before = seen.attributes;
        let planned = AttributeSchema {
            attributes: own,
            ..seen
        };
        let (cell, by, key) = (self.clone(), permit.clone(), key.clone());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    // What is unique is so for the whole org, and the kinds of attributes are held against each other.
                    crate::org::store::lock(tx, org).await?;
                    if !store::hold(tx, org, &key).await? {
                        return Err(Refusal::NotFound);
                    }
                    let changed = store::load(tx, org, Some(&key)).await?;
                    let changed = changed.ok_or(Refusal::NotFound)?;
                    attributes::put(tx, org, key.as_str(), &planned, cell.now()).await?;
                    let all = store::load_schemas(tx, org).await?;
                    decide_together(all.as_schemas())?;
                    unique::follow_schemas(tx, cell.entropy(), org, all.as_schemas()).await?;
                    follow_schema(tx, &cell, org, &before, &planned.attributes).await?;
                    let kind = EventType::SystemOrgSettingsUpdate;
                    let event = cell.user_type_event(&by, kind, &changed);
                    // Whoever provisions people looks at all of them again.
                    let event = event.target(Target::other("ProfileSchema", PROFILE_SCHEMA, ""));
                    Ok::<(), Refusal>(ledger::append(tx, org, event).await?)
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome
    }

    async fn type_of_every_org(&self, org: &OrgId) -> Result<UserType, Refusal> {
        let snapshot = self.snapshot(org).await?.ok_or(Refusal::NotFound)?;
        Ok(UserType::of_every_org(
            &snapshot.org.id,
            snapshot.org.created_at,
        ))
    }

    fn user_type_event(&self, permit: &Permit, kind: EventType, of: &UserType) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::other("UserType", &of.id(), &of.display_name))
    }
}

/// Holds the number of types against its bound, and a name against those that there are, behind the lock of the org. Names differ by more
/// than their case, since declarations do not tell such apart.
async fn check_room(tx: &mut WriteTx, org: &OrgId, name: &str) -> Result<(), Refusal> {
    let stored = store::load_all(tx, org).await?;
    if stored.iter().any(|one| one.name.eq_ignore_ascii_case(name)) {
        return Err(Refusal::Taken { field: "name" });
    }
    let others = stored.iter().filter(|one| !one.is_of_every_org()).count();
    decide_room(others + 1)
}
