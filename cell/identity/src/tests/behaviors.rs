//! Behaviours through whole sign-ins: what makes a place usual, what sessions are held against, and what ends it.

use crate::access::Permission;
use crate::access::own::Freshness;
use crate::app::AppKind;
use crate::app::operations::NewApp;
use crate::app::settings::AppSettings;
use crate::behavior::detect::Detection;
use crate::behavior::operations::NewBehavior;
use crate::behavior::place::{Origin, Place, StoredPlace};
use crate::behavior::store as places;
use crate::behavior::{BEHAVIORS_MAX, Behavior, BehaviorKind, EVENTS_MAX};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::org::context::RequestFacts;
use crate::person::Person;
use crate::session::SignedIn;
use crate::session::ending::Ending;
use crate::sign_in::begin::Purpose;
use crate::sign_in::evaluate::PolicyQuestion;
use crate::sign_in::finish::Begun;
use crate::sign_in::prove::{Attempt, Typed};
use crate::sign_in::{Flow, Step};
use crate::sign_on::requirement::{Factors, Requirement};
use crate::sign_on::{
    Allow, AuthenticatorKind, Conditions, Evaluation, Outcome, Rule, SignOnPolicy, Verdict,
};
use crate::tests::sign_in::{facts, mails, prove, set_password, verify_address};
use crate::tests::store::count_places;
use vocab::id::{AppId, OrgId, RuleId, SessionId};
use vocab::secret::Secret;

const PASSWORD: &str = "nine tortoises walk to Samos";
const HOME: &str = "192.0.2.1";
const AWAY: &str = "198.51.100.1";

/// A browser: where it is, and by which cookie it is known.
#[derive(Clone, Default)]
struct Browser {
    address: &'static str,
    cookie: String,
}

impl Browser {
    fn at(address: &'static str) -> Self {
        Self {
            address,
            cookie: String::new(),
        }
    }

    fn request(&self, world: &World) -> RequestFacts {
        RequestFacts {
            device_cookie: self.cookie.clone(),
            ..facts(world, self.address)
        }
    }
}

/// An org with a person, and an app that asks for two factors where a behaviour is detected.
struct Scene {
    org: OrgId,
    ada: Person,
    app: AppId,
    policy: SignOnPolicy,
}

fn wanted(name: &str, kind: BehaviorKind) -> NewBehavior {
    NewBehavior {
        name: name.into(),
        kind,
        events_max: 20,
        events_min: 0,
        active: true,
    }
}

async fn behavior(world: &World, org: &OrgId, name: &str, kind: BehaviorKind) -> Behavior {
    let permit = world.permit(org, Permission::ManagePolicies);
    let made = world.cell.create_behavior(&permit, wanted(name, kind));
    made.await.unwrap()
}

fn rules(world: &World, behaviors: &[&Behavior], unusual: Outcome) -> Vec<Rule> {
    let rule = |name: &str, conditions, outcome| Rule {
        id: RuleId::generate(world.cell.entropy()),
        name: name.into(),
        conditions,
        outcome,
    };
    let named = Conditions {
        behaviors: behaviors.iter().map(|known| known.id.clone()).collect(),
        ..Conditions::default()
    };
    let usual = Outcome::Allow(Allow::default());
    let mut rules = Vec::new();
    if !behaviors.is_empty() {
        rules.push(rule("Unusual", named, unusual));
    }
    rules.push(rule("Usual", Conditions::default(), usual));
    rules
}

fn two_factors() -> Outcome {
    Outcome::Allow(Allow {
        require: Requirement {
            factors: Factors::TwoFactors,
            ..Requirement::default()
        },
        session_age_max_secs: None,
    })
}

