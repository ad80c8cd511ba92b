//! The way back in: a mailbox alone never opens an administrator's account; help and codes do.

use crate::access::{Permission, Permit, Role};
use crate::credential::password::PasswordRefusal;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines, profile};
use crate::org::settings::RecoverySettings;
use crate::person::lifecycle::LifecycleAction;
use crate::person::profile::ProfileInput;
use crate::person::{Person, PersonStatus};
use crate::sign_in::begin::Purpose;
use crate::sign_in::open::{FollowedLink, LinkAnswer, LinkRefusal, Opened};
use crate::sign_in::recover::RecoveryNeed;
use crate::sign_in::setup::{LinkPurpose, Passkeys};
use crate::sign_on::AuthenticatorKind;
use crate::sign_on::means::Means;
use crate::tests::sign_in::{context, facts, mails};
use crate::totp::{STEP_SECS, code_at};
use vocab::id::OrgId;
use vocab::secret::{Secret, random_token};

const FORMER: &str = "nine tortoises walk to Samos";
const PRESENT: &str = "ten tortoises swim to Naxos";

/// The token of the only link among the mails.
fn token_in(mails: &[String]) -> String {
    let links: Vec<&str> = mails
        .iter()
        .filter_map(|mail| mail.split_once("token=").map(|(_, rest)| rest))
        .collect();
    assert_eq!(links.len(), 1, "{mails:?}");
    links[0].split_whitespace().next().unwrap().to_owned()
}

pub(super) async fn recovery_token(world: &World, org: &OrgId, login: &str) -> String {
    let sent = world
        .cell
        .send_recovery(&context(org), login, &facts(world, "192.0.2.1"))
        .await;
    sent.unwrap().unwrap();
    token_in(&mails(world).await)
}

/// Takes a step, with the link that goes out with it.
async fn step(world: &World, person: &Person, action: LifecycleAction) {
    let org = &person.org_id;
    let (here, permit) = (context(org), world.permit(org, action.permission()));
    let planned = world.cell.plan_step(&here, &permit, &person.id, action);
    let planned = planned.await.unwrap();
    planned.apply(&world.cell).await.unwrap();
}

async fn follow(
    world: &World,
    org: &OrgId,
    by: (LinkPurpose, &str),
    code: &str,
) -> Result<Opened, LinkRefusal> {
    // One that nobody had before.
    let password = random_token(world.cell.entropy(), "");
    choose(world, org, by, (code, password)).await
}

async fn choose(
    world: &World,
    org: &OrgId,
    (purpose, token): (LinkPurpose, &str),
    (code, password): (&str, Secret<String>),
) -> Result<Opened, LinkRefusal> {
    let snapshot = world.cell.snapshot(org).await.unwrap().unwrap();
    let answer = LinkAnswer {
        passkeys: Passkeys::Lost,
        code,
        password,
    };
    let link = FollowedLink { purpose, token };
    let facts = facts(world, "192.0.2.1");
    world
        .cell
        .use_link(&snapshot.org, link, answer, &facts)
        .await
}

async fn need(world: &World, person: &Person) -> RecoveryNeed {
    let snapshot = world.cell.snapshot(&person.org_id).await.unwrap().unwrap();
    let need = world
        .cell
        .recovery_need(&snapshot.org, LinkPurpose::Recovery, person)
        .await;
    need.unwrap()
}

