//! How types of people stand to what is declared of them, and making what differs.

use crate::declaration::Mode;
use crate::declaration::apply::{Presence, Site};
use crate::declaration::difference::{as_json, differences};
use crate::declaration::document::{PersonDeclaration, UserTypeDeclaration};
use crate::declaration::problem::{Problem, placed};
use crate::declaration::report::{FieldChange, Kind, Report, Standing};
use identity::access::Permission;
use identity::attribute_schema::AttributeSchema;
use identity::fault::Refusal;
use identity::org::profile_schema::decide_schema;
use identity::org::settings::ProfileAttribute;
use identity::person::Person;
use identity::person::operations::Retype;
use identity::person::profile::fold;
use identity::user_type::schemas::{OrgSchemas, TypeSchema, decide_together};
use identity::user_type::{
    DEFAULT_NAME, UserType, UserTypeInput, decide_name, decide_room, decide_words,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use vocab::id::UserTypeId;
use vocab::time::Timestamp;

/// A type that a document names, as it is by now.
#[derive(Debug, Clone)]
pub(super) struct KnownType {
    key: Option<UserTypeId>,
    name: String,
    attributes: Vec<ProfileAttribute>,
}

/// The types that people of a document are of.
#[derive(Debug, Default)]
pub(super) struct KnownTypes {
    /// By the names that the document names them by.
    named: HashMap<String, KnownType>,
    /// All others that there are.
    others: Vec<KnownType>,
}

/// Of which type a person is to be.
#[derive(Debug)]
pub struct OfType {
    /// The type; nothing is the one that every org has.
    pub key: Option<UserTypeId>,
    /// Its attributes.
    pub attributes: Vec<ProfileAttribute>,
    /// What is told where the person is of another.
    pub change: Option<FieldChange>,
}

impl OfType {
    /// What becomes of the type of somebody who is there.
    pub(super) fn retype(&self) -> Retype {
        match self.change {
            Some(_) => Retype::To(self.key.clone()),
            None => Retype::Keep,
        }
    }
}

impl KnownTypes {
    /// The type that is declared of a person, or else the one that the person is of.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a type that nothing leads to.
    pub(super) fn of(
        &self,
        declared: &PersonDeclaration,
        present: Option<&Person>,
    ) -> Result<OfType, Refusal> {
        let own = present.and_then(|person| person.type_id.as_ref());
        let wanted = match &declared.of_type {
            Some(name) => self.named.get(&fold(&name.value)),
            None => self.by_key(own),
        };
        let wanted = wanted.ok_or(Refusal::NotFound)?;
        let is_other = present.is_some() && own != wanted.key.as_ref();
        let change = is_other.then(|| FieldChange {
            field: String::from("type"),
            before: self.by_key(own).map(|own| json!(own.name)),
            after: Some(json!(wanted.name)),
        });
        Ok(OfType {
            key: wanted.key.clone(),
            attributes: wanted.attributes.clone(),
            change,
        })
    }

    /// The attributes that people can have, of whatever type they are, as the document leaves them.
    pub(super) fn every_attribute(&self) -> Vec<ProfileAttribute> {
        let all = self.named.values().chain(&self.others);
        all.flat_map(|one| one.attributes.iter().cloned()).collect()
    }

    fn by_key(&self, key: Option<&UserTypeId>) -> Option<&KnownType> {
        let mut all = self.named.values().chain(&self.others);
        all.find(|one| one.key.as_ref() == key)
    }
}

/// What is there of a type.
struct PresentType {
    of: UserType,
    schema: AttributeSchema,
}

/// The types as they are when the next one that is declared is looked at: those before it are as the document wants them.
struct Progressed(OrgSchemas);

impl Progressed {
    fn from(present: &[PresentType], of_default: &[ProfileAttribute]) -> Self {
        let typed = |there: &PresentType| {
            Some(TypeSchema {
                key: there.of.key.clone()?,
                attributes: there.schema.attributes.clone(),
            })
        };
        Self(OrgSchemas {
            of_default: of_default.to_vec(),
            of_types: present.iter().filter_map(typed).collect(),
        })
    }

    /// Lets a type have these attributes, as far as there is room for it and the attributes of all types go together.
    fn take(&mut self, key: &UserTypeId, attributes: &[ProfileAttribute]) -> Result<(), Refusal> {
        let attributes = attributes.to_vec();
        let all = &mut self.0.of_types;
        match all.iter_mut().find(|own| own.key == *key) {
            Some(own) => own.attributes = attributes,
            None => {
                decide_room(all.len() + 1)?;
                let key = key.clone();
                all.push(TypeSchema { key, attributes });
            }
        }
        decide_together(self.0.as_schemas())
    }
}

pub(super) async fn apply_types(
    site: &Site,
    declared: &[UserTypeDeclaration],
    report: &mut Report,
) -> Result<KnownTypes, Problem> {
    let loaded = load(site).await;
    let present = loaded.map_err(|refusal| Problem::whole(refusal.to_string()))?;
    let mut known = KnownTypes::default();
    let mut progressed = Progressed::from(&present, &site.settings.profile_schema);
    for one in declared {
        let name = one.name.value.trim();
        let there = present
            .iter()
            .find(|there| fold(&there.of.name) == fold(name));
        let done = apply_type(site, one, there, &mut progressed).await;
        let (standing, made) = placed(Kind::UserType, &one.name, done)?;
        site.note(report, Kind::UserType, &one.name, standing);
        known.named.insert(fold(name), made);
    }
    let is_named = |name: &str| known.named.contains_key(&fold(name));
    let others: Vec<PresentType> = present
        .into_iter()
        .filter(|there| !is_named(&there.of.name))
        .collect();
    for PresentType { of, schema } in others {
        let other = KnownType {
            key: of.key,
            name: of.name,
            attributes: schema.attributes,
        };
        // Everybody may be said to be of the type that every org has, whether it is declared or not.
        match other.key {
            None => _ = known.named.insert(fold(DEFAULT_NAME), other),
            Some(_) => known.others.push(other),
        }
    }
    Ok(known)
}

async fn load(site: &Site) -> Result<Vec<PresentType>, Refusal> {
    if site.presence == Presence::Planned {
        // One type is there as soon as the org is.
        return Ok(vec![PresentType {
            of: UserType::of_every_org(&site.org, Timestamp::default()),
            schema: of_settings(site),
        }]);
    }
    let permit = site.permit(Permission::ReadDirectory)?;
    let mut present = Vec::new();
    for of in site.cell.list_user_types(&permit).await? {
        let schema = match &of.key {
            Some(key) => site.cell.user_type_schema(&permit, key).await?,
            None => of_settings(site),
        };
        present.push(PresentType { of, schema });
    }
    Ok(present)
}

/// The attributes of the type that every org has, as the document leaves them.
fn of_settings(site: &Site) -> AttributeSchema {
    AttributeSchema {
        attributes: site.settings.profile_schema.clone(),
        ..AttributeSchema::default()
    }
}

async fn apply_type(
    site: &Site,
    declared: &UserTypeDeclaration,
    present: Option<&PresentType>,
    progressed: &mut Progressed,
) -> Result<(Standing, KnownType), Refusal> {
    let (standing, input) = plan_type(declared, present)?;
    let mut known = KnownType {
        key: present.and_then(|present| present.of.key.clone()),
        name: input.name.clone(),
        attributes: attributes(declared, present),
    };
    if present.is_none() {
        // Until it is made it has an id that nothing else has.
        known.key = Some(UserTypeId::generate(site.cell.entropy()));
    }
    if let Some(key) = &known.key {
        progressed.take(key, &known.attributes)?;
    }
    if site.mode == Mode::Plan || standing == Standing::Same {
        return Ok((standing, known));
    }
    let permit = site.permit(Permission::ManageOrg)?;
    let present = match present {
        Some(present) => present.of.clone(),
        None => site.cell.create_user_type(&permit, input.clone()).await?,
    };
    let words = (input.display_name, input.description);
    site.cell
        .change_user_type(&permit, present.clone(), words)
        .await?;
    if let Some(key) = &present.key {
        let seen = site.cell.user_type_schema(&permit, key).await?;
        if seen.attributes != known.attributes {
            let wanted = known.attributes.clone();
            let put = site.cell.put_user_type_schema(&permit, key, seen, wanted);
            put.await?;
        }
    }
    known.key = present.key;
    Ok((standing, known))
}

/// What is to be done for a type, and what is said of it.
fn plan_type(
    declared: &UserTypeDeclaration,
    present: Option<&PresentType>,
) -> Result<(Standing, UserTypeInput), Refusal> {
    let name = if fold(&declared.name.value) == DEFAULT_NAME {
        if declared.attributes.is_some() {
            return Err(Refusal::invalid(
                "attributes",
                "those of this type stand in profile_schema",
            ));
        }
        declared.name.value.trim().to_owned()
    } else {
        decide_name(&declared.name.value)?
    };
    let (display_name, description) = decide_words(&declared.display_name, &declared.description)?;
    let input = UserTypeInput {
        name,
        display_name,
        description,
    };
    let wanted = attributes(declared, present);
    decide_schema(&wanted)?;
    let Some(present) = present else {
        return Ok((Standing::Missing, input));
    };
    let (of, own) = (&present.of, &present.schema.attributes);
    let before = rendered(&of.display_name, &of.description, own);
    let after = rendered(&input.display_name, &input.description, &wanted);
    Ok((Standing::from(differences(&before, &after)), input))
}

/// The attributes that are declared, or else those that there are.
fn attributes(
    declared: &UserTypeDeclaration,
    present: Option<&PresentType>,
) -> Vec<ProfileAttribute> {
    let there = || present.map(|present| present.schema.attributes.clone());
    let declared = declared.attributes.clone();
    declared.or_else(there).unwrap_or_default()
}

fn rendered(display_name: &str, description: &str, attributes: &[ProfileAttribute]) -> Value {
    json!({ "display_name": display_name, "description": description, "attributes": as_json(&attributes) })
}