async fn scene(world: &World, behaviors: &[&str]) -> (Scene, Vec<Behavior>) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    verify_address(world, &ada).await;
    let ada = world.load(&org, &ada.id).await;
    // What everybody must satisfy is one factor, so that the app alone asks for more.
    let permit = world.permit(&org, Permission::ManagePolicies);
    let stored = {
        let mut tx = world.cell.database.read().await.unwrap();
        let all = crate::sign_on::store::load_all_policies(&mut tx, &org).await;
        let mut all = all.unwrap().into_iter();
        all.find(|stored| stored.scope == crate::sign_on::PolicyScope::Org)
            .unwrap()
    };
    let lax = SignOnPolicy {
        rules: rules(world, &[], Outcome::Deny),
        ..stored.policy
    };
    let changed = world.cell.update_policy(&permit, lax, stored.revision);
    changed.await.unwrap();
    let mut made = Vec::new();
    for name in behaviors {
        let kind = match *name {
            "New IP" => BehaviorKind::AnomalousIp,
            _ => BehaviorKind::AnomalousDevice,
        };
        made.push(behavior(world, &org, name, kind).await);
    }
    let named: Vec<&Behavior> = made.iter().collect();
    let policy = world
        .cell
        .create_policy(&permit, "App", rules(world, &named, two_factors()))
        .await
        .unwrap();
    let apps = world.permit(&org, Permission::ManageApps);
    let new = NewApp {
        label: "Wiki".into(),
        kind: AppKind::Web,
        settings: AppSettings {
            redirect_uris: vec!["https://wiki.example/cb".into()],
            ..AppSettings::default()
        },
    };
    let app = world.cell.create_app(&apps, new).await.unwrap().app.id;
    let put = world.cell.put_app_policy(&apps, &app, &policy.id);
    put.await.unwrap();
    let scene = Scene {
        org,
        ada,
        app,
        policy,
    };
    (scene, made)
}

async fn begin(
    world: &World,
    scene: &Scene,
    browser: &Browser,
    (app, session): (bool, Option<&SignedIn>),
) -> Flow {
    let purpose = Purpose {
        app: app.then(|| scene.app.clone()),
        device_cookie: browser.cookie.clone(),
        ..Purpose::default()
    };
    let begun = world.cell.begin_sign_in(&scene.org, purpose, session).await;
    let (mut flow, _) = begun.unwrap();
    // Whatever is proved is proved later.
    world.clock.advance_secs(1);
    if session.is_none() {
        world.cell.identify(&mut flow, "ada").await.unwrap();
    }
    flow
}

async fn step(world: &World, flow: &Flow, browser: &Browser) -> Step {
    let snapshot = world.cell.snapshot(&flow.org_id).await.unwrap().unwrap();
    let request = browser.request(world);
    let step = world.cell.next_step(&snapshot, flow, &request).await;
    step.unwrap()
}

async fn by_password(world: &World, flow: &mut Flow, browser: &Browser) {
    let typed = Typed::Password(Secret::new(PASSWORD.to_owned()));
    let attempt = prove(world, flow, typed, browser.address).await;
    assert_eq!(attempt, Attempt::Right);
}

async fn by_mail(world: &World, flow: &mut Flow, browser: &Browser) {
    let snapshot = world.cell.snapshot(&flow.org_id).await.unwrap().unwrap();
    let request = browser.request(world);
    let sent = world.cell.send_code(&snapshot, flow, &request).await;
    sent.unwrap().unwrap();
    let mail = mails(world).await.pop().unwrap();
    let code: String = mail
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    let attempt = prove(world, flow, Typed::EmailCode(code), browser.address).await;
    assert_eq!(attempt, Attempt::Right);
}

async fn finish(world: &World, flow: &Flow, browser: &mut Browser) -> Result<Begun, Refusal> {
    let snapshot = world.cell.snapshot(&flow.org_id).await.unwrap().unwrap();
    let request = browser.request(world);
    let begun = world.cell.finish_sign_in(&snapshot, flow, &request).await?;
    browser.cookie.clone_from(begun.device_cookie.expose());
    // What comes next is later.
    world.clock.advance_secs(1);
    Ok(begun)
}

