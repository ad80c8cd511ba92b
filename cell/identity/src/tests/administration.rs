//! What administrators set for their org: roles, host names, logo, mail server, and what the pages list.

use crate::access::{Permission, Role};
use crate::api_token::{IDLE_SECS, store as api_tokens};
use crate::app::operations::{AppChange, NewApp};
use crate::app::{AppKind, settings::AppSettings};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::org::Org;
use crate::org::hosts::HOSTS_MAX;
use crate::org::logo::LogoFormat;
use crate::org::mail::{MailChange, MailSecurity};
use crate::org::settings::{AttributeKind, OrgSettings, ProfileAttribute};
use crate::person::Person;
use crate::person::roles::{ADMINISTRATORS_MAX, GrantedRole};
use crate::person::store as people;
use crate::sign_on::{presets, store as sign_on};
use vocab::id::{OrgId, PolicyId, UserId};
use vocab::secret::Secret;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";

async fn roles_of(world: &World, person: &Person) -> Vec<Role> {
    let mut tx = world.cell.database.read().await.unwrap();
    people::load_roles(&mut tx, &person.org_id, &person.id)
        .await
        .unwrap()
}

async fn org_of(world: &World, id: &OrgId) -> Org {
    world.cell.snapshot(id).await.unwrap().unwrap().org.clone()
}

async fn roles_are_given_and_taken_by_others(world: &World) {
    use Role::{AppAdmin, HelpDeskAdmin, ReadOnlyAdmin, SuperAdmin};
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", SuperAdmin).await;
    let grace = world.person(&org, "grace").await;
    let permit = world.permit_of(&ada, &[SuperAdmin], Permission::ManageOrg);
    let change = async |person: &Person, roles: &[Role]| {
        let cell = &world.cell;
        cell.change_roles(&permit, &person.id, roles.to_vec()).await
    };
    // A form that is older than a removal makes nobody an administrator.
    let stale = change(&grace, &[SuperAdmin]).await.unwrap_err();
    assert!(matches!(stale, Refusal::Changed));
    for _ in 0..2 {
        world
            .cell
            .add_administrator(&permit, &grace.id)
            .await
            .unwrap();
        assert_eq!(roles_of(world, &grace).await, [ReadOnlyAdmin]);
    }
    let rows = world.log_rows(&org).await;
    change(&grace, &[HelpDeskAdmin, AppAdmin]).await.unwrap();
    assert_eq!(roles_of(world, &grace).await, [AppAdmin, HelpDeskAdmin]);
    assert_eq!(world.log_rows(&org).await, rows + 3);
    change(&grace, &[SuperAdmin, AppAdmin]).await.unwrap();
    assert_eq!(roles_of(world, &grace).await, [AppAdmin, SuperAdmin]);
    assert_eq!(world.log_rows(&org).await, rows + 5);
    for roles in [&[][..], &[ReadOnlyAdmin], &[SuperAdmin]] {
        assert!(matches!(
            change(&ada, roles).await.unwrap_err(),
            Refusal::WrongState(_)
        ));
    }
    // To the one who is added again nothing is taken away.
    world
        .cell
        .add_administrator(&permit, &grace.id)
        .await
        .unwrap();
    assert_eq!(roles_of(world, &grace).await, [AppAdmin, SuperAdmin]);
    change(&grace, &[]).await.unwrap();
    assert_eq!(roles_of(world, &grace).await, []);
    let nobody = UserId::generate(world.cell.entropy());
    let unknown = world.cell.add_administrator(&permit, &nobody).await;
    assert!(matches!(unknown.unwrap_err(), Refusal::NotFound));
}