async fn a_mailbox_is_enough_for_most_people_where_the_org_lets_it(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    world.session(&ada, "thief").await;
    let token = recovery_token(world, &org, "ada").await;
    let by_mail = (LinkPurpose::Recovery, token.as_str());
    let opened = follow(world, &org, by_mail, "").await.unwrap();
    assert_eq!(opened.enrolling.person.id, ada.id);
    assert!(opened.enrolling.person.email_verified && opened.proof.is_none());
    assert!(opened.enrolling.person.epoch > ada.epoch, "all else is out");
    let notices = mails(world).await;
    assert!(notices.iter().any(|text| text.contains("passkeys")));
    let again = follow(world, &org, by_mail, "").await;
    assert!(matches!(again, Err(LinkRefusal::Other(Refusal::NotFound))));
    // The org says no.
    let permit = world.permit(&org, Permission::ManageOrg);
    let present = world
        .cell
        .snapshot(&org)
        .await
        .unwrap()
        .unwrap()
        .org
        .clone();
    let (name, mut settings) = (present.name.clone(), present.settings.clone());
    settings.recovery = RecoverySettings {
        mailbox_alone: false,
    };
    world
        .cell
        .update_org(&permit, present, &name, settings)
        .await
        .unwrap();
    let ada = world.load(&org, &ada.id).await;
    assert_eq!(need(world, &ada).await, RecoveryNeed::Help);
    let token = recovery_token(world, &org, "ada").await;
    let rows = world.log_rows(&org).await;
    let by_mail = (LinkPurpose::Recovery, token.as_str());
    let refused = follow(world, &org, by_mail, "").await;
    assert!(matches!(refused, Err(LinkRefusal::NeedsHelp)));
    assert_eq!(world.log_rows(&org).await, rows + 1, "it is noted");
}

/// A link that was asked for opens nothing once nobody is let back in by mail; one that an administrator sent does.
async fn a_link_that_was_asked_for_ends_with_the_way_back_by_mail(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let manage = world.permit(&org, Permission::ManageOrg);
    let take = async |taken| {
        let wanted = [(Means::MailedRecovery, taken)];
        let changed = world.cell.change_means(&manage, &wanted);
        changed.await.unwrap();
    };
    let token = recovery_token(world, &org, "ada").await;
    let by_mail = (LinkPurpose::Recovery, token.as_str());
    take(false).await;
    let found = world.cell.find_link(&org, by_mail.0, by_mail.1).await;
    assert_eq!(found.unwrap(), None);
    let refused = follow(world, &org, by_mail, "").await;
    assert!(matches!(
        refused,
        Err(LinkRefusal::Other(Refusal::NotFound))
    ));
    take(true).await;
    let found = world.cell.find_link(&org, by_mail.0, by_mail.1).await;
    assert_eq!(found.unwrap(), Some(Some(ada.id.clone())));
    take(false).await;
    step(world, &ada, LifecycleAction::ResetPassword).await;
    let token = token_in(&mails(world).await);
    follow(world, &org, (LinkPurpose::Recovery, &token), "")
        .await
        .unwrap();
}

