//! A plan tells what applying would do, and does nothing: it is empty exactly when applying changes nothing.

use super::{WHOLE, World, on_both_engines};
use crate::declaration::Mode;
use crate::declaration::report::{Action, Kind, render_text};
use identity::access::Permission;
use identity::app::operations::AppChange;
use identity::user_type::TYPES_MAX;
use vocab::id::AppId;

/// What each kind of thing begins with, what it becomes, and how that is told.
const CHANGES: &[(&str, &str, &str)] = &[
    (
        "name: Analytical Engines",
        "name: Difference Engines",
        "~ organisation main: name\n      name: \"Analytical Engines\" → \"Difference Engines\"",
    ),
    (
        "colour: \"#224466\"",
        "colour: \"#000000\"",
        "~ organisation main: branding.colour\n",
    ),
    (
        "last_name: Lovelace",
        "last_name: King",
        "~ person ada@example.com: last_name\n      last_name: \"Lovelace\" → \"King\"",
    ),
    (
        "email: grace@example.com",
        "email: grace@example.com\n        roles: [read_only_admin]",
        "~ person grace@example.com: roles\n      roles: + \"READ_ONLY_ADMIN\"",
    ),
    (
        "display_name: Contractor",
        "display_name: Freelancer",
        "~ type of people \"contractor\": display_name\n      display_name: \"Contractor\" → \"Freelancer\"",
    ),
    (
        "title: Agency",
        "title: Bureau",
        "~ type of people \"contractor\": attributes[0].title\n",
    ),
    (
        "- name: contractor\n",
        "- { name: user, display_name: Employee }\n      - name: contractor\n",
        "~ type of people \"user\": display_name\n      display_name: \"User\" → \"Employee\"",
    ),
    (
        "type: contractor\n        attributes: { agency: Acme }",
        "type: user",
        "~ person charles@example.com: type, attributes.agency\n      type: \"contractor\" → \"user\"",
    ),
    (
        "description: They build",
        "description: They think",
        "~ group \"Engineers\": description\n",
    ),
    (
        "members: [ada@example.com, Grace@example.com]",
        "members: [ada@example.com, Grace@example.com, charles@example.com]",
        "~ group \"Engineers\": members\n      members: + [\"charles@example.com\"]",
    ),
    (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "~ zone \"Office\": ranges\n",
    ),
    (
        "zones: { not_in: [Office] }",
        "zones: { in: [Office] }",
        "conditions.zones.in: + [\"Office\"]",
    ),
    (
        "outcome: deny",
        "outcome: { allow: {} }",
        "~ policy \"Two factors\": rules[1].outcome\n",
    ),
    (
        "groups: { include: [Engineers] }",
        "groups: {}",
        "rules[0].conditions.groups.include: [\"Engineers\"] → []",
    ),
    (
        "- name: Others\n            outcome: deny",
        "- name: Others\n            outcome: deny\n          - name: Rest\n            outcome: deny",
        "~ policy \"Two factors\": rules\n",
    ),
    (
        "redirect_uris: [ \"http://127.0.0.1:9/callback\" ]\n      - label",
        "redirect_uris: [ \"http://127.0.0.1:8/callback\" ]\n      - label",
        "~ app \"Wiki\": settings.redirect_uris\n      settings.redirect_uris: [\"http://127.0.0.1:9/callback\"] → \
         [\"http://127.0.0.1:8/callback\"]",
    ),
    (
        "clear: web-secret-of-the-test-bed-0123456789",
        "clear: web-secret-of-the-test-bed-9999999999",
        "~ app \"Wiki\": client_secret\n      client_secret: not shown",
    ),
    (
        "policy: Two factors\n",
        "\n",
        "~ app \"Wiki\": policy\n      policy: \"Two factors\" → null",
    ),
    (
        "people: [charles@example.com]",
        "people: [charles@example.com, grace@example.com]",
        "~ app \"Wiki\": people\n      people: + [\"grace@example.com\"]",
    ),
    (
        "- label: Calendar\n",
        "- label: Calendar\n        groups: [Engineers]\n",
        "~ app \"Calendar\": groups\n",
    ),
    (
        "description: Read",
        "description: See",
        "~ authorization server \"default\": scopes[0].description\n",
    ),
    (
        "apps: [Wiki]",
        "apps: [Calendar]",
        "rules[0].apps: [\"Wiki\"] → [\"Calendar\"]",
    ),
    (
        "clear: 00Tabc",
        "clear: 00Txyz",
        "+ API token \"Pipeline\"\n",
    ),
];

