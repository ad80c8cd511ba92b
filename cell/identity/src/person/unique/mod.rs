//! Attributes of which no two people of an org have the same value. Each stands under a mark of its own; the values of
//! people are kept beside the profile as hashes, one row each, and the key of that table is what makes them unique.
//!
//! An attribute may be unique for the people of some types and not for those of others; the values of one name are those of one mark, whatever
//! types it is unique for. The marks are read in the transaction that writes a profile, so that whoever began by an older schema is held against
//! the one that is in force.

pub(crate) mod store;

use crate::embedded::TOGETHER_MAX;
use crate::fault::Refusal;
use crate::person::profile::fold;
use crate::person::unique::store::{HeldProfile, Mark};
use crate::problem::{Problem, quoted};
use crate::user_type::schemas::ProfileSchemas;
use database::{DatabaseFault, WriteTx};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use vocab::entropy::Entropy;
use vocab::id::{OrgId, UserId, UserTypeId};
use vocab::secret::SecretHash;

/// Most attributes of one org that are unique.
pub const UNIQUE_ATTRIBUTES_MAX: usize = 5;
/// Most people an org may have when one becomes so: all of them are looked at in one transaction, for which others wait.
pub const PEOPLE_MAX: usize = 10_000;
/// How many of them are read at once.
const BATCH_ROWS: i64 = 500;
/// The bytes of a mark.
const MARK_BYTES: usize = 16;
/// How often a value is asked for that is given up while it is looked at.
const TAKE_ATTEMPTS_MAX: usize = 4;

/// What is compared of a value: its hash, since an index takes no text of any length. None where nothing is compared.
fn key_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(SecretHash::of(&fold(text)).to_hex()),
        Value::Number(number) => Some(SecretHash::of(&number.to_string()).to_hex()),
        _ => None,
    }
}

/// Takes the values that somebody of a type has from now on, and gives those before up.
///
/// # Errors
/// [`Refusal::Invalid`] naming an attribute of which somebody else has the value.
pub(crate) async fn claim(
    tx: &mut WriteTx,
    org: &OrgId,
    (user, key): (&UserId, Option<&UserTypeId>),
    attributes: &Map<String, Value>,
) -> Result<(), Refusal> {
    let marks = store::load_marks(tx, org).await?;
    if marks.is_empty() {
        return Ok(());
    }
    store::release(tx, org, user).await?;
    for mark in marks.iter().filter(|mark| mark.holds_for(key)) {
        let Some(value) = attributes.get(&mark.name).and_then(key_of) else {
            continue;
        };
        if !take(tx, org, (mark, &value), user).await? {
            let pattern = "somebody else has this value of {name}";
            let problem = Problem::of(pattern, [quoted(&mark.name)]);
            return Err(Refusal::invalid("profile", problem));
        }
    }
    Ok(())
}

/// Takes a value; false if it is somebody else's. What somebody took for whose type the attribute is unique no more is nobody's: it is
/// left where it is until another wants it, since there may be a million such people.
async fn take(
    tx: &mut WriteTx,
    org: &OrgId,
    (mark, value): (&Mark, &str),
    user: &UserId,
) -> Result<bool, DatabaseFault> {
    for _ in 0..TAKE_ATTEMPTS_MAX {
        if store::insert_value(tx, org, &mark.id, value, user).await? {
            return Ok(true);
        }
        let Some((holder, key)) = store::find_holder(tx, org, &mark.id, value).await? else {
            // It was given up at this moment.
            continue;
        };
        if holder == *user {
            return Ok(true);
        }
        if mark.holds_for(key.as_ref()) {
            return Ok(false);
        }
        store::delete_value(tx, org, (&mark.id, value), &holder).await?;
    }
    Ok(false)
}