async fn one_role_after_the_other_is_granted_and_told(world: &World) {
    use Role::{HelpDeskAdmin, ReportAdmin, SuperAdmin};
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", SuperAdmin).await;
    let grace = world.person(&org, "grace").await;
    let permit = world.permit_of(&ada, &[SuperAdmin], Permission::ManageOrg);
    let (cell, reader) = (&world.cell, world.permit(&org, Permission::ReadDirectory));
    let listed = async || {
        let roles = cell.list_roles(&reader, &grace.id).await.unwrap();
        let roles = roles.into_iter();
        roles
            .map(|granted| (granted.role, granted.granted_at))
            .collect::<Vec<_>>()
    };
    assert_eq!(listed().await, []);
    let first = cell.now();
    assert!(
        cell.grant_role(&permit, &grace.id, ReportAdmin)
            .await
            .unwrap()
    );
    world.clock.advance_secs(60);
    assert!(
        cell.grant_role(&permit, &grace.id, HelpDeskAdmin)
            .await
            .unwrap()
    );
    let rows = world.log_rows(&org).await;
    assert!(
        !cell
            .grant_role(&permit, &grace.id, ReportAdmin)
            .await
            .unwrap()
    );
    assert!(
        !cell
            .revoke_role(&permit, &grace.id, SuperAdmin)
            .await
            .unwrap()
    );
    assert_eq!(world.log_rows(&org).await, rows, "nothing was done");
    let second = (HelpDeskAdmin, cell.now());
    assert_eq!(listed().await, [second, (ReportAdmin, first)]);
    assert!(
        cell.revoke_role(&permit, &grace.id, ReportAdmin)
            .await
            .unwrap()
    );
    assert_eq!(listed().await, [second]);
}

async fn an_org_has_so_many_administrators_and_no_more(world: &World) {
    let org = world.org("acme").await;
    let (owner, now) = (org.clone(), world.cell.now());
    let strangers: Vec<UserId> = (1..ADMINISTRATORS_MAX)
        .map(|_| UserId::generate(world.cell.entropy()))
        .collect();
    world
        .write(move |tx| {
            Box::pin(async move {
                for id in strangers {
                    for role in [Role::AppAdmin, Role::ReadOnlyAdmin] {
                        people::insert_role(tx, &owner, &id, role, now).await?;
                    }
                }
                Ok(())
            })
        })
        .await;
    let permit = world.permit(&org, Permission::ManageOrg);
    let (last, late) = (
        world.person(&org, "last").await,
        world.person(&org, "late").await,
    );
    let grant = async |person: &Person, role| {
        let cell = &world.cell;
        cell.grant_role(&permit, &person.id, role).await
    };
    assert!(grant(&last, Role::AppAdmin).await.unwrap());
    let refused = grant(&late, Role::AppAdmin).await.unwrap_err();
    assert!(matches!(refused, Refusal::TooMany { .. }));
    let refused = world.cell.add_administrator(&permit, &late.id).await;
    assert!(matches!(refused.unwrap_err(), Refusal::TooMany { .. }));
    // Whoever is one already gets another role.
    assert!(grant(&last, Role::ReportAdmin).await.unwrap());
}

async fn the_last_super_administrator_keeps_the_role(world: &World) {
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    let permit = world.permit(&org, Permission::ManageOrg);
    for roles in [Vec::new(), vec![Role::ReadOnlyAdmin, Role::OrgAdmin]] {
        let outcome = world.cell.change_roles(&permit, &ada.id, roles).await;
        assert!(matches!(outcome.unwrap_err(), Refusal::WrongState(_)));
    }
    assert_eq!(roles_of(world, &ada).await, [Role::SuperAdmin]);
}

async fn of_two_who_demote_each_other_one_stays(world: &World) {
    let org = world.org("acme").await;
    for round in 0..10 {
        let one = world
            .administrator(&org, &format!("one{round}"), Role::SuperAdmin)
            .await;
        let two = world
            .administrator(&org, &format!("two{round}"), Role::SuperAdmin)
            .await;
        // Whoever was left over from the round before goes first.
        let permit = world.permit(&org, Permission::ManageOrg);
        for (person, _) in administrators(world, &org).await {
            if person.id != one.id && person.id != two.id {
                world
                    .cell
                    .change_roles(&permit, &person.id, Vec::new())
                    .await
                    .unwrap();
            }
        }
        let by_one = world.permit_of(&one, &[Role::SuperAdmin], Permission::ManageOrg);
        let by_two = world.permit_of(&two, &[Role::SuperAdmin], Permission::ManageOrg);
        let demoted = vec![Role::ReadOnlyAdmin];
        let (first, second) = tokio::join!(
            world.cell.change_roles(&by_one, &two.id, demoted),
            world.cell.change_roles(&by_two, &one.id, Vec::new()),
        );
        let refused = [&first, &second]
            .iter()
            .filter(|outcome| matches!(outcome, Err(Refusal::WrongState(_))))
            .count();
        assert_eq!(refused, 1, "{first:?} {second:?}");
        let left = administrators(world, &org).await;
        let supers = left
            .iter()
            .filter(|(_, held)| held.role == Role::SuperAdmin);
        assert_eq!(supers.count(), 1);
    }
}

