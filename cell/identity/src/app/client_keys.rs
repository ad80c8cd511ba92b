//! The public keys by which an app proves itself: one is added beside the present ones, clients are moved to it, and the
//! old one is taken away. A key is known by its thumbprint (RFC 7638), however it is written.

use crate::access::{Permission, Permit};
use crate::app::App;
use crate::app::operations::load_for_change;
use crate::app::rules::decide_app;
use crate::app::store;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::problem::Problem;
use database::WriteTx;
use ledger::EventType;
use protocol::jose::jwk::Jwk;
use protocol::jose::jwks::Jwks;
use serde_json::{Value, json};
use vocab::future::boxed;
use vocab::id::AppId;

/// The keys of an app that can be used.
#[must_use]
pub fn keys_of(app: &App) -> Vec<Jwk> {
    let keys = Jwks::parse(app.settings.jwks.as_bytes());
    keys.map_or_else(|_| Vec::new(), |keys| keys.keys().to_vec())
}

/// The set with one key more.
///
/// # Errors
/// [`Refusal::Invalid`] for what is no key, and for one that could not be told from another.
fn plan_added(jwks: &str, key: &Value) -> Result<(String, Jwk), Refusal> {
    let key = Jwk::parse(key.to_string().as_bytes())
        .map_err(|error| Refusal::invalid("jwks", Problem::from(error.to_string())))?;
    let mut entries = entries_of(jwks);
    for entry in &entries {
        let present = as_key(entry);
        if present
            .as_ref()
            .is_some_and(|present| present.thumbprint() == key.thumbprint())
        {
            return Err(Refusal::invalid("jwks", "the app has this key"));
        }
        let kid = entry.get("kid").and_then(Value::as_str);
        if kid.is_none() || key.kid().is_none() || kid == key.kid() {
            let problem = "where there are several keys, each needs a kid of its own";
            return Err(Refusal::invalid("jwks", problem));
        }
    }
    entries.push(key.render());
    Ok((json!({ "keys": entries }).to_string(), key))
}

/// The set without the key of that thumbprint.
///
/// # Errors
/// [`Refusal::NotFound`] if it has none such.
fn plan_removed(jwks: &str, key_id: &str) -> Result<String, Refusal> {
    let mut entries = entries_of(jwks);
    let before = entries.len();
    entries.retain(|entry| as_key(entry).is_none_or(|key| key.thumbprint() != key_id));
    match entries.len() {
        after if after == before => Err(Refusal::NotFound),
        0 => Ok(String::new()),
        _ => Ok(json!({ "keys": entries }).to_string()),
    }
}

/// The entries of a set as they are written, those of other kinds as well.
fn entries_of(jwks: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(jwks).unwrap_or_default();
    let entries = document.get("keys").and_then(Value::as_array);
    entries.cloned().unwrap_or_default()
}

fn as_key(entry: &Value) -> Option<Jwk> {
    Jwk::parse(entry.to_string().as_bytes()).ok()
}

impl Cell {
    /// Adds a public key to those of an app.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of apps and of keys say.
    #[boxed]
    pub async fn add_app_key(
        &self,
        permit: &Permit,
        app_id: &AppId,
        key: Value,
    ) -> Result<Jwk, Refusal> {
        permit.covers(Permission::ManageApps)?;
        let (cell, by, id) = (self.clone(), permit.clone(), app_id.clone());
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                // Of two who add at once, the second adds to what the first has left.
                crate::org::store::lock(tx, by.org()).await?;
                let app = load_for_change(tx, &by, &id).await?;
                let (jwks, key) = plan_added(&app.settings.jwks, &key)?;
                let kind = EventType::AppOauth2CredentialsLifecycleCreate;
                apply(tx, &cell, (&by, kind), app, (jwks, key.thumbprint())).await?;
                Ok(key)
            })
        });
        self.forget_app_after(permit, app_id, outcome).await
    }

    /// Takes a public key from those of an app: what it signs is refused from now on.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the app has none of that thumbprint; [`Refusal::Invalid`] for the last one of an app that
    /// proves itself by it.
    #[boxed]
    pub async fn remove_app_key(
        &self,
        permit: &Permit,
        app_id: &AppId,
        key_id: &str,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageApps)?;
        let (cell, by) = (self.clone(), permit.clone());
        let (id, key_id) = (app_id.clone(), key_id.to_owned());
        let outcome = self.database.write(move |tx| {
            Box::pin(async move {
                crate::org::store::lock(tx, by.org()).await?;
                let app = load_for_change(tx, &by, &id).await?;
                let jwks = plan_removed(&app.settings.jwks, &key_id)?;
                let kind = EventType::AppOauth2CredentialsLifecycleDelete;
                apply(tx, &cell, (&by, kind), app, (jwks, key_id)).await
            })
        });
        self.forget_app_after(permit, app_id, outcome).await
    }
}

async fn apply(
    tx: &mut WriteTx,
    cell: &Cell,
    (permit, kind): (&Permit, EventType),
    mut app: App,
    (jwks, key_id): (String, String),
) -> Result<(), Refusal> {
    app.settings.jwks = jwks;
    app.settings = decide_app(app.kind, app.settings)?;
    store::update(tx, &app, app.policy_id.as_ref(), cell.now()).await?;
    let event = cell.app_event(permit, kind, &app);
    let event = event.detail("keyId", &key_id);
    Ok(ledger::append(tx, permit.org(), event).await?)
}

#[cfg(test)]
mod tests {
    use super::{plan_added, plan_removed};
    use crate::fault::Refusal;
    use protocol::jose::algorithm::Algorithm;
    use protocol::jose::signing_key::SigningKey;
    use serde_json::{Value, json};

    fn key(kid: Option<&str>) -> Value {
        let made = SigningKey::generate(Algorithm::Es256).unwrap();
        let mut rendered = made.public_jwk("x").unwrap().render();
        match kid {
            Some(kid) => rendered["kid"] = json!(kid),
            None => {
                rendered.as_object_mut().unwrap().remove("kid");
            }
        }
        rendered
    }

    #[test]
    fn keys_are_added_and_taken_away_by_their_thumbprints() {
        let (first, second) = (key(Some("a")), key(Some("b")));
        let (one, added) = plan_added("", &first).unwrap();
        let (two, next) = plan_added(&one, &second).unwrap();
        let left = plan_removed(&two, &added.thumbprint()).unwrap();
        assert_eq!(left, json!({ "keys": [second] }).to_string());
        assert_eq!(plan_removed(&left, &next.thumbprint()).unwrap(), "");
        let gone = plan_removed(&left, &added.thumbprint());
        assert!(matches!(gone, Err(Refusal::NotFound)));
    }

    #[test]
    fn a_key_that_could_not_be_told_from_another_is_refused() {
        let nameless = key(None);
        let (alone, _) = plan_added("", &nameless).unwrap();
        let named = key(Some("a"));
        let (one, _) = plan_added("", &named).unwrap();
        let mut again = named.clone();
        again["kid"] = json!("b");
        let mut private = key(Some("c"));
        private["d"] = json!("AA");
        for (jwks, key) in [
            (&alone, key(Some("b"))),
            (&one, key(None)),
            (&one, key(Some("a"))),
            (&one, again),
            (&one, private),
            (&one, json!({ "kty": "oct", "kid": "d" })),
            (&one, json!("key")),
        ] {
            let refused = plan_added(jwks, &key);
            assert!(
                matches!(refused, Err(Refusal::Invalid { field: "jwks", .. })),
                "{key}"
            );
        }
    }
}