/// A sign-in to the org or to the app from the beginning, by a password and perhaps a code.
async fn sign_in(
    world: &World,
    scene: &Scene,
    browser: &mut Browser,
    (to_app, with_code): (bool, bool),
) -> Result<SignedIn, Refusal> {
    let mut flow = begin(world, scene, browser, (to_app, None)).await;
    by_password(world, &mut flow, browser).await;
    if with_code {
        by_mail(world, &mut flow, browser).await;
    }
    let begun = finish(world, &flow, browser).await?;
    Ok(live(world, scene, &begun).await.unwrap())
}

async fn live(world: &World, scene: &Scene, begun: &Begun) -> Option<SignedIn> {
    let found = world.cell.session_by_id(&scene.org, &begun.session_id);
    found.await.unwrap()
}

/// What the policies of org and app say of a request with that session.
async fn ask(world: &World, scene: &Scene, browser: &Browser, session: &SignedIn) -> Evaluation {
    let snapshot = world.cell.snapshot(&scene.org).await.unwrap().unwrap();
    let question = PolicyQuestion {
        app: Some(scene.app.clone()),
        proved: session.session.authenticators.clone(),
        is_session: true,
        origin: Origin::Session(session.session.id.clone()),
        ..PolicyQuestion::default()
    };
    let request = browser.request(world);
    let asked = world
        .cell
        .evaluate_policies(&snapshot, &session.person, question, &request);
    asked.await.unwrap()
}

async fn is_let_in(world: &World, scene: &Scene, browser: &Browser, session: &SignedIn) -> bool {
    let verdict = ask(world, scene, browser, session).await.verdict;
    assert!(!matches!(verdict, Verdict::Deny(_)), "{verdict:?}");
    matches!(verdict, Verdict::Allow(_))
}

/// Whether a request with that session may change how the person gets in.
async fn is_fresh(world: &World, scene: &Scene, browser: &Browser, session: &SignedIn) -> bool {
    let snapshot = world.cell.snapshot(&scene.org).await.unwrap().unwrap();
    let request = browser.request(world);
    let caller = world.cell.own_caller(&snapshot, session, &request);
    caller.await.unwrap().freshness() == Freshness::Fresh
}

async fn a_place_is_usual_once_both_factors_were_proved_there(world: &World) {
    let (scene, _) = scene(world, &["New Device", "New IP"]).await;
    let mut laptop = Browser::at(HOME);
    // Half of it makes nothing usual, nor does a sign-in that was broken off.
    let mut flow = begin(world, &scene, &laptop, (true, None)).await;
    by_password(world, &mut flow, &laptop).await;
    let Step::Prove(next) = step(world, &flow, &laptop).await else {
        panic!("a code is asked for");
    };
    assert_eq!(next, [AuthenticatorKind::EmailCode]);
    assert!(finish(world, &flow, &mut laptop).await.is_err());
    assert_eq!(count_places(world, &scene.ada).await, 0);
    // Nor does the org's own door, which asks for less than the app.
    sign_in(world, &scene, &mut laptop, (false, false))
        .await
        .unwrap();
    let refused = sign_in(world, &scene, &mut laptop, (true, false)).await;
    assert!(matches!(refused, Err(Refusal::Forbidden)));
    sign_in(world, &scene, &mut laptop, (true, true))
        .await
        .unwrap();
    sign_in(world, &scene, &mut laptop, (true, false))
        .await
        .unwrap();
    // Another browser, and another address.
    let mut strange = Browser::at(HOME);
    let refused = sign_in(world, &scene, &mut strange, (true, false)).await;
    assert!(refused.is_err());
    laptop.address = AWAY;
    let refused = sign_in(world, &scene, &mut laptop, (true, false)).await;
    assert!(refused.is_err());
    laptop.address = HOME;
    sign_in(world, &scene, &mut laptop, (true, false))
        .await
        .unwrap();
}