/// Lets the marks follow the schemas of all types: who has a value of an attribute that becomes unique takes it, everybody or nobody.
///
/// # Errors
/// [`Refusal::Invalid`] where two people have the same value, or there are too many people to look at.
pub(crate) async fn follow_schemas(
    tx: &mut WriteTx,
    entropy: &dyn Entropy,
    org: &OrgId,
    schemas: ProfileSchemas<'_>,
) -> Result<(), Refusal> {
    let marks = store::load_marks(tx, org).await?;
    let mut wanted = schemas.unique();
    let mut begun = Vec::new();
    for present in marks {
        let Some(types) = wanted.remove(&present.name) else {
            store::retire(tx, org, &present.id).await?;
            continue;
        };
        let is_new = |key: &Option<UserTypeId>| !present.types.contains(key);
        let new: Vec<Option<UserTypeId>> =
            types.iter().filter(|key| is_new(key)).cloned().collect();
        let is_changed = present.types != types;
        let mark = Mark { types, ..present };
        if is_changed {
            store::update_types(tx, org, &mark).await?;
        }
        if !new.is_empty() {
            begun.push((mark, new));
        }
    }
    for (name, types) in wanted {
        let mut bytes = [0_u8; MARK_BYTES];
        entropy.fill(&mut bytes);
        let mark = Mark {
            id: vocab::hex::render(&bytes),
            name,
            types: types.clone(),
        };
        store::insert_mark(tx, org, &mark).await?;
        begun.push((mark, types));
    }
    let types: BTreeSet<Option<UserTypeId>> =
        begun.iter().flat_map(|(_, types)| types.clone()).collect();
    for key in types {
        let marks = begun.iter().filter(|(_, types)| types.contains(&key));
        let marks: Vec<&Mark> = marks.map(|(mark, _)| mark).collect();
        claim_for_all(tx, org, key.as_ref(), &marks).await?;
    }
    Ok(())
}

/// Takes for everybody of a type what they have of attributes that became unique for them. Nobody becomes one of a type meanwhile, which is
/// held; of who is of the one that every org has nothing is kept, so that everybody is looked at for it.
async fn claim_for_all(
    tx: &mut WriteTx,
    org: &OrgId,
    key: Option<&UserTypeId>,
    marks: &[&Mark],
) -> Result<(), Refusal> {
    if let Some(key) = key {
        let most = i64::try_from(PEOPLE_MAX).unwrap_or(i64::MAX);
        let mut ids = store::load_ids_of_type(tx, org, key, most.saturating_add(1)).await?;
        check_count(ids.len())?;
        // In the order in which everybody is looked at, so that of two who hold people neither waits for the other.
        ids.sort_unstable();
        for ids in ids.chunks(TOGETHER_MAX) {
            let people = store::hold_profiles_of(tx, org, ids).await?;
            for held in people.iter().filter(|held| held.key.as_ref() == Some(key)) {
                claim_marks(tx, org, marks, held).await?;
            }
        }
        return Ok(());
    }
    let (mut after, mut seen) = (String::new(), 0_usize);
    loop {
        let people = store::hold_profiles(tx, org, (&after, BATCH_ROWS)).await?;
        let Some(last) = people.last() else {
            return Ok(());
        };
        after = last.user.to_string();
        seen += people.len();
        check_count(seen)?;
        for held in people.iter().filter(|held| held.key.is_none()) {
            claim_marks(tx, org, marks, held).await?;
        }
    }
}

fn check_count(people: usize) -> Result<(), Refusal> {
    if people > PEOPLE_MAX {
        return Err(Refusal::invalid(
            "profile_schema",
            "an attribute becomes unique only where there are at most 10,000 people",
        ));
    }
    Ok(())
}

async fn claim_marks(
    tx: &mut WriteTx,
    org: &OrgId,
    marks: &[&Mark],
    held: &HeldProfile,
) -> Result<(), Refusal> {
    for mark in marks {
        let Some(value) = held.profile.get(&mark.name).and_then(key_of) else {
            continue;
        };
        if !take(tx, org, (mark, &value), &held.user).await? {
            let pattern = "two people have the same value of {name}";
            let problem = Problem::of(pattern, [quoted(&mark.name)]);
            return Err(Refusal::invalid("profile_schema", problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{PEOPLE_MAX, key_of};
    use serde_json::json;

    #[test]
    fn case_and_the_space_around_a_text_do_not_make_two_of_one() {
        let key = |value: serde_json::Value| key_of(&value);
        assert_eq!(key(json!(" AB ")), key(json!("ab")));
        assert_ne!(key(json!("ab")), key(json!("abc")));
        assert_ne!(key(json!(1)), key(json!(2)));
        for nothing in [json!(" "), json!(null), json!(true), json!([])] {
            assert_eq!(key(nothing.clone()), None, "{nothing}");
        }
    }

    #[test]
    fn the_message_tells_the_bound_that_there_is() {
        assert_eq!(PEOPLE_MAX, 10_000);
    }
}
