//! People and groups are provisioned to PyPI `scim2-server`, and to another organisation of this product: made, changed, switched off, pushed
//! and imported; also while the program is ended without warning, and nobody is made twice; and by an unmodified SDK that sets all of it up.

use anyhow::Context as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use testbed::bootstrap;
use testbed::companion::Companion;
use testbed::instance::{Instance, Plan, free_address};
use testbed::{script, wait};

/// The longest until something has arrived: a worker that died holds its connection for a minute.
const ARRIVAL_MAX: Duration = Duration::from_secs(180);
const TOKEN: &str = "letmein";

/// Somebody who calls, and where.
struct Caller {
    base: String,
    authorization: String,
}

impl Caller {
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<(u64, Value)> {
        let input = json!({
            "url": format!("{}{path}", self.base),
            "authorization": self.authorization,
            "method": method,
            "body": body,
        });
        let said = script::run_bare_python("json_call.py", &input)?;
        let status = said["status"].as_u64().context("no status")?;
        Ok((status, said["body"].clone()))
    }

    fn good(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let (status, answer) = self.call(method, path, body)?;
        anyhow::ensure!(
            (200..300).contains(&status),
            "{method} {path}: {status} {answer}"
        );
        Ok(answer)
    }

    fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.good("GET", path, None)
    }

    fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.good("POST", path, Some(body))
    }

    fn act(&self, path: &str) -> anyhow::Result<()> {
        self.good("POST", path, None)?;
        Ok(())
    }

    /// What a SCIM server has of a kind, by name.
    fn all(&self, kind: &str) -> anyhow::Result<BTreeMap<String, Value>> {
        // Members stand in a list only where they are asked for.
        let shown = match kind {
            "Groups" => "&attributes=displayName,members",
            _ => "",
        };
        let (status, page) = self.call("GET", &format!("/{kind}?count=200{shown}"), None)?;
        anyhow::ensure!(status == 200, "{status} {page}");
        let listed = page["Resources"].as_array().cloned().unwrap_or_default();
        let count = listed.len();
        let name_of = |thing: &Value| {
            let name = thing["userName"]
                .as_str()
                .or_else(|| thing["displayName"].as_str());
            name.map(str::to_owned)
        };
        let named: Option<BTreeMap<String, Value>> = listed
            .into_iter()
            .map(|thing| Some((name_of(&thing)?, thing)))
            .collect();
        let named = named.context("somebody without a name")?;
        anyhow::ensure!(named.len() == count, "somebody is there twice");
        Ok(named)
    }
}

fn id(thing: &Value) -> anyhow::Result<&str> {
    thing["id"]
        .as_str()
        .with_context(|| format!("no id in {thing}"))
}

fn profile(login: &str, first: &str) -> Value {
    json!({ "profile": { "login": login, "email": login, "firstName": first, "lastName": "Lovelace", "title": "Countess" } })
}

/// An organisation, and an app of it that is provisioned.
struct Scene {
    manager: Caller,
    app: String,
    peer: Caller,
}

impl Scene {
    fn set_up(org_url: &str, peer: Caller, token: &str) -> anyhow::Result<Self> {
        let manager = Caller {
            base: format!("{org_url}/api/v1"),
            authorization: format!("SSWS {}", bootstrap::MANAGER_TOKEN),
        };
        let app = manager.post(
            "/apps",
            &json!({
                "name": "oidc_client", "label": "Wiki", "signOnMode": "OPENID_CONNECT",
                "credentials": { "oauthClient": { "token_endpoint_auth_method": "client_secret_basic" } },
                "settings": { "oauthClient": {
                    "application_type": "web", "grant_types": ["authorization_code"], "response_types": ["code"],
                    "redirect_uris": ["https://wiki.example/back"],
                } },
            }),
        )?;
        let app = format!("/apps/{}", id(&app)?);
        let connection =
            json!({ "baseUrl": peer.base, "profile": { "authScheme": "TOKEN", "token": token } });
        manager.post(
            &format!("{app}/connections/default?activate=true"),
            &connection,
        )?;
        let on = json!({ "status": "ENABLED" });
        let features = json!({
            "create": { "lifecycleCreate": on }, "update": { "profile": on, "lifecycleDeactivate": on },
        });
        let path = format!("{app}/features/USER_PROVISIONING");
        manager.good("PUT", &path, Some(&features))?;
        Ok(Self { manager, app, peer })
    }

    fn person(&self, login: &str) -> anyhow::Result<String> {
        let mut body = profile(login, "Ada");
        body["credentials"] = json!({ "password": { "value": "quartz-lantern-71-meadow" } });
        let person = self.manager.post("/users?activate=true", &body)?;
        Ok(id(&person)?.to_owned())
    }