async fn an_administrator_needs_a_code(world: &World) {
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    assert_eq!(need(world, &ada).await, RecoveryNeed::Help);
    let manage = world.permit(&org, Permission::ManagePeople);
    let codes = world
        .cell
        .make_recovery_codes(&manage, &ada.id)
        .await
        .unwrap();
    let seed = world.cell.begin_totp(&manage, &ada.id).await.unwrap().seed;
    let at_step = |step: i64| format!("{:06}", code_at(&seed, step));
    let present = world.cell.now().seconds().div_euclid(STEP_SECS);
    world
        .cell
        .confirm_totp(&manage, &ada.id, &at_step(present))
        .await
        .unwrap();
    assert_eq!(need(world, &ada).await, RecoveryNeed::Code);
    mails(world).await;

    let token = recovery_token(world, &org, "ada").await;
    let by_mail = (LinkPurpose::Recovery, token.as_str());
    for wrong in [
        "",
        "   ",
        "000000",
        "AAAAA-AAAAA-AAAAA-AAAAA",
        &at_step(present),
    ] {
        let refused = follow(world, &org, by_mail, wrong).await;
        assert!(matches!(refused, Err(LinkRefusal::WrongCode)), "{wrong:?}");
    }
    // Refusals do not use the link up.
    world.clock.advance_secs(STEP_SECS);
    let opened = follow(world, &org, by_mail, &at_step(present + 1))
        .await
        .unwrap();

    // What it proved counts in the sign-in that follows, of this person alone.
    let proof = opened.proof.unwrap();
    let facts = facts(world, "192.0.2.1");
    world.person(&org, "eve").await;
    for (login, counts) in [("ada", true), ("eve", false)] {
        let begun = world.cell.begin_sign_in(&org, Purpose::default(), None);
        let (mut flow, _) = begun.await.unwrap();
        world.cell.identify(&mut flow, login).await.unwrap();
        let counted = world.cell.count_link_proof(&mut flow, &proof, &facts).await;
        assert_eq!(counted.is_ok(), counts, "{login}");
        let kinds: Vec<_> = flow.state.proved.iter().map(|proved| proved.kind).collect();
        let expected: &[AuthenticatorKind] = if counts {
            &[AuthenticatorKind::Totp]
        } else {
            &[]
        };
        assert_eq!(kinds, expected);
    }

    // A recovery code does as well, once.
    mails(world).await;
    let token = recovery_token(world, &org, "ada").await;
    let by_mail = (LinkPurpose::Recovery, token.as_str());
    let code = codes[0].expose().clone();
    follow(world, &org, by_mail, &code).await.unwrap();
    mails(world).await;
    let token = recovery_token(world, &org, "ada").await;
    let by_mail = (LinkPurpose::Recovery, token.as_str());
    let refused = follow(world, &org, by_mail, &code).await;
    assert!(matches!(refused, Err(LinkRefusal::WrongCode)));
}

async fn guesses_at_the_code_are_slowed(world: &World) {
    let org = world.org("acme").await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    let manage = world.permit(&org, Permission::ManagePeople);
    let made = world.cell.make_recovery_codes(&manage, &ada.id).await;
    made.unwrap();
    mails(world).await;
    let token = recovery_token(world, &org, "ada").await;
    let by_mail = (LinkPurpose::Recovery, token.as_str());
    let mut tries = 0;
    while matches!(
        follow(world, &org, by_mail, "123456").await,
        Err(LinkRefusal::WrongCode)
    ) {
        tries += 1;
    }
    assert_eq!(tries, 6);
}

async fn help_opens_what_a_mailbox_does_not(world: &World) {
    let org = world.org("acme").await;
    world.administrator(&org, "eve", Role::SuperAdmin).await;
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    // Another administrator's.
    step(world, &ada, LifecycleAction::ResetPassword).await;
    let token = token_in(&mails(world).await);
    follow(world, &org, (LinkPurpose::Recovery, &token), "")
        .await
        .unwrap();
    // The operator's, whose link is shown and not sent.
    mails(world).await;
    let link = world.cell.make_help_link(&context(&org), "ada").await;
    let link = link.unwrap().expose().clone();
    assert!(mails(world).await.is_empty());
    let token = link.split_once("/reset?token=").unwrap().1.to_owned();
    let wrong = follow(world, &org, (LinkPurpose::Recovery, &token), "").await;
    assert!(wrong.is_err(), "each link is what it was made for");
    follow(world, &org, (LinkPurpose::Help, &token), "")
        .await
        .unwrap();
    let unknown = world.cell.make_help_link(&context(&org), "nobody").await;
    assert!(unknown.is_err());
}

/// An invitation that was never followed is no second way around what recovery asks for.
async fn an_old_invitation_does_not_open_a_living_account(world: &World) {
    let org = world.org("acme").await;
    let (manage, grant) = (
        world.permit(&org, Permission::ManagePeople),
        world.permit(&org, Permission::ManageOrg),
    );
    let cell = &world.cell;
    let invited = cell.create_person(&manage, profile("ada")).await;
    let ada = world.load(&org, &invited.unwrap()).await;
    step(world, &ada, LifecycleAction::Invite).await;
    let token = token_in(&mails(world).await);
    let opened = cell.change_person_status(&manage, &ada.id, LifecycleAction::Activate);
    opened.await.unwrap();
    let given = cell.grant_role(&grant, &ada.id, Role::SuperAdmin);
    assert!(given.await.unwrap());
    let refused = follow(world, &org, (LinkPurpose::Invitation, &token), "").await;
    assert!(matches!(
        refused,
        Err(LinkRefusal::Other(Refusal::NotFound))
    ));
}