async fn an_empty_cell_is_planned_as_it_is_made(world: &World) {
    let planned = world.plan(WHOLE).await;
    let mut tx = world.cell.database.read().await.unwrap();
    let org = identity::org::store::find_by_slug(&mut tx, "main").await;
    assert!(org.unwrap().is_none(), "a plan made something");
    drop(tx);
    let kinds = [
        Kind::Organisation,
        Kind::UserType,
        Kind::Person,
        Kind::Group,
        Kind::Zone,
        Kind::TrustedOrigin,
        Kind::Policy,
        Kind::App,
        Kind::AuthorizationServer,
        Kind::ApiToken,
    ];
    for kind in kinds {
        let made = |change: &&super::super::report::Change| {
            change.kind == kind && change.action == Action::Create
        };
        assert!(
            planned.changes.iter().any(|change| made(&change)),
            "{kind:?}"
        );
    }
    assert_eq!(world.apply(WHOLE).await, planned);
    let again = world.plan(WHOLE).await;
    assert!(again.changes.is_empty(), "{}", render_text(&again));
}

async fn every_kind_of_change_is_planned_then_made_and_then_gone(world: &World) {
    world.apply(WHOLE).await;
    let main = world.org("main").await;
    for (from, to, told) in CHANGES {
        assert!(WHOLE.contains(from), "{from}");
        let changed = WHOLE.replacen(from, to, 1);
        let rows = world.log_rows(&main).await;
        let planned = world.plan(&changed).await;
        let text = render_text(&planned);
        assert!(text.contains(told), "{from} to {to}:\n{text}");
        assert_eq!(planned.changes.len(), 1, "{text}");
        for secret in ["web-secret", "00T"] {
            assert!(!text.contains(secret), "{text}");
            assert!(!serde_json::to_string(&planned).unwrap().contains(secret));
        }
        assert_eq!(
            world.log_rows(&main).await,
            rows,
            "a plan changed something: {text}"
        );
        assert_eq!(world.apply(&changed).await, planned);
        assert!(
            world.log_rows(&main).await > rows,
            "nothing was made: {text}"
        );
        let rows = world.log_rows(&main).await;
        let again = world.plan(&changed).await;
        assert!(again.changes.is_empty(), "{}", render_text(&again));
        world.apply(&changed).await;
        assert_eq!(world.log_rows(&main).await, rows, "{told}");
        // Back to where it was, as far as a declaration takes anything back.
        world.apply(WHOLE).await;
    }
}

async fn what_an_administrator_changed_shows_as_drift(world: &World) {
    world.apply(WHOLE).await;
    let main = world.org("main").await;
    let id = AppId::parse("0oaWebBasic000000001").unwrap();
    let app = world.cell.app(&main, &id).await.unwrap().unwrap();
    let permit = world.permit(&main, Permission::ManageApps);
    let change = AppChange {
        label: String::from("Renamed"),
        settings: app.settings.clone(),
        policy_id: None,
    };
    let changed = world.cell.update_app(&permit, &id, app.revision, change);
    changed.await.unwrap();
    let permit = world.permit(&main, Permission::ManageGroups);
    let mut tx = world.cell.database.read().await.unwrap();
    let group = identity::group::store::find_by_name(&mut tx, &main, "Engineers").await;
    let group = group.unwrap().unwrap();
    drop(tx);
    let ada = world.person(&main, "ada@example.com").await;
    let charles = world.person(&main, "charles@example.com").await;
    let removed = world.cell.remove_group_member(&permit, &group.id, &ada.id);
    removed.await.unwrap();
    // Who joined beyond the document stays, and is no drift.
    let joined = world.cell.add_group_member(&permit, &group.id, &charles.id);
    joined.await.unwrap();
    let text = render_text(&world.plan(WHOLE).await);
    assert!(text.contains("~ app \"Wiki\": label, policy\n"), "{text}");
    assert!(text.contains("label: \"Renamed\" → \"Wiki\"\n"), "{text}");
    assert!(text.contains("policy: null → \"Two factors\"\n"), "{text}");
    assert!(
        text.contains("members: + [\"ada@example.com\"]\n"),
        "{text}"
    );
    assert!(!text.contains("charles"), "{text}");
    world.apply(WHOLE).await;
    assert!(world.plan(WHOLE).await.changes.is_empty());
}

