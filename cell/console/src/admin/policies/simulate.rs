//! Simulation: what would happen if this person signed in to that app from there? It asks the same function as a real
//! sign-in, with facts from the form, and changes nothing.

use crate::admin::caller::{Answer, Detour, administrator, loaded};
use crate::admin::paging::search_of;
use crate::admin::policies::describe::kind_name;
use crate::admin::row::status_of;
use crate::text::Text;
use crate::view::admin::{SimulatePage, TraceMark, TraceStep, Verdict, VerdictKind};
use crate::view::part::{Choice, Input};
use crate::visit::Visit;
use identity::access::Permission;
use identity::access::ceiling::load_standing;
use identity::app::{self, App, AppStatus};
use identity::behavior::detect::Detection;
use identity::behavior::place::Origin;
use identity::org::context::RequestFacts;
use identity::person::{self, Person, PersonStatus};
use identity::sign_in::evaluate::PolicyQuestion;
use identity::sign_on::evaluation::{Finding, RuleRef, RuleTrace};
use identity::sign_on::zone::find_block;
use identity::sign_on::{AuthenticatorKind, Evaluation, ProvedAuthenticator, Verdict as Decided};
use identity::snapshot::OrgSnapshot;
use ledger::ClientFacts;
use std::net::IpAddr;
use vocab::id::{AppId, PolicyId};

/// The word of the form for the administration.
const CONSOLE: &str = "console";
/// Apps that the form offers at once; others are searched for.
const OFFERED_APPS: i64 = 50;
/// The longest ago that something can have been proved.
const PROOF_MINUTES_MAX: i64 = 31 * 24 * 60;
/// Seconds of a minute.
const MINUTE_SECS: i64 = 60;

/// What is asked.
struct Question {
    person: Person,
    app: Option<App>,
    console: bool,
    address: IpAddr,
    proved: Vec<ProvedAuthenticator>,
    origin: Origin,
}

/// `GET /admin/policies/simulate`.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let is_asked = !visit.parameter("person").is_empty();
    let mut page = blank_page(&visit).await?;
    if is_asked {
        let question = read_question(&visit, &mut page).await?;
        if let Some(question) = question {
            page.verdict = Some(answer(&visit, &question).await?);
        }
    }
    Ok(visit.page(&page))
}

/// The form as it was filled in; the reader's own address stands where none was named yet.
async fn blank_page(visit: &Visit) -> Result<SimulatePage, Detour> {
    let shell = visit.shell();
    let t = shell.t;
    let sought = search_of(visit, "find_app");
    let (apps, chosen) = {
        let org = &visit.context.org;
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let apps = app::store::load_page(&mut tx, org, &sought, "", OFFERED_APPS).await;
        let chosen = match AppId::parse(visit.parameter("app")) {
            Ok(id) => app::store::load(&mut tx, org, &id).await,
            Err(_) => Ok(None),
        };
        (loaded(visit, apps)?, loaded(visit, chosen)?)
    };
    // What is chosen stays, whatever is searched for.
    let chosen = chosen.filter(|chosen| apps.iter().all(|app| app.id != chosen.id));
    let fixed = [
        Choice::new("", t.policies.sign_in_alone),
        Choice::new(CONSOLE, t.common.administration),
    ];
    let named = apps
        .into_iter()
        .chain(chosen)
        .map(|app| Choice::new(app.id.as_str(), app.label));
    let or = |name: &str, otherwise: &str| {
        let value = visit.parameter(name);
        Input::of(if value.is_empty() { otherwise } else { value })
    };
    Ok(SimulatePage {
        shell,
        person: Input::of(visit.parameter("person")),
        app: Input::of(visit.parameter("app")),
        apps: fixed.into_iter().chain(named).collect(),
        find_app: Input::of(sought),
        address: or("address", &visit.facts.client.ip),
        proofs: visit.parameters("proof"),
        proof_minutes: or("proof_minutes", "0"),
        usual_device: Input::ticked(!visit.parameter("usual_device").is_empty()),
        has_behaviors: !visit.snapshot.behaviors.is_empty(),
        verdict: None,
    })
}