    fn assign(&self, user: &str) -> anyhow::Result<()> {
        let body = json!({ "id": user, "scope": "USER" });
        self.manager.post(&format!("{}/users", self.app), &body)?;
        Ok(())
    }

    fn arrives(
        &self,
        what: &str,
        kind: &str,
        has_come: impl Fn(&BTreeMap<String, Value>) -> bool,
    ) -> anyhow::Result<BTreeMap<String, Value>> {
        wait::until(what, ARRIVAL_MAX, || {
            let there = self.peer.all(kind)?;
            Ok(has_come(&there).then_some(there))
        })
    }

    /// Waits until nothing waits.
    fn settles(&self) -> anyhow::Result<Value> {
        wait::until("nothing that waits", ARRIVAL_MAX, || {
            let overview = self.manager.get(&format!("{}/provisioning", self.app))?;
            let is_done = overview["waiting"] == 0
                && overview["lookingAtEverybody"] == false
                && overview["failedAttempts"] == 0;
            Ok(is_done.then_some(overview))
        })
    }
}

fn is_active(there: &BTreeMap<String, Value>, name: &str, active: bool) -> bool {
    there.get(name).is_some_and(|user| user["active"] == active)
}

fn come_change_and_leave(scene: &Scene) -> anyhow::Result<String> {
    let ada = scene.person("ada@people.example")?;
    scene.assign(&ada)?;
    let there = scene.arrives("an account", "Users", |there| {
        is_active(there, "ada@people.example", true)
    })?;
    let made = &there["ada@people.example"];
    anyhow::ensure!(made["externalId"] == ada.as_str(), "{made}");
    anyhow::ensure!(made["emails"][0]["value"] == "ada@people.example", "{made}");
    let user = format!("/users/{ada}");
    scene
        .manager
        .post(&user, &profile("ada2@people.example", "Augusta"))?;
    let there = scene.arrives("a change", "Users", |there| {
        there.contains_key("ada2@people.example")
    })?;
    let changed = &there["ada2@people.example"];
    anyhow::ensure!(changed["name"]["givenName"] == "Augusta", "{changed}");
    scene.manager.act(&format!("{user}/lifecycle/suspend"))?;
    scene.arrives("an account that is off", "Users", |there| {
        is_active(there, "ada2@people.example", false)
    })?;
    scene.manager.act(&format!("{user}/lifecycle/unsuspend"))?;
    scene.arrives("an account that is on again", "Users", |there| {
        is_active(there, "ada2@people.example", true)
    })?;
    Ok(ada)
}

fn push(scene: &Scene, user: &str) -> anyhow::Result<()> {
    let group = scene
        .manager
        .post("/groups", &json!({ "profile": { "name": "Engineers" } }))?;
    let group = format!("/groups/{}", id(&group)?);
    scene
        .manager
        .good("PUT", &format!("{group}/users/{user}"), None)?;
    let mappings = format!("{}/group-push/mappings", scene.app);
    let source = group.trim_start_matches("/groups/");
    let mapping = json!({ "sourceGroupId": source, "targetGroupName": "Engineers" });
    let mapping = scene.manager.post(&mappings, &mapping)?;
    let count = |there: &BTreeMap<String, Value>, name: &str| {
        there
            .get(name)
            .map(|group| group["members"].as_array().map_or(0, Vec::len))
    };
    scene.arrives("a member", "Groups", |there| {
        count(there, "Engineers") == Some(1)
    })?;
    let renamed = json!({ "profile": { "name": "Builders" } });
    scene.manager.good("PUT", &group, Some(&renamed))?;
    scene.arrives("another name", "Groups", |there| {
        count(there, "Builders") == Some(1)
    })?;
    scene
        .manager
        .good("DELETE", &format!("{group}/users/{user}"), None)?;
    scene.arrives("nobody", "Groups", |there| {
        count(there, "Builders") == Some(0)
    })?;
    let mapping = format!("{mappings}/{}", id(&mapping)?);
    scene
        .manager
        .good("PATCH", &mapping, Some(&json!({ "status": "INACTIVE" })))?;
    scene
        .manager
        .good("DELETE", &format!("{mapping}?deleteTargetGroup=true"), None)?;
    scene.arrives("no group", "Groups", |there| {
        !there.contains_key("Builders")
    })?;
    Ok(())
}