async fn administrators(world: &World, org: &OrgId) -> Vec<(Person, GrantedRole)> {
    let mut tx = world.cell.database.read().await.unwrap();
    people::load_administrators(&mut tx, org, "", 100)
        .await
        .unwrap()
}

async fn a_host_name_is_one_orgs_in_the_whole_cell(world: &World) {
    let (acme, globex) = (world.org("acme").await, world.org("globex").await);
    let ours = world.permit(&acme, Permission::ManageOrg);
    let theirs = world.permit(&globex, Permission::ManageOrg);
    let at = async |host: &str| world.cell.find_org_by_host(host).await.unwrap();
    assert_eq!(at("id.example.com").await, None);
    world
        .cell
        .add_host(&ours, " ID.Example.com ")
        .await
        .unwrap();
    assert_eq!(at("id.example.com").await, Some(acme.clone()));
    for permit in [&ours, &theirs] {
        let taken = world.cell.add_host(permit, "id.example.com").await;
        assert!(matches!(
            taken.unwrap_err(),
            Refusal::Invalid { field: "host", .. }
        ));
    }
    // Nobody takes away what another org has.
    let foreign = world.cell.remove_host(&theirs, "id.example.com").await;
    assert!(matches!(foreign.unwrap_err(), Refusal::NotFound));
    assert_eq!(at("id.example.com").await, Some(acme.clone()));
    world
        .cell
        .remove_host(&ours, "id.example.com")
        .await
        .unwrap();
    assert_eq!(at("id.example.com").await, None);
    world
        .cell
        .add_host(&theirs, "id.example.com")
        .await
        .unwrap();
    assert_eq!(at("id.example.com").await, Some(globex.clone()));
    for number in 1..HOSTS_MAX {
        let host = format!("n{number}.example.com");
        world.cell.add_host(&theirs, &host).await.unwrap();
    }
    let full = world.cell.add_host(&theirs, "more.example.com").await;
    assert!(matches!(full.unwrap_err(), Refusal::TooMany { .. }));
}

async fn of_two_orgs_that_want_a_host_name_at_once_one_has_it(world: &World) {
    let (acme, globex) = (world.org("acme").await, world.org("globex").await);
    let ours = world.permit(&acme, Permission::ManageOrg);
    let theirs = world.permit(&globex, Permission::ManageOrg);
    for number in 0..10 {
        let host = format!("n{number}.example.com");
        let (first, second) = tokio::join!(
            world.cell.add_host(&ours, &host),
            world.cell.add_host(&theirs, &host)
        );
        let winner = match (&first, &second) {
            (Ok(()), Err(Refusal::Invalid { .. })) => &acme,
            (Err(Refusal::Invalid { .. }), Ok(())) => &globex,
            other => panic!("{other:?}"),
        };
        let found = world.cell.find_org_by_host(&host).await.unwrap();
        assert_eq!(found.as_ref(), Some(winner));
    }
}

async fn a_logo_is_shown_at_once_and_hostile_ones_are_not_taken(world: &World) {
    let (org, other) = (world.org("acme").await, world.org("globex").await);
    let permit = world.permit(&org, Permission::ManageOrg);
    let mark = async || {
        world
            .cell
            .snapshot(&org)
            .await
            .unwrap()
            .unwrap()
            .logo
            .clone()
    };
    assert_eq!(mark().await, None);
    let script = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
    let refused = world.cell.set_logo(&permit, script.to_vec()).await;
    assert!(matches!(
        refused.unwrap_err(),
        Refusal::Invalid { field: "logo", .. }
    ));
    world.cell.set_logo(&permit, PNG.to_vec()).await.unwrap();
    let first = mark().await.unwrap();
    let logo = world.cell.logo(&org).await.unwrap().unwrap();
    assert_eq!(
        (logo.format, logo.bytes.as_slice(), &logo.mark),
        (LogoFormat::Png, PNG, &first)
    );
    world.cell.set_logo(&permit, PNG.to_vec()).await.unwrap();
    assert_ne!(mark().await.unwrap(), first);
    assert_eq!(world.cell.logo(&other).await.unwrap(), None);
    let rows = world.log_rows(&org).await;
    world.cell.remove_logo(&permit).await.unwrap();
    world.cell.remove_logo(&permit).await.unwrap();
    assert_eq!((mark().await, world.log_rows(&org).await), (None, rows + 1));
}