async fn sessions_are_held_against_it_with_each_request(world: &World) {
    let (scene, _) = scene(world, &["New Device", "New IP"]).await;
    let mut laptop = Browser::at(HOME);
    let session = sign_in(world, &scene, &mut laptop, (true, true)).await;
    let session = session.unwrap();
    assert!(is_let_in(world, &scene, &laptop, &session).await);
    assert!(is_fresh(world, &scene, &laptop, &session).await);
    // The session is taken elsewhere: neither its proof nor a sign-in that needs nothing more helps, nor can anything be added there.
    let mut thief = Browser::at(AWAY);
    assert!(!is_let_in(world, &scene, &thief, &session).await);
    assert!(!is_fresh(world, &scene, &thief, &session).await);
    let flow = begin(world, &scene, &thief, (false, Some(&session))).await;
    assert_eq!(step(world, &flow, &thief).await, Step::Done);
    let begun = finish(world, &flow, &mut thief).await.unwrap();
    let passed_on = live(world, &scene, &begun).await.unwrap();
    assert!(!is_let_in(world, &scene, &thief, &passed_on).await);
    // The person themself, there: both once more, and no more after that.
    let mut flow = begin(world, &scene, &thief, (true, Some(&passed_on))).await;
    by_password(world, &mut flow, &thief).await;
    assert!(finish(world, &flow, &mut thief).await.is_err());
    by_mail(world, &mut flow, &thief).await;
    let begun = finish(world, &flow, &mut thief).await.unwrap();
    let strengthened = live(world, &scene, &begun).await.unwrap();
    assert!(is_let_in(world, &scene, &thief, &strengthened).await);
    assert!(is_fresh(world, &scene, &thief, &strengthened).await);
    assert!(is_let_in(world, &scene, &laptop, &strengthened).await);
}

/// As behind a proxy that names its clients by no address: the rule applies, and can be met.
async fn where_no_address_is_told_a_session_counts_for_what_it_proved(world: &World) {
    let (scene, _) = scene(world, &["New IP"]).await;
    let mut untold = Browser::at("");
    let half = sign_in(world, &scene, &mut untold, (true, false)).await;
    assert!(matches!(half, Err(Refusal::Forbidden)));
    let session = sign_in(world, &scene, &mut untold, (true, true)).await;
    let session = session.unwrap();
    assert!(is_let_in(world, &scene, &untold, &session).await);
    assert!(is_fresh(world, &scene, &untold, &session).await);
    let told = Browser {
        address: AWAY,
        ..untold.clone()
    };
    assert!(!is_let_in(world, &scene, &told, &session).await);
}

async fn sessions_from_before_a_behavior_was_named_do_not_slip_past(world: &World) {
    let (scene, _) = scene(world, &[]).await;
    let mut laptop = Browser::at(HOME);
    let session = sign_in(world, &scene, &mut laptop, (true, true)).await;
    let session = session.unwrap();
    assert_eq!(count_places(world, &scene.ada).await, 0, "nobody asks");
    assert!(is_let_in(world, &scene, &laptop, &session).await);
    let device = behavior(
        world,
        &scene.org,
        "New Device",
        BehaviorKind::AnomalousDevice,
    )
    .await;
    let permit = world.permit(&scene.org, Permission::ManagePolicies);
    let policy = SignOnPolicy {
        rules: rules(world, &[&device], two_factors()),
        ..scene.policy.clone()
    };
    world.cell.update_policy(&permit, policy, 1).await.unwrap();
    assert!(!is_let_in(world, &scene, &laptop, &session).await);
    let mut flow = begin(world, &scene, &laptop, (true, Some(&session))).await;
    by_password(world, &mut flow, &laptop).await;
    by_mail(world, &mut flow, &laptop).await;
    let begun = finish(world, &flow, &mut laptop).await.unwrap();
    let session = live(world, &scene, &begun).await.unwrap();
    assert!(is_let_in(world, &scene, &laptop, &session).await);
}