async fn a_password_that_is_there_is_nobodys_drift(world: &World) {
    world.apply(WHOLE).await;
    let other = WHOLE.replace("plain clock winter harbour", "another clock winter lamp");
    assert!(world.plan(&other).await.changes.is_empty());
}

/// An org with that of `user`, and with types; each of those stands on a line of its own.
fn typed(schema: &str, types: &[String]) -> String {
    let types: String = types.iter().map(|of| format!("      - {of}\n")).collect();
    format!(
        "orgs:\n  - slug: main\n    name: Main\n    profile_schema: [{schema}]\n    user_types:\n{types}"
    )
}

fn type_of(name: &str, attributes: &str) -> String {
    format!("{{ name: {name}, display_name: Some, attributes: [{attributes}] }}")
}

fn attribute(name: &str, words: &str) -> String {
    format!("{{ name: {name}, title: T, required: false, self_editable: false, {words} }}")
}

/// What is there before, what is declared then, on which line that cannot be, and what is said of it.
fn impossible_types() -> Vec<(Option<String>, String, usize, &'static str)> {
    let level = |kind: &str| attribute("level", &format!("kind: {kind}"));
    let unique = |numbers: std::ops::Range<usize>| {
        let named = |number| attribute(&format!("n{number}"), "kind: text, unique: true");
        numbers.map(named).collect::<Vec<String>>().join(", ")
    };
    let of_two = [
        type_of("one", &level("text")),
        type_of("two", &level("integer")),
    ];
    let one = |kind: &str| vec![type_of("one", &level(kind))];
    let numbered = |count| (0..count).map(|number| type_of(&format!("t{number}"), ""));
    let many: Vec<String> = numbered(TYPES_MAX).collect();
    let other_kind = "\"level\": another type of people has it, and it holds something else there";
    let (first, last) = (6, 5 + TYPES_MAX);
    vec![
        (None, typed("", &of_two), first + 1, other_kind),
        (
            None,
            typed(&level("integer"), &one("text")),
            first,
            other_kind,
        ),
        // Those of `user` are changed before any type is, and so they are looked at first.
        (
            Some(typed("", &one("text"))),
            typed(&level("integer"), &one("integer")),
            2,
            other_kind,
        ),
        (
            Some(typed("", &of_two[..1])),
            typed("", &of_two[1..]),
            first,
            other_kind,
        ),
        (None, typed("", &many), last, "types of people"),
        (
            Some(typed("", &many[..TYPES_MAX - 1])),
            typed("", &many[TYPES_MAX - 1..]),
            first,
            "types of people",
        ),
        (
            None,
            typed(&unique(0..3), &[type_of("one", &unique(3..6))]),
            first,
            "attributes without two people of one value",
        ),
    ]
}

async fn types_that_cannot_be_are_refused_where_they_stand(world: &World) {
    for (number, (before, text, line, words)) in impossible_types().into_iter().enumerate() {
        let of_this_case =
            |text: &str| text.replacen("slug: main", &format!("slug: main{number}"), 1);
        if let Some(before) = before {
            world.apply(&of_this_case(&before)).await;
        }
        let text = of_this_case(&text);
        let told = world.refused(&text, Mode::Plan).await;
        assert!(told.starts_with(&format!("doc.yaml:{line}:")), "{told}");
        assert!(told.contains(words), "{told}");
        assert_eq!(world.refused(&text, Mode::Apply).await, told);
    }
}