/// Settings with one of them out of its bounds.
type Spoil = Box<dyn Fn(&mut OrgSettings)>;

fn mail(password: Option<&str>) -> MailChange {
    MailChange {
        host: " SMTP.example.com ".into(),
        port: 465,
        security: MailSecurity::Tls,
        username: "id".into(),
        password: password.map(|text| Secret::new(text.to_owned())),
        from: "id@example.com".into(),
    }
}

async fn the_password_of_a_mail_server_is_sealed_and_bound_to_it(world: &World) {
    let (org, other) = (world.org("acme").await, world.org("globex").await);
    let permit = world.permit(&org, Permission::ManageOrg);
    let update = async |change| {
        let read = org_of(world, &org).await;
        world.cell.update_mail(&permit, read, change).await
    };
    assert!(world.cell.mail_route(&org).await.unwrap().is_none());
    update(Some(mail(Some("hunter two")))).await.unwrap();
    let route = world.cell.mail_route(&org).await.unwrap().unwrap();
    assert_eq!(route.settings.host, "smtp.example.com");
    assert_eq!(route.password.unwrap().expose(), "hunter two");
    let stored = serde_json::to_string(&org_of(world, &org).await.settings).unwrap();
    assert!(!stored.contains("hunter"));
    // Kept while nothing about the server changes, whatever else is set.
    let mut settings = org_of(world, &org).await.settings;
    settings.mail = None;
    settings.language = "de".into();
    let read = org_of(world, &org).await;
    world
        .cell
        .update_org(&permit, read, "Acme", settings)
        .await
        .unwrap();
    update(Some(mail(None))).await.unwrap();
    let route = world.cell.mail_route(&org).await.unwrap().unwrap();
    assert_eq!(route.password.unwrap().expose(), "hunter two");
    let elsewhere = MailChange {
        host: "evil.example".into(),
        ..mail(None)
    };
    assert!(matches!(
        update(Some(elsewhere)).await.unwrap_err(),
        Refusal::Invalid {
            field: "password",
            ..
        }
    ));
    let stale = Org {
        revision: 1,
        ..org_of(world, &org).await
    };
    let outcome = world.cell.update_mail(&permit, stale, None).await;
    assert!(matches!(outcome.unwrap_err(), Refusal::Changed));
    let foreign = org_of(world, &other).await;
    let outcome = world.cell.update_mail(&permit, foreign, None).await;
    assert!(matches!(outcome.unwrap_err(), Refusal::NotFound));
    update(None).await.unwrap();
    assert!(world.cell.mail_route(&org).await.unwrap().is_none());
}

async fn settings_out_of_their_bounds_are_refused_by_name(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageOrg);
    let attribute = |name: &str, title: &str| ProfileAttribute {
        name: name.into(),
        title: title.into(),
        kind: AttributeKind::Text,
        required: false,
        self_editable: false,
        ..ProfileAttribute::default()
    };
    let reserved = attribute("csrf", "");
    let untitled = attribute("cost", "a\nb");
    let cases: [(&str, Spoil); 9] = [
        ("language", Box::new(|s| s.language = "de/../".into())),
        ("colour", Box::new(|s| s.branding.colour = "red".into())),
        ("length_min", Box::new(|s| s.password.length_min = 7)),
        ("history_count", Box::new(|s| s.password.history_count = 99)),
        (
            "age_max_days",
            Box::new(|s| s.password.age_max_days = Some(0)),
        ),
        ("lifetime_secs", Box::new(|s| s.session.lifetime_secs = 1)),
        (
            "idle_secs",
            Box::new(|s| s.session.idle_secs = s.session.lifetime_secs + 1),
        ),
        (
            "profile_schema",
            Box::new(move |s| s.profile_schema.push(reserved.clone())),
        ),
        (
            "title",
            Box::new(move |s| s.profile_schema.push(untitled.clone())),
        ),
    ];
    for (wanted, spoil) in cases {
        let read = org_of(world, &org).await;
        let mut settings = read.settings.clone();
        spoil(&mut settings);
        let outcome = world.cell.update_org(&permit, read, "Acme", settings).await;
        match outcome {
            Err(Refusal::Invalid { field, .. }) => assert_eq!(field, wanted),
            other => panic!("{wanted}: {other:?}"),
        }
    }
}