async fn what_was_usual_ends_with_the_sessions_and_the_factors(world: &World) {
    let (scene, _) = scene(world, &["New Device"]).await;
    let mut laptop = Browser::at(HOME);
    let is_usual = async |laptop: &mut Browser| {
        let signed_in = sign_in(world, &scene, laptop, (true, false)).await;
        signed_in.is_ok()
    };
    for ends in 0..3 {
        let session = sign_in(world, &scene, &mut laptop, (true, true)).await;
        let session = session.unwrap().session.id;
        assert!(is_usual(&mut laptop).await);
        let permit = world.permit(&scene.org, Permission::HelpPeople);
        let ending = match ends {
            0 => Some(Ending::All),
            1 => Some(Ending::AllBut(session)),
            _ => None,
        };
        match ending {
            Some(ending) => {
                let planned = world.cell.plan_session_end(&permit, &scene.ada.id, ending);
                let planned = planned.await.unwrap();
                let ended: Result<_, Refusal> = world
                    .cell
                    .database
                    .write(move |tx| Box::pin(async move { planned.apply(tx).await }))
                    .await;
                ended.unwrap();
            }
            None => {
                let reset = world.cell.reset_factors(&permit, &scene.ada.id).await;
                reset.unwrap();
            }
        }
        assert_eq!(count_places(world, &scene.ada).await, 0);
        assert!(!is_usual(&mut laptop).await, "{ends}");
        // Codes by mail are few.
        world.clock.advance_secs(60 * 60);
    }
    sign_in(world, &scene, &mut laptop, (true, true))
        .await
        .unwrap();
    assert_eq!(count_places(world, &scene.ada).await, 1);
    let people = world.permit(&scene.org, Permission::ManagePeople);
    let ada = world.load(&scene.org, &scene.ada.id).await;
    let action = crate::person::lifecycle::LifecycleAction::Deactivate;
    world
        .cell
        .change_person_status(&people, &ada.id, action)
        .await
        .unwrap();
    let gone = world.cell.delete_person(&people, &ada.id).await;
    gone.unwrap();
    assert_eq!(count_places(world, &scene.ada).await, 0);
}

async fn too_few_sign_ins_tell_nothing(world: &World) {
    let (scene, made) = scene(world, &["New Device"]).await;
    let permit = world.permit(&scene.org, Permission::ManagePolicies);
    let patient = Behavior {
        events_min: 2,
        ..made[0].clone()
    };
    let changed = world.cell.update_behavior(&permit, patient.clone(), 1);
    changed.await.unwrap();
    let mut laptop = Browser::at(HOME);
    let first = sign_in(world, &scene, &mut laptop, (true, true)).await;
    let first = first.unwrap();
    let found = ask(world, &scene, &laptop, &first).await;
    assert_eq!(found.behaviors, [(patient.id.clone(), Detection::Unknown)]);
    // It asks for two factors, which the session proved here, and not again and again.
    assert!(matches!(found.verdict, Verdict::Allow(_)));
    let refused = sign_in(world, &scene, &mut laptop, (true, false)).await;
    assert!(refused.is_err());
    sign_in(world, &scene, &mut laptop, (true, true))
        .await
        .unwrap();
    sign_in(world, &scene, &mut laptop, (true, false))
        .await
        .unwrap();
    // At rest it is never found, and nothing more is remembered.
    let resting = Behavior {
        active: false,
        ..patient
    };
    let changed = world.cell.update_behavior(&permit, resting, 2);
    changed.await.unwrap();
    let before = count_places(world, &scene.ada).await;
    let mut strange = Browser::at(AWAY);
    sign_in(world, &scene, &mut strange, (true, false))
        .await
        .unwrap();
    assert_eq!(count_places(world, &scene.ada).await, before);
}

