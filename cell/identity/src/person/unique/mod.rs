//! Attributes of which no two people of an org have the same value. Each stands under a mark of its own; the values of
//! people are kept beside the profile as hashes, one row each, and the key of that table is what makes them unique.
//!
//! The marks are read in the transaction that writes a profile, so that whoever began by an older schema is held against
//! the one that is in force.

pub(crate) mod store;

use crate::fault::Refusal;
use crate::org::settings::ProfileAttribute;
use crate::person::profile::fold;
use crate::problem::{Problem, quoted};
use database::WriteTx;
use serde_json::{Map, Value};
use vocab::entropy::Entropy;
use vocab::id::{OrgId, UserId};
use vocab::secret::SecretHash;

/// Most attributes of one org that are unique.
pub const UNIQUE_ATTRIBUTES_MAX: usize = 5;
/// Most people an org may have when one becomes so: all of them are looked at in one transaction, for which others wait.
pub const PEOPLE_MAX: usize = 10_000;
/// How many of them are read at once.
const BATCH_ROWS: i64 = 500;
/// The bytes of a mark.
const MARK_BYTES: usize = 16;

/// What is compared of a value: its hash, since an index takes no text of any length. None where nothing is compared.
fn key_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(SecretHash::of(&fold(text)).to_hex()),
        Value::Number(number) => Some(SecretHash::of(&number.to_string()).to_hex()),
        _ => None,
    }
}

/// Takes the values that somebody has from now on, and gives those before up.
///
/// # Errors
/// [`Refusal::Invalid`] naming an attribute of which somebody else has the value.
pub(crate) async fn claim(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    attributes: &Map<String, Value>,
) -> Result<(), Refusal> {
    let marks = store::load_marks(tx, org).await?;
    if marks.is_empty() {
        return Ok(());
    }
    store::release(tx, org, user).await?;
    for mark in marks {
        let Some(key) = attributes.get(&mark.name).and_then(key_of) else {
            continue;
        };
        if !store::insert_value(tx, org, &mark.id, &key, user).await? {
            let pattern = "somebody else has this value of {name}";
            let problem = Problem::of(pattern, [quoted(&mark.name)]);
            return Err(Refusal::invalid("profile", problem));
        }
    }
    Ok(())
}

/// Lets the marks follow the schema: who has a value of an attribute that becomes unique takes it, everybody or nobody.
///
/// # Errors
/// [`Refusal::Invalid`] where two people have the same value, or there are too many people to look at.
pub(crate) async fn follow_schema(
    tx: &mut WriteTx,
    entropy: &dyn Entropy,
    org: &OrgId,
    schema: &[ProfileAttribute],
) -> Result<(), Refusal> {
    let marks = store::load_marks(tx, org).await?;
    let unique: Vec<&ProfileAttribute> = schema.iter().filter(|it| it.unique).collect();
    for mark in &marks {
        if !unique.iter().any(|attribute| attribute.name == mark.name) {
            store::retire(tx, org, &mark.id).await?;
        }
    }
    let is_new = |it: &&&ProfileAttribute| !marks.iter().any(|mark| mark.name == it.name);
    let mut begun = Vec::new();
    for attribute in unique.iter().filter(is_new) {
        let mut bytes = [0_u8; MARK_BYTES];
        entropy.fill(&mut bytes);
        let mark = store::Mark {
            id: vocab::hex::render(&bytes),
            name: attribute.name.clone(),
        };
        store::insert_mark(tx, org, &mark).await?;
        begun.push((mark, (*attribute).clone()));
    }
    if begun.is_empty() {
        return Ok(());
    }
    claim_for_all(tx, org, &begun).await
}

async fn claim_for_all(
    tx: &mut WriteTx,
    org: &OrgId,
    begun: &[(store::Mark, ProfileAttribute)],
) -> Result<(), Refusal> {
    let (mut after, mut seen) = (String::new(), 0_usize);
    loop {
        let people = store::hold_profiles(tx, org, &after, BATCH_ROWS).await?;
        let Some((last, _)) = people.last() else {
            return Ok(());
        };
        after = last.to_string();
        seen += people.len();
        if seen > PEOPLE_MAX {
            return Err(Refusal::invalid(
                "profile_schema",
                "an attribute becomes unique only where there are at most 10,000 people",
            ));
        }
        for (user, profile) in &people {
            for (mark, attribute) in begun {
                let value = profile.get(&attribute.name);
                let Some(key) = value.and_then(key_of) else {
                    continue;
                };
                if !store::insert_value(tx, org, &mark.id, &key, user).await? {
                    let pattern = "two people have the same value of {name}";
                    let problem = Problem::of(pattern, [quoted(&mark.name)]);
                    return Err(Refusal::invalid("profile_schema", problem));
                }
            }
        }
    }
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