async fn a_policy_in_use_is_counted_and_stays(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePolicies);
    let apps = world.permit(&org, Permission::ManageApps);
    let entropy = world.cell.entropy();
    let (_, preset) = presets::app_policy(PolicyId::generate(entropy), entropy);
    let policy = world
        .cell
        .create_policy(&permit, "Finance", preset.rules)
        .await
        .unwrap();
    let new = NewApp {
        label: "Ledger".into(),
        kind: AppKind::Service,
        settings: AppSettings::default(),
    };
    let app = world.cell.create_app(&apps, new).await.unwrap().app;
    let change = |policy_id| AppChange {
        label: app.label.clone(),
        settings: app.settings.clone(),
        policy_id,
    };
    let named = change(Some(policy.id.clone()));
    world
        .cell
        .update_app(&apps, &app.id, app.revision, named)
        .await
        .unwrap();
    {
        let mut tx = world.cell.database.read().await.unwrap();
        let counts = sign_on::count_apps_by_policy(&mut tx, &org).await.unwrap();
        assert_eq!(counts.get(&policy.id), Some(&1));
        let named = sign_on::load_apps_of_policy(&mut tx, &org, &policy.id, 10).await;
        assert_eq!(named.unwrap(), [(app.id.clone(), "Ledger".to_owned())]);
    }
    let outcome = world.cell.delete_policy(&permit, &policy.id).await;
    assert!(matches!(outcome.unwrap_err(), Refusal::WrongState(_)));
    world
        .cell
        .update_app(&apps, &app.id, app.revision + 1, change(None))
        .await
        .unwrap();
    world.cell.delete_policy(&permit, &policy.id).await.unwrap();
}

async fn live_tokens_are_listed_the_newest_first(world: &World) {
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    let permit = world.permit_of(&ada, &[Role::SuperAdmin], Permission::ManageOrg);
    let mut made = Vec::new();
    for name in ["first", "second", "third"] {
        let token = world.cell.create_api_token(&permit, name).await.unwrap();
        made.push(token.token.id);
        world.clock.advance_secs(60);
    }
    world
        .cell
        .revoke_api_token(&permit, &made[1])
        .await
        .unwrap();
    let names = async || {
        let mut tx = world.cell.database.read().await.unwrap();
        let tokens = api_tokens::load_live(&mut tx, &org, world.cell.now(), 10).await;
        let names = tokens.unwrap().into_iter().map(|token| token.name);
        names.collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["third", "first"]);
    world.clock.advance_secs(IDLE_SECS - 150);
    assert_eq!(names().await, ["third"]);
}

on_both_engines!(
    roles_are_given_and_taken_by_others,
    one_role_after_the_other_is_granted_and_told,
    an_org_has_so_many_administrators_and_no_more,
    the_last_super_administrator_keeps_the_role,
    of_two_who_demote_each_other_one_stays,
    a_host_name_is_one_orgs_in_the_whole_cell,
    of_two_orgs_that_want_a_host_name_at_once_one_has_it,
    a_logo_is_shown_at_once_and_hostile_ones_are_not_taken,
    the_password_of_a_mail_server_is_sealed_and_bound_to_it,
    settings_out_of_their_bounds_are_refused_by_name,
    a_policy_in_use_is_counted_and_stays,
    live_tokens_are_listed_the_newest_first,
);