/// Whether the link opens still, and nothing has happened to its person by it.
async fn is_untouched(
    world: &World,
    person: &Person,
    (purpose, token): (LinkPurpose, &str),
) -> bool {
    let found = world.cell.find_link(&person.org_id, purpose, token).await;
    let now = world.load(&person.org_id, &person.id).await;
    found.unwrap() == Some(Some(person.id.clone()))
        && (now.epoch, now.status) == (person.epoch, person.status)
}

/// A link is used up by nothing but the password that opens the account: not by one that is refused, nor is the code that backs it.
async fn a_refused_password_uses_neither_link_nor_code_up(world: &World) {
    let org = world.org("acme").await;
    let manage = world.permit(&org, Permission::ManagePeople);
    let secret = |text: &str| Secret::new(text.to_owned());
    let refuses = async |person: &Person, by: (LinkPurpose, &str), code: &str, text: &str| {
        let rows = world.log_rows(&org).await;
        let refused = choose(world, &org, by, (code, secret(text))).await;
        let by_policy = matches!(
            &refused,
            Err(LinkRefusal::Password(PasswordRefusal::Policy(_)))
        );
        assert!(by_policy, "{text}: {refused:?}");
        assert!(is_untouched(world, person, by).await, "{text}");
        assert_eq!(world.log_rows(&org).await, rows, "{text}");
    };
    let ada = world.person(&org, "ada").await;
    for former in [FORMER, PRESENT] {
        let set = world.cell.set_password(&manage, &ada.id, secret(former));
        set.await.unwrap();
    }
    mails(world).await;
    let token = recovery_token(world, &org, "ada").await;
    let by_mail = (LinkPurpose::Recovery, token.as_str());
    for text in ["short", FORMER, PRESENT] {
        refuses(&ada, by_mail, "", text).await;
    }
    let opened = follow(world, &org, by_mail, "").await.unwrap();
    assert_eq!(opened.enrolling.person.id, ada.id);

    let eve = world.administrator(&org, "eve", Role::SuperAdmin).await;
    let codes = world.cell.make_recovery_codes(&manage, &eve.id).await;
    let code = codes.unwrap()[0].expose().clone();
    mails(world).await;
    let token = recovery_token(world, &org, "eve").await;
    let by_mail = (LinkPurpose::Recovery, token.as_str());
    refuses(&eve, by_mail, &code, "short").await;
    follow(world, &org, by_mail, &code).await.unwrap();

    let invited = world.cell.create_person(&manage, profile("bob")).await;
    let bob = world.load(&org, &invited.unwrap()).await;
    mails(world).await;
    step(world, &bob, LifecycleAction::Invite).await;
    let bob = world.load(&org, &bob.id).await;
    let token = token_in(&mails(world).await);
    let invitation = (LinkPurpose::Invitation, token.as_str());
    refuses(&bob, invitation, "", "short").await;
    let opened = follow(world, &org, invitation, "").await.unwrap();
    assert_eq!(opened.enrolling.person.status, PersonStatus::Active);
    assert!(world.cell.has_password(&bob).await.unwrap());
}

/// Whoever had to choose another password before they were deactivated has chosen it by the invitation.
async fn a_link_settles_what_was_asked_for_before(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let manage = world.permit(&org, Permission::ManagePeople);
    for action in [LifecycleAction::ExpirePassword, LifecycleAction::Deactivate] {
        let changed = world.cell.change_person_status(&manage, &ada.id, action);
        changed.await.unwrap();
    }
    step(world, &ada, LifecycleAction::Invite).await;
    let token = token_in(&mails(world).await);
    let opened = follow(world, &org, (LinkPurpose::Invitation, &token), "").await;
    assert_eq!(
        opened.unwrap().enrolling.person.status,
        PersonStatus::Active
    );
}