/// A claim names what people have once the document is applied, by `plan` too.
async fn a_claim_names_what_the_same_document_gives_people(world: &World) {
    let team = attribute("team", "kind: text");
    let (none, one) = ([type_of("one", "")], [type_of("one", &team)]);
    let of_default = typed(&team, &none);
    let of_type = typed("", &one);
    let with = |people: &str, servers: &[(&str, &str)]| {
        let servers = servers.iter().map(|(server, claimed)| {
            format!(
                "      - {{ name: {server}, audience: api://orders, claims: [ {{ name: crew, token: id_token, value: {{ attribute: {claimed} }} }} ] }}\n"
            )
        });
        let servers: String = servers.collect();
        format!("{people}    authorization_servers:\n{servers}")
    };
    for (number, people) in [of_default, of_type].iter().enumerate() {
        let of_this_case =
            |text: String| text.replacen("slug: main", &format!("slug: main{number}"), 1);
        let refused = async |text: String, line: usize, attribute: &str| {
            let text = of_this_case(text);
            let told = world.refused(&text, Mode::Plan).await;
            assert!(told.starts_with(&format!("doc.yaml:{line}:")), "{told}");
            let words = format!("crew: people have no attribute {attribute:?}");
            assert!(told.contains(&words), "{told}");
            assert_eq!(world.refused(&text, Mode::Apply).await, told);
        };
        let whole = of_this_case(with(people, &[("Orders", "team")]));
        assert!(!world.plan(&whole).await.changes.is_empty());
        world.apply(&whole).await;
        let planned = world.plan(&whole).await;
        assert!(planned.changes.is_empty() && planned.remarks.is_empty());
        refused(with(people, &[("Orders", "crew")]), 8, "crew").await;
        // Once nobody has it any more, the claim stays, which is told, and no other one is made.
        let bare = typed("", &none);
        let left = of_this_case(with(&bare, &[("Orders", "team")]));
        let planned = world.plan(&left).await;
        assert!(!planned.changes.is_empty());
        assert_eq!(world.apply(&left).await.remarks, planned.remarks);
        let again = world.plan(&left).await;
        assert!(again.changes.is_empty());
        assert_eq!(again.remarks, planned.remarks);
        let told = render_text(&again);
        let words = "  ! authorization server \"Orders\": the claim \"crew\" gives nothing: people have no attribute \"team\"; ";
        assert!(told.contains(&format!("main{number}:\n{words}")), "{told}");
        // It gives something again where people have the attribute again.
        assert!(world.plan(&whole).await.remarks.is_empty());
        let both = with(&bare, &[("Orders", "team"), ("Others", "team")]);
        refused(both, 9, "team").await;
    }
}

/// Of two logins that look like one to whoever reads them the second is refused where it stands, by `plan` as by `apply`.
async fn of_two_logins_that_look_the_same_the_second_is_refused(world: &World) {
    let pairs = [
        ("ada", "a\u{200b}da"),
        ("ada", "a\u{ad}da"),
        ("ada", "\u{ff41}da"),
        ("\u{e4}da", "a\u{308}da"),
    ];
    for (number, (one, other)) in pairs.into_iter().enumerate() {
        let text = format!(
            "orgs:\n- slug: twins{number}\n  name: Twins\n  people:\n  - {{ login: {one}, email: a@b.example }}\n  - {{ login: {other}, email: c@d.example }}\n"
        );
        let told = world.refused(&text, Mode::Plan).await;
        assert!(told.starts_with("doc.yaml:6:14:"), "{told}");
        assert!(told.contains("characters that are not shown"), "{told}");
        assert_eq!(world.refused(&text, Mode::Apply).await, told);
    }
}

on_both_engines!(
    of_two_logins_that_look_the_same_the_second_is_refused,
    a_claim_names_what_the_same_document_gives_people,
    an_empty_cell_is_planned_as_it_is_made,
    every_kind_of_change_is_planned_then_made_and_then_gone,
    what_an_administrator_changed_shows_as_drift,
    a_password_that_is_there_is_nobodys_drift,
    types_that_cannot_be_are_refused_where_they_stand,
);