async fn the_history_of_a_person_is_bounded(world: &World) {
    let org = world.org("acme").await;
    let (ada, eve) = (
        world.person(&org, "ada").await,
        world.person(&org, "eve").await,
    );
    let most = i64::from(EVENTS_MAX);
    let weak = [AuthenticatorKind::Password];
    let strong = [AuthenticatorKind::Password, AuthenticatorKind::EmailCode];
    let put = async |person: &Person, number: i64, proved: &[AuthenticatorKind]| {
        let (org, user, epoch) = (person.org_id.clone(), person.id.clone(), person.epoch);
        let stored = StoredPlace {
            session: SessionId::generate(world.cell.entropy()),
            place: Place {
                address: number.to_string(),
                device: String::new(),
            },
            proved: proved.to_vec(),
            since: world.cell.now(),
        };
        let at = world.cell.now().plus_secs(number);
        world
            .write(move |tx| {
                Box::pin(
                    async move { places::put_place(tx, (&org, &user), &stored, epoch, at).await },
                )
            })
            .await;
    };
    put(&eve, 0, &weak).await;
    put(&ada, -1, &strong).await;
    for number in 0..most + 3 {
        put(&ada, number, &weak).await;
    }
    // Whoever has the password alone pushes out no place at which more was proved.
    assert_eq!(count_places(world, &ada).await, most + 1);
    assert_eq!(
        count_places(world, &eve).await,
        1,
        "nobody's history is another's"
    );
    let kept = {
        let mut tx = world.cell.database.read().await.unwrap();
        let whose = (&ada.org_id, &ada.id);
        places::load_places(&mut tx, whose, ada.epoch)
            .await
            .unwrap()
    };
    let (newest, oldest) = (&kept[0].place.address, &kept[kept.len() - 1].place.address);
    assert_eq!((newest.as_str(), oldest.as_str()), ("102", "-1"));
    assert_eq!(kept[kept.len() - 2].place.address, "3");
}

async fn behaviors_are_few_and_their_names_single(world: &World) {
    let org = world.org("acme").await;
    let other = world.org("other").await;
    let permit = world.permit(&org, Permission::ManagePolicies);
    let first = behavior(world, &org, "New 0", BehaviorKind::AnomalousIp).await;
    behavior(world, &other, "New 0", BehaviorKind::AnomalousIp).await;
    let again = wanted("new 0", BehaviorKind::AnomalousDevice);
    let taken = world.cell.create_behavior(&permit, again).await;
    assert!(matches!(taken, Err(Refusal::Taken { field: "name" })));
    for number in 1..BEHAVIORS_MAX {
        behavior(world, &org, &format!("New {number}"), first.kind).await;
    }
    let more = wanted("One more", first.kind);
    let full = world.cell.create_behavior(&permit, more).await;
    assert!(matches!(
        full,
        Err(Refusal::TooMany {
            max: BEHAVIORS_MAX,
            ..
        })
    ));
    // What is compared stays; whoever read an older one changes nothing.
    let other_kind = Behavior {
        kind: BehaviorKind::AnomalousDevice,
        ..first.clone()
    };
    let refused = world.cell.update_behavior(&permit, other_kind, 1).await;
    assert!(matches!(
        refused,
        Err(Refusal::Invalid { field: "type", .. })
    ));
    let renamed = |name: &str| Behavior {
        name: name.into(),
        ..first.clone()
    };
    let update = async |name: &str, revision| {
        let changed = world.cell.update_behavior(&permit, renamed(name), revision);
        changed.await
    };
    update("Another", 1).await.unwrap();
    assert!(matches!(update("Late", 1).await, Err(Refusal::Changed)));
    let foreign = world.permit(&other, Permission::ManagePolicies);
    let theirs = world.cell.update_behavior(&foreign, first.clone(), 2).await;
    assert!(matches!(theirs, Err(Refusal::NotFound)));
    let theirs = world.cell.delete_behavior(&foreign, &first.id).await;
    assert!(matches!(theirs, Err(Refusal::NotFound)));
    let weak = world.permit(&org, Permission::ManageApps);
    let forbidden = world.cell.delete_behavior(&weak, &first.id).await;
    assert!(matches!(forbidden, Err(Refusal::Forbidden)));
    let removed = world.cell.delete_behavior(&permit, &first.id).await;
    removed.unwrap();
}

on_both_engines!(
    a_place_is_usual_once_both_factors_were_proved_there,
    where_no_address_is_told_a_session_counts_for_what_it_proved,
    sessions_are_held_against_it_with_each_request,
    sessions_from_before_a_behavior_was_named_do_not_slip_past,
    what_was_usual_ends_with_the_sessions_and_the_factors,
    too_few_sign_ins_tell_nothing,
    the_history_of_a_person_is_bounded,
    behaviors_are_few_and_their_names_single,
);