/// Whoever was reset before they were deactivated is sent, where they are activated, what a reset sends: nothing else lets them in.
async fn whoever_activation_leads_back_to_a_link_is_sent_one(world: &World) {
    let org = world.org("acme").await;
    let manage = world.permit(&org, Permission::ManagePeople);
    let help = world.permit(&org, Permission::HelpPeople);
    let (here, activate) = (context(&org), LifecycleAction::Activate);
    let plan = async |permit: &Permit, person: &Person| {
        let planned = world.cell.plan_step(&here, permit, &person.id, activate);
        planned.await
    };
    let change = async |person: &Person, action| {
        let changed = world.cell.change_person_status(&manage, &person.id, action);
        changed.await.unwrap()
    };
    for (login, asked, after) in [
        (
            "ada",
            LifecycleAction::ResetPassword,
            PersonStatus::Recovery,
        ),
        (
            "bob",
            LifecycleAction::ExpirePassword,
            PersonStatus::PasswordExpired,
        ),
        ("eve", LifecycleAction::Suspend, PersonStatus::Active),
    ] {
        let person = world.person(&org, login).await;
        change(&person, asked).await;
        change(&person, LifecycleAction::Deactivate).await;
        let person = world.load(&org, &person.id).await;
        mails(world).await;
        let refused = plan(&help, &person).await;
        assert!(matches!(refused, Err(Refusal::Forbidden)), "{login}");
        let planned = plan(&manage, &person).await.unwrap();
        let is_sent = after == PersonStatus::Recovery;
        assert_eq!(planned.sends_link(), is_sent, "{login}");
        let rows = world.log_rows(&org).await;
        assert_eq!(planned.apply(&world.cell).await.unwrap(), after);
        assert_eq!(world.load(&org, &person.id).await.status, after);
        assert_eq!(world.log_rows(&org).await, rows + 1, "{login}");
        let told = mails(world).await;
        assert_eq!(told.len(), usize::from(is_sent), "{login}: {told:?}");
        if is_sent {
            let token = token_in(&told);
            let by_mail = (LinkPurpose::Recovery, token.as_str());
            let opened = follow(world, &org, by_mail, "").await.unwrap();
            assert_eq!(opened.enrolling.person.status, PersonStatus::Active);
        }
    }
    // Of one who was reset since it was looked at, nothing is done: they would be led back without a link.
    let zoe = world.person(&org, "zoe").await;
    change(&zoe, LifecycleAction::Deactivate).await;
    let zoe = world.load(&org, &zoe.id).await;
    let planned = plan(&manage, &zoe).await.unwrap();
    for action in [
        LifecycleAction::Activate,
        LifecycleAction::ResetPassword,
        LifecycleAction::Deactivate,
    ] {
        change(&zoe, action).await;
    }
    mails(world).await;
    let rows = world.log_rows(&org).await;
    let late = planned.apply(&world.cell).await;
    assert!(matches!(late, Err(Refusal::Changed)), "{late:?}");
    assert_eq!(world.log_rows(&org).await, rows);
    assert!(mails(world).await.is_empty());
    let now = world.load(&org, &zoe.id).await.status;
    assert_eq!(now, PersonStatus::Deprovisioned);
}