/// What the form asks; none where a field cannot be used, which then says so.
async fn read_question(visit: &Visit, page: &mut SimulatePage) -> Result<Option<Question>, Detour> {
    let t = page.shell.t;
    let (person, app) = {
        let org = &visit.context.org;
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let typed = page.person.value.trim().to_owned();
        let person = person::store::find_by_identifier(&mut tx, org, &typed).await;
        let app = match AppId::parse(&page.app.value) {
            Ok(id) => app::store::load(&mut tx, org, &id).await,
            Err(_) => Ok(None),
        };
        (loaded(visit, person)?, loaded(visit, app)?)
    };
    let console = page.app.value == CONSOLE;
    if app.is_none() && !console && !page.app.value.is_empty() {
        page.app.error = Some(t.words.not_found.to_owned());
    }
    if person.is_none() {
        page.person.error = Some(t.words.not_found.to_owned());
    }
    let address = page.address.value.trim().parse::<IpAddr>().ok();
    if address.is_none() {
        page.address.error = Some(t.policies.not_an_ip.to_owned());
    }
    let typed = page.proof_minutes.value.trim().parse::<i64>().ok();
    let minutes = typed.filter(|minutes| (0..=PROOF_MINUTES_MAX).contains(minutes));
    if minutes.is_none() {
        let text = t.words.not_a_number.replace("{least}", "0");
        page.proof_minutes.error = Some(text.replace("{most}", &PROOF_MINUTES_MAX.to_string()));
    }
    let (Some(person), Some(address), Some(minutes), None) =
        (person, address, minutes, &page.app.error)
    else {
        return Ok(None);
    };
    let at = visit.facts.now.plus_secs(-minutes * MINUTE_SECS);
    let kinds = page.proofs.iter();
    Ok(Some(Question {
        person,
        app,
        console,
        address,
        proved: kinds
            .filter_map(|word| AuthenticatorKind::from_word(word))
            .map(|kind| ProvedAuthenticator { kind, at })
            .collect(),
        origin: match page.usual_device.value.as_str() {
            "" => Origin::Imagined,
            _ => Origin::ImaginedUsual,
        },
    }))
}

async fn answer(visit: &Visit, question: &Question) -> Result<Verdict, Detour> {
    let t = visit.shell().t;
    let mut trace = vec![person_step(visit, t, question).await?];
    let place = address_step(t, &visit.snapshot, question.address);
    trace.push(place);
    if let Some(app) = &question.app {
        trace.push(app_step(visit, t, question, app).await?);
    }
    // What is not for the policies to decide refuses before they are asked.
    if let Some(step) = trace.iter().find(|step| step.mark == TraceMark::No) {
        return Ok(Verdict {
            kind: VerdictKind::Deny,
            decided_by: step.detail.clone(),
            trace,
        });
    }
    let facts = RequestFacts {
        client: ClientFacts {
            ip: question.address.to_canonical().to_string(),
            ..visit.facts.client.clone()
        },
        now: visit.facts.now,
        session: None,
        device_cookie: String::new(),
    };
    let asked = PolicyQuestion {
        app: question.app.as_ref().map(|app| app.id.clone()),
        console: question.console,
        proved: question.proved.clone(),
        origin: question.origin.clone(),
        ..PolicyQuestion::default()
    };
    let evaluation = visit
        .cell
        .evaluate_policies(&visit.snapshot, &question.person, asked, &facts)
        .await;
    let evaluation = loaded(visit, evaluation)?;
    let book = Book {
        t,
        snapshot: &visit.snapshot,
    };
    trace.extend(book.behaviors(&evaluation));
    trace.extend(evaluation.trace.iter().map(|rule| book.step(rule)));
    let (kind, decided_by) = book.verdict(&evaluation);
    Ok(Verdict {
        kind,
        decided_by,
        trace,
    })
}

fn step(mark: TraceMark, title: impl Into<String>, detail: impl Into<String>) -> TraceStep {
    TraceStep {
        mark,
        title: title.into(),
        detail: detail.into(),
    }
}

async fn person_step(
    visit: &Visit,
    t: &'static Text,
    question: &Question,
) -> Result<TraceStep, Detour> {
    let person = &question.person;
    let standing = {
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let standing = load_standing(&mut tx, &person.org_id, &person.id).await;
        loaded(visit, standing)?
    };
    // The same that a sign-in asks of the person before it asks the policies.
    let may = matches!(
        person.status,
        PersonStatus::Active | PersonStatus::PasswordExpired
    );
    if !may {
        return Ok(step(
            TraceMark::No,
            person.display_name(),
            format!("{}: {}", status_of(person).label(t), t.policies.not_active),
        ));
    }
    let mut detail = status_of(person).label(t).to_owned();
    if standing.is_administrator() {
        detail = format!("{detail}, {}", t.policies.administrator);
    }
    Ok(step(TraceMark::Fact, person.display_name(), detail))
}

fn address_step(t: &'static Text, snapshot: &OrgSnapshot, address: IpAddr) -> TraceStep {
    if let Some(zone) = find_block(&snapshot.zones, &address.to_string()) {
        let detail = t.policies.zone_blocks.replace("{name}", &zone.name);
        return step(TraceMark::No, address.to_string(), detail);
    }
    let zones: Vec<String> = snapshot
        .zones
        .iter()
        .filter(|zone| zone.contains(address))
        .map(|zone| t.policies.when_in_zone.replace("{name}", &zone.name))
        .collect();
    let detail = if zones.is_empty() {
        t.policies.in_no_zone.to_owned()
    } else {
        zones.join(", ")
    };
    step(TraceMark::Fact, address.to_string(), detail)
}

async fn app_step(
    visit: &Visit,
    t: &'static Text,
    question: &Question,
    app: &App,
) -> Result<TraceStep, Detour> {
    let p = &t.policies;
    let has = loaded(visit, visit.cell.has_app(app, &question.person).await)?;
    let (mark, detail) = if app.status != AppStatus::Active {
        (TraceMark::No, p.app_is_off)
    } else if has {
        (TraceMark::Fact, p.app_is_theirs)
    } else {
        (TraceMark::No, p.app_is_not_theirs)
    };
    Ok(step(mark, app.label.as_str(), detail))
}