fn import(scene: &Scene) -> anyhow::Result<()> {
    let new = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "new@people.example",
        "emails": [{ "value": "new@people.example" }], "active": true,
    });
    let made = scene.peer.post("/Users", &new)?;
    let known = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "grace@people.example", "active": true,
    });
    let grace = scene.person("grace@people.example")?;
    let there = scene.peer.post("/Users", &known)?;
    let imports = format!("{}/provisioning/imports", scene.app);
    scene.manager.act(&imports)?;
    wait::until("an import", ARRIVAL_MAX, || {
        let import = scene.manager.get(&imports)?;
        anyhow::ensure!(import["status"] != "FAILED", "{import}");
        Ok((import["status"] == "COMPLETED").then_some(()))
    })?;
    let linked = json!({ "ids": [id(&there)?] });
    let linked = scene.manager.post(&format!("{imports}/link"), &linked)?;
    anyhow::ensure!(linked[0]["userId"] == grace.as_str(), "{linked}");
    let added = json!({ "ids": [id(&made)?] });
    let added = scene.manager.post(&format!("{imports}/create"), &added)?;
    anyhow::ensure!(added[0]["verdict"] == "LINKED", "{added}");
    let user = added[0]["userId"].as_str().context("no person")?;
    let person = scene.manager.get(&format!("/users/{user}"))?;
    anyhow::ensure!(person["status"] == "STAGED", "{person}");
    scene.arrives("what we call her", "Users", |there| {
        let user = there.get("grace@people.example");
        user.is_some_and(|user| user["externalId"] == grace.as_str())
    })?;
    Ok(())
}

/// The program is ended in the middle of its work, again and again; nobody is made twice, and nobody is left out.
fn survive(scene: &Scene, instance: &mut Instance) -> anyhow::Result<()> {
    let before = scene.peer.all("Users")?.len();
    let mut people = Vec::new();
    for number in 0..30 {
        people.push(scene.person(&format!("person{number}@people.example"))?);
    }
    for (number, person) in people.iter().enumerate() {
        scene.assign(person)?;
        if number % 10 == 4 {
            let came = before + number.saturating_sub(3);
            scene.arrives("a few", "Users", |there| there.len() >= came)?;
            instance.kill()?;
            instance.restart()?;
        }
    }
    // `all` fails where somebody is there twice.
    scene.arrives("everybody", "Users", |there| {
        there.len() == before + people.len()
    })?;
    let overview = scene.settles()?;
    anyhow::ensure!(overview["failed"] == 0, "{overview}");
    let there = scene.peer.all("Users")?;
    anyhow::ensure!(there.len() == before + people.len(), "{}", there.len());
    Ok(())
}

fn run(store_url: Option<String>) -> anyhow::Result<()> {
    let listen = free_address()?;
    let _server = Companion::python(
        "scim_server.py",
        &json!({ "port": listen.port(), "token": TOKEN }),
    )?;
    let peer = Caller {
        base: format!("http://{listen}/v2"),
        authorization: format!("Bearer {TOKEN}"),
    };
    wait::until("the server", ARRIVAL_MAX, || Ok(peer.all("Users").ok()))?;
    let mut instance = Instance::start(Plan {
        store_url,
        listen: Some(free_address()?),
        bootstrap: Some(bootstrap::render_provisioning_document()),
        ..Plan::default()
    })?;
    let scene = Scene::set_up(&format!("{}/t/main", instance.origin()), peer, TOKEN)?;
    let user = come_change_and_leave(&scene)?;
    push(&scene, &user)?;
    import(&scene)?;
    survive(&scene, &mut instance)?;
    let requests = scene
        .manager
        .get(&format!("{}/provisioning/requests", scene.app))?;
    anyhow::ensure!(
        requests.as_array().is_some_and(|list| !list.is_empty()),
        "{requests}"
    );
    anyhow::ensure!(!requests.to_string().contains(TOKEN), "a token is shown");
    by_an_sdk(&instance.origin(), &scene.peer)
}

/// From another organisation.
fn by_an_sdk(origin: &str, peer: &Caller) -> anyhow::Result<()> {
    let input = json!({
        "org_url": format!("{origin}/t/acme"),
        "token": bootstrap::MANAGER_TOKEN,
        "reader_token": bootstrap::READER_TOKEN,
        "peer": peer.base,
        "peer_token": TOKEN,
    });
    script::run_python("management_provisioning_sdk.py", &input)?;
    Ok(())
}

#[test]
fn scim2_server_is_kept_in_step_on_sqlite() {
    run(None).unwrap();
}

#[test]
fn scim2_server_is_kept_in_step_on_postgresql() {
    let database = postgres_for_tests::shared().empty_database().unwrap();
    run(Some(database.url())).unwrap();
}

#[test]
fn another_organisation_is_kept_in_step() {
    let instance = Instance::start(Plan {
        bootstrap: Some(bootstrap::render_provisioning_document()),
        ..Plan::default()
    })
    .unwrap();
    let peer = Caller {
        base: format!("{}/t/acme/scim/v2", instance.origin()),
        authorization: format!("Bearer {}", bootstrap::MANAGER_TOKEN),
    };
    let org_url = format!("{}/t/main", instance.origin());
    let scene = Scene::set_up(&org_url, peer, bootstrap::MANAGER_TOKEN).unwrap();
    let user = come_change_and_leave(&scene).unwrap();
    push(&scene, &user).unwrap();
}
