//! What a form of the administration that was refused carries when it is shown again: the revision that was seen when it was opened, so
//! that sending it once more never undoes what somebody else changed meanwhile.

use crate::tests::console_pages::{CHANGED, Pages, revision_on};
use crate::tests::matrix::read;
use crate::tests::matrix::world::Who;
use crate::tests::one_org::permit;
use crate::tests::two_orgs::find_person;
use axum::http::{Method, StatusCode};
use identity::access::Permission;
use identity::access::custom::Named;
use identity::access::custom::capability::Capability;
use identity::access::custom::roles::RoleChange;
use identity::access::custom::sets::SetChange;
use identity::access::custom::store::labelled::load as load_labelled;
use identity::access::custom::store::roles::load_capabilities;
use identity::person::profile::ProfileInput;
use identity::sign_on::store::{load_all_policies, load_all_zones};
use protocol::oauth::form::render_form;
use std::collections::BTreeSet;
use vocab::id::CustomRoleId;

/// A public key in a set.
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k","alg":"ES256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

/// The first id that a page has behind the beginning of an address.
fn id_on(page: &str, address: &str) -> String {
    let found = page.split(address).skip(1).find_map(|rest| {
        let (id, _) = rest.split_once(['"', '/'])?;
        (id.len() == 20).then(|| id.to_owned())
    });
    found.unwrap()
}

/// A form: where it stands, where it is sent, and what two administrators type.
struct Case {
    page: String,
    sent_to: String,
    theirs: String,
    bad: String,
    mended: String,
}

impl Case {
    /// A form that is sent to where it stands.
    fn at(page: impl Into<String>, theirs: &str, bad: &str, mended: &str) -> Self {
        let page = page.into();
        Self {
            sent_to: page.clone(),
            page,
            theirs: theirs.to_owned(),
            bad: bad.to_owned(),
            mended: mended.to_owned(),
        }
    }

    fn sent_to(self, address: impl Into<String>) -> Self {
        Self {
            sent_to: address.into(),
            ..self
        }
    }

    /// One opens the form, another changes the same, and the first sends something that cannot be taken, mends it, and sends it again.
    async fn keeps_what_was_seen(&self, pages: &Pages) {
        let (page, address) = (&self.page, &self.sent_to);
        let seen = revision_on(&pages.look(page).await);
        let with = |revision: &str, form: &str| format!("revision={revision}&{form}");
        pages.done(address, &with(&seen, &self.theirs)).await;
        let bad = with(&seen, &self.bad);
        let (_, again) = pages.refused(Who::Administrator, address, &bad).await;
        assert_eq!(revision_on(&again), seen, "{address}");
        let mended = with(&revision_on(&again), &self.mended);
        // However often it is sent, for as long as it shows what was typed.
        for _ in 0..2 {
            let (_, again) = pages.refused(Who::Administrator, address, &mended).await;
            assert!(again.contains(CHANGED), "{address}: {again}");
            assert_eq!(revision_on(&again), seen, "{address}");
        }
        // Whoever opens it anew sees the other's change, and may then make their own.
        let fresh = revision_on(&pages.look(page).await);
        assert_ne!(fresh, seen, "{address}");
        pages.done(address, &with(&fresh, &self.mended)).await;
    }
}