/// Rules and reasons in words.
struct Book<'b> {
    t: &'static Text,
    snapshot: &'b OrgSnapshot,
}

impl Book<'_> {
    fn policy_name(&self, id: &PolicyId) -> &str {
        let fixed = [&self.snapshot.org_policy, &self.snapshot.console_policy];
        let found = fixed.into_iter().find(|policy| policy.id == *id);
        found
            .or_else(|| self.snapshot.app_policies.get(id))
            .map_or(self.t.policies.gone, |policy| policy.name.as_str())
    }

    fn reason(&self, key: &'static str) -> String {
        self.t.reason(key).unwrap_or(key).to_owned()
    }

    fn kinds(&self, kinds: &[AuthenticatorKind]) -> String {
        let names: Vec<&str> = kinds.iter().map(|kind| kind_name(self.t, *kind)).collect();
        names.join(", ")
    }

    fn step(&self, rule: &RuleTrace) -> TraceStep {
        let title = format!(
            "{} · {}",
            self.policy_name(&rule.rule.policy),
            rule.rule_name
        );
        let (mark, detail) = match &rule.finding {
            Finding::NotReached => (TraceMark::Skip, self.reason("sign-on.found.not-reached")),
            Finding::NotMatched(mismatches) => {
                let reasons: Vec<String> = mismatches
                    .iter()
                    .map(|mismatch| self.reason(mismatch.message_key()))
                    .collect();
                (TraceMark::Skip, reasons.join(" "))
            }
            Finding::Denies => (TraceMark::No, self.reason("sign-on.found.denies")),
            Finding::Allows { unmet, outdated } => {
                let mut reasons: Vec<String> = unmet
                    .iter()
                    .map(|unmet| self.reason(unmet.message_key()))
                    .collect();
                let mark = if reasons.is_empty() {
                    reasons.push(self.reason("sign-on.found.allows"));
                    TraceMark::Yes
                } else {
                    TraceMark::No
                };
                if !outdated.is_empty() {
                    let text = self.reason("sign-on.found.outdated");
                    reasons.push(text.replace("{what}", &self.kinds(outdated)));
                }
                (mark, reasons.join(" "))
            }
        };
        step(mark, title, detail)
    }

    /// What was found of the behaviours that rules name.
    fn behaviors(&self, evaluation: &Evaluation) -> Option<TraceStep> {
        let words = &self.t.behaviors;
        let lines = evaluation.behaviors.iter().map(|(id, detection)| {
            let mut known = self.snapshot.behaviors.iter();
            let behavior = known.find(|known| known.id == *id);
            let name = behavior.map_or(self.t.policies.gone, |behavior| behavior.name.as_str());
            let text = match detection {
                Detection::Positive => words.found_positive,
                Detection::Negative => words.found_negative,
                Detection::Unknown => words.found_unknown,
                Detection::BadRequest => words.found_bad_request,
            };
            text.replace("{name}", name)
        });
        let lines: Vec<String> = lines.collect();
        let found = !lines.is_empty();
        found.then(|| step(TraceMark::Fact, words.found, lines.join(", ")))
    }

    fn rule_name(&self, evaluation: &Evaluation, reference: &RuleRef) -> String {
        let mut trace = evaluation.trace.iter();
        let rule = trace.find(|rule| rule.rule == *reference);
        let rule = rule.map_or(self.t.policies.gone, |rule| rule.rule_name.as_str());
        format!("{} · {rule}", self.policy_name(&reference.policy))
    }

    fn verdict(&self, evaluation: &Evaluation) -> (VerdictKind, String) {
        use identity::sign_on::evaluation::DenyReason;
        let p = &self.t.policies;
        match &evaluation.verdict {
            Decided::Allow(rule) => (VerdictKind::Allow, self.rule_name(evaluation, rule)),
            Decided::Challenge { rule, next } => {
                let next = p.next_proof.replace("{what}", &self.kinds(next));
                let rule = self.rule_name(evaluation, rule);
                (VerdictKind::More, format!("{rule}. {next}"))
            }
            Decided::Enroll { rule, kinds } => {
                let kinds = p.next_enroll.replace("{what}", &self.kinds(kinds));
                let rule = self.rule_name(evaluation, rule);
                (VerdictKind::Enroll, format!("{rule}. {kinds}"))
            }
            Decided::Deny(reason) => {
                let by = match reason {
                    DenyReason::Rule(rule) | DenyReason::Unattainable(rule) => {
                        self.rule_name(evaluation, rule)
                    }
                    DenyReason::NoRuleMatched(policy) => self.policy_name(policy).to_owned(),
                    DenyReason::NoPolicy => String::new(),
                };
                let reason = self.reason(reason.message_key());
                let text = if by.is_empty() {
                    reason
                } else {
                    format!("{by}. {reason}")
                };
                (VerdictKind::Deny, text)
            }
        }
    }
}