/// A step whose link would go to an address that is the person's no more is not taken.
async fn a_step_is_not_taken_without_its_link(world: &World) {
    let org = world.org("acme").await;
    let (here, manage) = (context(&org), world.permit(&org, Permission::ManagePeople));
    let invited = world.cell.create_person(&manage, profile("bob")).await;
    let bob = world.load(&org, &invited.unwrap()).await;
    let ada = world.person(&org, "ada").await;
    for (person, action) in [
        (ada, LifecycleAction::ResetPassword),
        (bob, LifecycleAction::Invite),
    ] {
        let permit = world.permit(&org, action.permission());
        let planned = world.cell.plan_step(&here, &permit, &person.id, action);
        let planned = planned.await.unwrap();
        assert!(planned.sends_link(), "{action:?}");
        let moved = ProfileInput {
            email: format!("{}@elsewhere.example", person.login),
            ..profile(&person.login)
        };
        let changed = world
            .cell
            .update_person(&manage, &person.id, person.revision, moved);
        changed.await.unwrap();
        mails(world).await;
        let rows = world.log_rows(&org).await;
        let late = planned.apply(&world.cell).await;
        assert!(matches!(late, Err(Refusal::Changed)), "{late:?}");
        assert_eq!(world.log_rows(&org).await, rows, "{action:?}");
        assert!(mails(world).await.is_empty(), "{action:?}");
        let now = world.load(&org, &person.id).await;
        assert_eq!(now.status, person.status);
        step(world, &person, action).await;
        assert!(!token_in(&mails(world).await).is_empty());
        let now = world.load(&org, &person.id).await;
        assert_ne!(now.status, person.status);
    }
}

/// What must back a link is decided where it is used: a role that was given since the page was looked at counts.
async fn a_role_that_is_given_meanwhile_is_not_opened_by_mail_alone(world: &World) {
    let org = world.org("acme").await;
    let manage = world.permit(&org, Permission::ManagePeople);
    let grant = world.permit(&org, Permission::ManageOrg);
    let request = facts(world, "192.0.2.1");
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    for (login, has_codes) in [("ada", false), ("eve", true)] {
        let person = world.person(&org, login).await;
        if has_codes {
            let made = world.cell.make_recovery_codes(&manage, &person.id).await;
            made.unwrap();
        }
        mails(world).await;
        let token = recovery_token(world, &org, login).await;
        let by_mail = (LinkPurpose::Recovery, token.as_str());
        assert_eq!(need(world, &person).await, RecoveryNeed::Nothing);
        let link = FollowedLink {
            purpose: by_mail.0,
            token: by_mail.1,
        };
        let answer = LinkAnswer {
            passkeys: Passkeys::Kept,
            code: "",
            password: random_token(world.cell.entropy(), ""),
        };
        let found = (&person, answer);
        let planned = world
            .cell
            .plan_opening(&snapshot.org, link, found, &request);
        let planned = planned.await.unwrap();
        let given = world
            .cell
            .grant_role(&grant, &person.id, Role::HelpDeskAdmin);
        given.await.unwrap();
        let person = world.load(&org, &person.id).await;
        let cell = world.cell.clone();
        let opened = world
            .cell
            .database
            .write(move |tx| Box::pin(async move { planned.apply(tx, &cell).await }));
        match opened.await {
            Err(LinkRefusal::NeedsHelp) => assert!(!has_codes),
            Err(LinkRefusal::WrongCode) => assert!(has_codes),
            other => panic!("{login}: {other:?}"),
        }
        assert!(is_untouched(world, &person, by_mail).await, "{login}");
        assert!(!world.cell.has_password(&person).await.unwrap());
    }
}

on_both_engines!(
    a_role_that_is_given_meanwhile_is_not_opened_by_mail_alone,
    a_refused_password_uses_neither_link_nor_code_up,
    a_link_settles_what_was_asked_for_before,
    whoever_activation_leads_back_to_a_link_is_sent_one,
    a_step_is_not_taken_without_its_link,
    a_mailbox_is_enough_for_most_people_where_the_org_lets_it,
    a_link_that_was_asked_for_ends_with_the_way_back_by_mail,
    an_administrator_needs_a_code,
    guesses_at_the_code_are_slowed,
    help_opens_what_a_mailbox_does_not,
    an_old_invitation_does_not_open_a_living_account,
);