async fn keep_what_was_seen(cases: &[Case], pages: &Pages) {
    for case in cases {
        case.keeps_what_was_seen(pages).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_sign_on_keep_the_revision_that_was_seen() {
    let pages = Pages::open().await;
    let (policy, rule, zone) = {
        let mut tx = pages.world.cell.database.read().await.unwrap();
        let all = load_all_policies(&mut tx, &pages.world.main).await.unwrap();
        let mut named = all.into_iter().filter(|one| one.policy.name == "Careful");
        let policy = named.next().unwrap().policy;
        let zones = load_all_zones(&mut tx, &pages.world.main).await.unwrap();
        let office = zones.into_iter().find(|one| one.zone.name == "Office");
        let rule = policy.rules[0].id.to_string();
        (policy.id.to_string(), rule, office.unwrap().zone.id)
    };
    let behaviors = pages.look("/admin/behaviors").await;
    let behavior = id_on(&behaviors, "/admin/behaviors/");
    let rest =
        "access=allow&administrators=both&factors=two_factors&phishing_resistant=no&zone_mode=any";
    let rule_form = |name: &str| format!("name={name}&{rest}");
    let policy_page = format!("/admin/policies/{policy}");
    let numbers = "events_max=10&events_min=2";
    keep_what_was_seen(
        &[
            Case::at(
                format!("/admin/zones/{zone}"),
                "name=Office&ranges=192.0.2.0/25",
                "name=Office&ranges=nowhere",
                "name=Office&ranges=192.0.2.0/26",
            ),
            Case::at(
                &policy_page,
                "name=Careful+too",
                "name=",
                "name=Careful+again",
            ),
            Case::at(
                format!("{policy_page}/rules/{rule}"),
                &rule_form("Theirs"),
                &format!("{}&session_minutes=many", rule_form("Mine")),
                &rule_form("Mine"),
            ),
            Case::at(
                format!("{policy_page}/rules/new"),
                &rule_form("Their+new"),
                &format!("{}&session_minutes=many", rule_form("My+new")),
                &rule_form("My+new"),
            ),
            Case::at(
                format!("/admin/behaviors/{behavior}"),
                &format!("name=Theirs&{numbers}"),
                "name=Mine&events_max=many&events_min=2",
                &format!("name=Mine&{numbers}"),
            ),
        ],
        &pages,
    )
    .await;
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_the_settings_keep_the_revision_that_was_seen() {
    let pages = Pages::open().await;
    let mail = |host: &str, port: &str| {
        format!("host={host}&port={port}&security=tls&username=&password=&from=id%40main.example")
    };
    let passwords = |length: &str| format!("length_min={length}&history_count=0&age_max_days=");
    let attributes = "/admin/settings/attributes";
    keep_what_was_seen(
        &[
            Case::at(
                "/admin/settings",
                "name=Theirs&colour=%232f6f4f&language=",
                "name=&colour=%232f6f4f&language=",
                "name=Mine&colour=%232f6f4f&language=",
            ),
            Case::at(
                "/admin/settings/mail",
                &mail("smtp.theirs.example", "465"),
                &mail("smtp.mine.example", "many"),
                &mail("smtp.mine.example", "465"),
            ),
            Case::at(
                "/admin/settings/passwords",
                &passwords("12"),
                &passwords("many"),
                &passwords("14"),
            ),
            Case::at(
                "/admin/settings/sessions",
                "idle_minutes=30&lifetime_minutes=60",
                "idle_minutes=many&lifetime_minutes=60",
                "idle_minutes=20&lifetime_minutes=60",
            ),
            Case::at(
                "/admin/settings/passkeys",
                "attestation=none&models=&roots=&existing=kept",
                "attestation=none&models=none&roots=&existing=kept",
                "attestation=none&models=&roots=&existing=refused",
            ),
            Case::at(
                "/admin/settings/threats",
                "action=audit",
                "action=block&zone=nzo00000000000000009",
                "action=block",
            ),
            Case::at(
                attributes,
                "type=default&name=level&title=Level&kind=integer",
                "type=default&name=1st&kind=text",
                "type=default&name=site&kind=text",
            )
            .sent_to(format!("{attributes}/add")),
            Case::at(
                format!("{attributes}/rules/level"),
                "type=default&title=Theirs&min=1&max=&own=read",
                "type=default&title=Mine&min=many&max=&own=read",
                "type=default&title=Mine&min=2&max=&own=read",
            ),
        ],
        &pages,
    )
    .await;
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_the_directory_keep_the_revision_that_was_seen() {
    let pages = Pages::open().await;
    let main = pages.world.main.clone();
    let group = pages.group(&main, "First").await;
    let grace = pages.person("main", "grace").await;
    let app = pages.app(&main).await;
    let reader = pages.reader();
    let rules = pages.world.cell.list_group_rules(&reader, "", "", 1);
    let rule = rules.await.unwrap().0.remove(0).id;
    let person = |first: &str, login: &str| {
        format!(
            "of-type=default&login={login}&email=grace%40main.example&first_name={first}&last_name=Hopper"
        )
    };
    let rule_form = |name: &str, asked: &str| {
        format!("name={name}&expression=user.firstName+%3D%3D+%22{asked}&groups=First&excluded=")
    };
    let settings = |name: &str, uri: &str| {
        format!("name={name}&redirect_uris={uri}&id_token_alg=RS256&pkce=on")
    };
    let (here, nowhere) = ("https%3A%2F%2Fwiki.example%2Fback", "nowhere");
    let groups = "/admin/groups/attributes";
    let login = "grace%40main.example";
    keep_what_was_seen(
        &[
            Case::at(
                format!("/admin/people/{grace}"),
                &person("Theirs", login),
                &person("Mine", ""),
                &person("Mine", login),
            ),
            Case::at(
                format!("/admin/groups/{group}/settings"),
                "name=First&description=Theirs",
                "name=&description=Mine",
                "name=First&description=Mine",
            ),
            Case::at(
                format!("/admin/groups/rules/{rule}"),
                &rule_form("Theirs", "Ada%22"),
                &rule_form("Mine", "Grace"),
                &rule_form("Mine", "Grace%22"),
            ),
            // To ask about somebody is no way either to be given a newer one.
            Case::at(
                format!("/admin/groups/rules/{rule}"),
                &rule_form("Theirs+too", "Ada%22"),
                &format!("act=try&person=nobody&{}", rule_form("Mine", "Rosa%22")),
                &rule_form("Mine", "Rosa%22"),
            ),
            Case::at(
                format!("/admin/apps/{app}"),
                &settings("Wiki", here),
                &settings("Mine", nowhere),
                &settings("Mine", here),
            ),
            Case::at(
                groups,
                "name=level&kind=integer",
                "name=1st&kind=text",
                "name=site&kind=text",
            )
            .sent_to(format!("{groups}/add")),
            Case::at(
                format!("{groups}/rules/site"),
                "title=Theirs",
                "title=Mine&min=many",
                "title=Mine",
            ),
        ],
        &pages,
    )
    .await;
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_credentials_keep_the_revision_that_was_seen() {
    let pages = Pages::open().await;
    let app = pages.app(&pages.world.main).await;
    let page = format!("/admin/apps/{app}/credentials");
    let policy = pages.policy(&pages.world.main, "Vault").await;
    let foreign = pages.policy(&pages.world.acme, "Vault").await;
    let snapshot = pages.world.cell.snapshot(&pages.world.main).await;
    let every = snapshot.unwrap().unwrap().org_policy.id.clone();
    // One took a key away: the page that still shows it must not give it back.
    let key = render_form(&[("jwks", KEYS)]);
    keep_what_was_seen(
        &[
            Case::at(
                &page,
                "client_auth=client_secret_post",
                "client_auth=private_key_jwt",
                "client_auth=client_secret_basic",
            ),
            Case::at(&page, "jwks=", "jwks=none", &key).sent_to(format!("/admin/apps/{app}/keys")),
            Case::at(
                format!("/admin/apps/{app}/sign-on"),
                &format!("policy={policy}"),
                &format!("policy={foreign}"),
                &format!("policy={every}"),
            ),
        ],
        &pages,
    )
    .await;
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_what_the_org_speaks_to_keep_the_revision_that_was_seen() {
    let pages = Pages::open().await;
    let page_of = async |list: &str| {
        let list = format!("/admin/settings/{list}");
        let shown = pages.look(&list).await;
        format!("{list}/{}", id_on(&shown, &format!("{list}/")))
    };
    let provider = |name: &str, issuer: &str| {
        let at = "https%3A%2F%2Fidp.example%2F";
        format!(
            "name={name}&issuer={issuer}&authorization={at}authorize&token={at}token&userinfo=&jwks={at}keys&client_id=us&client_secret=&secret_place=basic&scopes=openid&match_by="
        )
    };
    let hook = |name: &str, types: &str| {
        format!(
            "name={name}&description=&uri=https%3A%2F%2Fhooks.example%2Fin&types={types}&auth_name=&auth_value="
        )
    };
    let inline = |name: &str, kind: &str| {
        format!(
            "name={name}&uri=https%3A%2F%2Fhooks.example%2Fclaims&auth_kind={kind}&auth_name=&auth_value="
        )
    };
    let stream =
        |name: &str, uri: &str| format!("name={name}&filter=&uri={uri}&auth_name=&auth_value=");
    let (idp, siem) = (
        "https%3A%2F%2Fidp.example",
        "https%3A%2F%2Fsiem.example%2Fin",
    );
    let told = "group.lifecycle.create";
    keep_what_was_seen(
        &[
            Case::at(
                page_of("providers").await,
                &provider("Theirs", idp),
                &provider("Mine", "nowhere"),
                &provider("Mine", idp),
            ),
            Case::at(
                page_of("hooks").await,
                &hook("Theirs", told),
                &hook("Mine", "none"),
                &hook("Mine", told),
            ),
            Case::at(
                page_of("inline-hooks").await,
                &inline("Theirs", "header"),
                &inline("Mine", "none"),
                &inline("Mine", "header"),
            ),
            Case::at(
                page_of("streams").await,
                &stream("Theirs", siem),
                &stream("Mine", "nowhere"),
                &stream("Mine", siem),
            ),
        ],
        &pages,
    )
    .await;
    pages.world.close().await;
}

/// A person's own form undoes nothing that an administrator changed since it was opened.
#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_the_own_profile_keeps_the_revision_that_was_seen() {
    let pages = Pages::open().await;
    let (who, page) = (Who::Person, "/account");
    let grace = async || find_person(&pages.world.cell, "main", "grace@main.example").await;
    let look = async || read(pages.world.call(who, &Method::GET, page, "").await).await;
    let names = async || {
        let now = grace().await;
        format!("{} {}", now.first_name, now.last_name)
    };
    let seen = revision_on(&look().await);
    let before = grace().await;
    let theirs = ProfileInput {
        login: before.login.clone(),
        email: before.email.clone(),
        first_name: String::from("Grace"),
        last_name: String::from("Murray"),
        attributes: before.profile.clone(),
    };
    let manager = permit(&pages.world.main, Permission::ManagePeople);
    let cell = &pages.world.cell;
    let changed = cell.update_person(&manager, &before.id, before.revision, theirs);
    changed.await.unwrap();
    let mine = "first_name=Gracie&last_name=Hopper";
    let stale = format!("revision={seen}&{mine}");
    for form in [stale.as_str(), mine] {
        let (_, again) = pages.refused(who, page, form).await;
        assert!(again.contains(CHANGED) && again.contains("Gracie"));
        assert_ne!(revision_on(&again), grace().await.revision.to_string());
        assert_eq!(names().await, "Grace Murray");
    }
    let fresh = revision_on(&look().await);
    let anew = format!("revision={fresh}&{mine}");
    let sent = pages.send(who, page, &anew);
    assert_eq!(sent.await.status(), StatusCode::SEE_OTHER);
    assert_eq!(names().await, "Gracie Hopper");
    let own = |first: &str| format!("first_name={first}&last_name=Lovelace");
    let long = own(&"x".repeat(500));
    let case = Case::at(page, &own("Theirs"), &long, &own("Mine"));
    case.keeps_what_was_seen(&pages).await;
    pages.world.close().await;
}

/// A role has no revision: its form carries what was seen of it, and gives no permission back that another took away.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_a_role_is_refused_where_the_role_is_another_by_now() {
    let pages = Pages::open().await;
    let main = pages.world.main.clone();
    let roles = "/admin/custom-roles";
    let shown = pages.look(roles).await;
    let role = CustomRoleId::parse(&id_on(&shown, "/admin/custom-roles/")).unwrap();
    let address = format!("{roles}/{role}/edit");
    let (users, groups) = ("okta.users.read", "okta.groups.read");
    let seen_field = |of: &str| format!("name=\"seen\" value=\"{of}\"");
    assert!(shown.contains(&seen_field(users)) && shown.contains(&seen_field(groups)));
    assert!(shown.contains("name=\"seen_label\" value=\"Clerks\""));
    // What is read are words, and not the names by which tools know them.
    assert!(shown.contains("<span class=\"chip\">See people</span>"));
    assert!(!shown.contains(">okta."));
    let form = |seen: &str| {
        format!(
            "seen_label=Clerks&seen_description={seen}&label=Desk&description=Mine&permission={users}&permission={groups}"
        )
    };
    let held = async || -> Vec<Capability> {
        let mut tx = pages.world.cell.database.read().await.unwrap();
        let held = load_capabilities(&mut tx, &main, &role).await.unwrap();
        held.iter().map(|one| one.capability).collect()
    };
    let manager = permit(&main, Permission::ManageOrg);
    let revoke = RoleChange::Revoke(Capability::GroupsRead);
    let changed = pages.world.cell.change_custom_role(&manager, &role, revoke);
    changed.await.unwrap();
    let both = form(&format!("&seen={users}&seen={groups}"));
    for stale in [&both, &form("")] {
        pages.told(&address, stale, CHANGED).await;
        assert_eq!(held().await, [Capability::UsersRead]);
    }
    let again = pages.look(roles).await;
    assert!(again.contains(&seen_field(users)) && !again.contains(&seen_field(groups)));
    assert!(!again.contains("<strong>Desk"));
    // Whoever sees the other's change may decide otherwise.
    let fresh = form(&format!("&seen={users}"));
    pages.done(&address, &fresh).await;
    assert_eq!(held().await.len(), 2);
    // And a name that another gave is not undone either.
    let named = fresh.replace("&label", &format!("&seen={groups}&label"));
    pages.told(&address, &named, CHANGED).await;
    pages.world.close().await;
}

/// A resource set has none either: its form carries the label and the description that were seen, and undoes no other's.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_a_resource_set_is_refused_where_it_is_called_otherwise_by_now() {
    let pages = Pages::open().await;
    let manager = permit(&pages.world.main, Permission::ManageOrg);
    let named = |label: &str, description: &str| Named {
        label: label.to_owned(),
        description: description.to_owned(),
    };
    let cell = &pages.world.cell;
    let first = named("Samos", "The island\nand its people");
    let made = cell.create_resource_set(&manager, first, BTreeSet::new());
    let set = made.await.unwrap().id;
    let page = format!("/admin/resource-sets/{set}");
    let stored = async || {
        let mut tx = cell.database.read().await.unwrap();
        let set = load_labelled(&mut tx, &pages.world.main, &set).await;
        set.unwrap().unwrap().named
    };
    let carries =
        |page: &str, label: &str| page.contains(&format!("name=\"seen_label\" value=\"{label}\""));
    assert!(carries(&pages.look(&page).await, "Samos"));
    let seen = "seen_label=Samos&seen_description=The+island%0D%0Aand+its+people";
    let mine = "label=Chios&description=Mine";
    let theirs = SetChange::Name(named("Lesbos", "Theirs"));
    let changed = cell.change_resource_set(&manager, &set, theirs);
    changed.await.unwrap();
    // However often it is sent: what was typed stands there again, and what was seen stays what it was.
    let stale = format!("{seen}&{mine}");
    for _ in 0..2 {
        let (_, again) = pages.refused(Who::Administrator, &page, &stale).await;
        assert!(again.contains(CHANGED) && again.contains("value=\"Chios\""));
        assert!(carries(&again, "Samos"));
    }
    // A form that carries nothing was made of nothing, and one whose description alone is another's is refused too.
    let half = format!("seen_label=Lesbos&seen_description=&{mine}");
    for form in [mine, half.as_str()] {
        pages.told(&page, form, CHANGED).await;
    }
    assert_eq!(stored().await, named("Lesbos", "Theirs"));
    // Whoever sees the other's change may decide otherwise, and mends what cannot be taken.
    assert!(carries(&pages.look(&page).await, "Lesbos"));
    let fresh = "seen_label=Lesbos&seen_description=Theirs";
    let bad = format!("{fresh}&label=&description=Mine");
    let (_, again) = pages.refused(Who::Administrator, &page, &bad).await;
    assert!(carries(&again, "Lesbos") && again.contains("value=\"Mine\""));
    pages.done(&page, &format!("{fresh}&{mine}")).await;
    assert_eq!(stored().await, named("Chios", "Mine"));
    // What else the page changes goes by no name, and what the set is called is shown as it is stored.
    let nothing = format!("{page}/resources/add");
    let other = "kind=GROUP&name=Nobody";
    let (_, again) = pages.refused(Who::Administrator, &nothing, other).await;
    assert!(carries(&again, "Chios"));
    pages.world.close().await;
}

/// What shows what is stored is as new as that, also where a form was refused: nothing that was typed stands there.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_shows_what_is_stored_carries_its_revision() {
    let pages = Pages::open().await;
    let main = pages.world.main.clone();
    let manager = permit(&main, Permission::ManagePolicies);
    let stored = async || {
        let mut tx = pages.world.cell.database.read().await.unwrap();
        let all = load_all_policies(&mut tx, &main).await.unwrap();
        let mut named = all.into_iter().filter(|one| one.policy.name == "Careful");
        named.next().unwrap()
    };
    let seen = stored().await;
    let page = format!("/admin/policies/{}", seen.policy.id);
    let mut theirs = seen.policy.clone();
    theirs.rules[0].name = String::from("Theirs");
    let cell = &pages.world.cell;
    let changed = cell.update_policy(&manager, theirs, seen.revision).await;
    changed.unwrap();
    let rule = &seen.policy.rules[0].id;
    let form = format!("revision={}&id={rule}&to=down", seen.revision);
    let address = format!("{page}/rules/move");
    let (_, again) = pages.refused(Who::Administrator, &address, &form).await;
    assert!(again.contains(CHANGED) && again.contains("Theirs"));
    let now = stored().await.revision;
    assert_ne!(now, seen.revision);
    assert_eq!(revision_on(&again), now.to_string());
    pages.world.close().await;
}
