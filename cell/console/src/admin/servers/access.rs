//! The access rules of a server: who gets which tokens for how long; the first that fits decides.

use crate::admin::apps::settings::input;
use crate::admin::caller::{Answer, Detour, administrator, found, loaded};
use crate::admin::form::{lines, problem_of};
use crate::admin::paging::within_bounds;
use crate::admin::servers::claims::words;
use crate::admin::servers::{Server, draw, load_custom, policies, refused_shell, rule_hook};
use crate::view::admin::{AccessRuleFormPage, AccessRuleRow, SearchedChoices, ServerTab};
use crate::view::part::{Choice, Input};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use database::ReadTx;
use identity::access::Permission;
use identity::app::settings::GrantKind;
use identity::fault::Fault;
use identity::server::change::{Direction, ServerChange, rule_key};
use identity::server::{AccessRule, AuthorizationServer};
use identity::{app, group, person};
use oauth::events::grant_name;
use vocab::id::{AppId, GroupId, OrgId, UserId};

/// Most apps, and most groups, that the form offers to tick beside those that are ticked; others are searched for.
const OFFERED_MAX: usize = 50;
/// Names of a condition that the list shows; the others are counted.
const NAMED_MAX: usize = 3;
/// Decimal places of a lifetime.
const DECIMALS_MAX: usize = 6;
/// Ten to the power of it.
const DECIMALS_SCALE: i64 = 1_000_000;

const MINUTE_SECS: i64 = 60;
const HOUR_SECS: i64 = 60 * MINUTE_SECS;
const DAY_SECS: i64 = 24 * HOUR_SECS;

/// Grants by the words of the form.
const GRANTS: [(&str, GrantKind); 4] = [
    ("authorization_code", GrantKind::AuthorizationCode),
    ("refresh_token", GrantKind::RefreshToken),
    ("client_credentials", GrantKind::ClientCredentials),
    ("device_code", GrantKind::DeviceCode),
];

/// `GET /admin/servers/{id}/access`.
pub async fn list(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let server = Server::Custom(load_custom(&visit, &id).await?);
    page(&visit, visit.shell(), &server).await
}

pub(super) async fn page(visit: &Visit, shell: Shell, server: &Server) -> Answer {
    let rules = server
        .own()
        .map(|own| own.config.rules.as_slice())
        .unwrap_or_default();
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let mut rows = Vec::with_capacity(rules.len());
    for (place, rule) in rules.iter().enumerate() {
        let names = load_condition_names(&mut tx, &visit.context.org, rule).await;
        let mut conditions: Vec<String> = rule
            .grants
            .iter()
            .map(|grant| grant_name(*grant).to_owned())
            .collect();
        conditions.extend(loaded(visit, names)?);
        let lifetimes = [
            rule.access_token_secs,
            rule.refresh_idle_secs,
            rule.refresh_lifetime_secs,
        ];
        rows.push(AccessRuleRow {
            id: rule_key(place, rule),
            name: rule.name.clone(),
            conditions,
            scopes: rule.scopes.clone(),
            lifetimes: lifetimes
                .map(|secs| render_lifetime(&shell.t.servers, secs))
                .join(" / "),
        });
    }
    drop(tx);
    Ok(draw(
        visit,
        shell,
        server,
        ServerTab::Access {
            rules: rows,
            policies: server
                .own()
                .map(|own| policies::rows(own))
                .unwrap_or_default(),
        },
    ))
}

/// Names of the apps, people and groups of a rule, a few of each.
async fn load_condition_names(
    tx: &mut ReadTx,
    org: &OrgId,
    rule: &AccessRule,
) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    for id in rule.apps.iter().take(NAMED_MAX) {
        names.push(load_app_name(tx, org, id).await?);
    }
    push_rest(&mut names, rule.apps.len());
    for id in rule.people.iter().take(NAMED_MAX) {
        names.push(load_login(tx, org, id).await?);
    }
    push_rest(&mut names, rule.people.len());
    for id in rule.groups.iter().take(NAMED_MAX) {
        names.push(load_group_name(tx, org, id).await?);
    }
    push_rest(&mut names, rule.groups.len());
    Ok(names)
}

fn push_rest(names: &mut Vec<String>, all: usize) {
    if all > NAMED_MAX {
        names.push(format!("+{}", all - NAMED_MAX));
    }
}

/// The name of what an id stands for; the id itself for what is no more.
async fn load_app_name(tx: &mut ReadTx, org: &OrgId, id: &str) -> Result<String, Fault> {
    let found = match AppId::parse(id) {
        Ok(app_id) => app::store::load(tx, org, &app_id).await?,
        Err(_) => None,
    };
    Ok(found.map_or_else(|| id.to_owned(), |app| app.label))
}

async fn load_login(tx: &mut ReadTx, org: &OrgId, id: &str) -> Result<String, Fault> {
    let found = match UserId::parse(id) {
        Ok(user_id) => person::store::load(tx, org, &user_id).await?,
        Err(_) => None,
    };
    Ok(found.map_or_else(|| id.to_owned(), |person| person.login))
}

async fn load_group_name(tx: &mut ReadTx, org: &OrgId, id: &str) -> Result<String, Fault> {
    let found = match GroupId::parse(id) {
        Ok(group_id) => group::store::load(tx, org, &group_id).await?,
        Err(_) => None,
    };
    Ok(found.map_or_else(|| id.to_owned(), |group| group.name))
}

/// `GET /admin/servers/{id}/access/new`.
pub async fn show_new(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let rule = AccessRule {
        name: String::new(),
        ..AccessRule::default()
    };
    let draft = load_draft(&visit, rule).await?;
    form(&visit, visit.shell(), &server, None, &draft).await
}

/// `GET /admin/servers/{id}/access/{key}`.
pub async fn show(Path((id, key)): Path<(String, String)>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let mut rules = server.config.rules.iter().enumerate();
    let rule = rules.find(|(place, rule)| rule_key(*place, rule) == key);
    let (_, rule) = found(&visit, rule)?;
    let draft = load_draft(&visit, rule.clone()).await?;
    form(&visit, visit.shell(), &server, Some(key), &draft).await
}

/// `POST /admin/servers/{id}/access/new`.
pub async fn create(Path(id): Path<String>, visit: Visit) -> Answer {
    put(&visit, &id, None).await
}

/// `POST /admin/servers/{id}/access/{key}`.
pub async fn save(Path((id, key)): Path<(String, String)>, visit: Visit) -> Answer {
    put(&visit, &id, Some(key)).await
}

async fn put(visit: &Visit, id: &str, key: Option<String>) -> Answer {
    let permit = administrator(visit, Permission::ManageServers).await?;
    let server = load_custom(visit, id).await?;
    let mut draft = read(visit).await?;
    // Whoever searches is not done yet, whichever button or key sent the form.
    if draft.has_problem() || APPS.is_sought(visit) || GROUPS.is_sought(visit) {
        return form(visit, visit.shell(), &server, key, &draft).await;
    }
    let change = ServerChange::PutRule(key.clone(), draft.rule.clone());
    match visit.cell.change_server(&permit, &server.id, change).await {
        Ok(()) => Ok(visit.go(&format!("/admin/servers/{id}/access"))),
        Err(refusal) => {
            draft.problem = problem_of(visit.shell().t, &refusal);
            let shell = refused_shell(visit, refusal)?;
            form(visit, shell, &server, key, &draft).await
        }
    }
}

/// `POST /admin/servers/{id}/access/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let change = ServerChange::RemoveRule(visit.field("id").to_owned());
    change_order(&visit, &id, change).await
}

/// `POST /admin/servers/{id}/access/move`.
pub async fn move_rule(Path(id): Path<String>, visit: Visit) -> Answer {
    let direction = if visit.field("to") == "up" {
        Direction::Up
    } else {
        Direction::Down
    };
    let change = ServerChange::MoveRule(visit.field("id").to_owned(), direction);
    change_order(&visit, &id, change).await
}

async fn change_order(visit: &Visit, id: &str, change: ServerChange) -> Answer {
    let permit = administrator(visit, Permission::ManageServers).await?;
    let server = load_custom(visit, id).await?;
    match visit.cell.change_server(&permit, &server.id, change).await {
        Ok(()) => Ok(visit.go(&format!("/admin/servers/{id}/access"))),
        Err(refusal) => {
            let shell = refused_shell(visit, refusal)?;
            page(visit, shell, &Server::Custom(server)).await
        }
    }
}

/// A list to tick that is searched: the field of what is searched for, and the one of what was found last.
struct Sought {
    field: &'static str,
    found: &'static str,
}

const APPS: Sought = Sought {
    field: "find_app",
    found: "found_app",
};
const GROUPS: Sought = Sought {
    field: "find_group",
    found: "found_group",
};

impl Sought {
    fn query(&self, visit: &Visit) -> String {
        within_bounds(visit.field(self.field))
    }

    fn is_sought(&self, visit: &Visit) -> bool {
        !visit.field("find").is_empty() || self.query(visit) != visit.field(self.found)
    }
}

/// A rule as the form has it, with what is wrong with it.
struct Draft {
    rule: AccessRule,
    people: Input,
    access: Input,
    idle: Input,
    whole: Input,
    problem: Option<(&'static str, String)>,
}

impl Draft {
    fn has_problem(&self) -> bool {
        [&self.people, &self.access, &self.idle, &self.whole]
            .iter()
            .any(|input| input.error.is_some())
    }
}

/// The form of a stored rule.
async fn load_draft(visit: &Visit, rule: AccessRule) -> Result<Draft, Detour> {
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let mut logins = Vec::with_capacity(rule.people.len());
    for id in &rule.people {
        let login = load_login(&mut tx, &visit.context.org, id).await;
        logins.push(loaded(visit, login)?);
    }
    drop(tx);
    Ok(Draft {
        people: Input::of(logins.join("\n")),
        access: Input::of(render_span(rule.access_token_secs, MINUTE_SECS)),
        idle: Input::of(render_span(rule.refresh_idle_secs, DAY_SECS)),
        whole: Input::of(render_span(rule.refresh_lifetime_secs, DAY_SECS)),
        rule,
        problem: None,
    })
}

/// What the form says. People are named as they sign in.
async fn read(visit: &Visit) -> Result<Draft, Detour> {
    let t = visit.shell().t;
    let span = |field: &str, unit_secs: i64| {
        let text = visit.field(field);
        let secs = parse_span(text, unit_secs);
        let input = match secs {
            Some(_) => Input::of(text),
            None => Input::of(text).refused(t.servers.number_wrong),
        };
        (secs.unwrap_or_default(), input)
    };
    let (access_token_secs, access) = span("access_minutes", MINUTE_SECS);
    let (refresh_idle_secs, idle) = span("refresh_idle_days", DAY_SECS);
    let (refresh_lifetime_secs, whole) = span("refresh_days", DAY_SECS);
    let (people, unknown) = load_people(visit, &lines(visit, "people")).await?;
    let mut people_input = Input::of(visit.field("people"));
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        people_input = people_input.refused(t.servers.people_unknown.replace("{names}", &names));
    }
    let ids = |field: &str| visit.fields(field).map(str::to_owned).collect();
    let grants = visit.fields("grant").filter_map(parse_grant);
    Ok(Draft {
        rule: AccessRule {
            name: visit.field("name").trim().to_owned(),
            apps: ids("app"),
            grants: grants.collect(),
            people,
            groups: ids("group"),
            scopes: words(visit.field("scopes")),
            access_token_secs,
            refresh_idle_secs,
            refresh_lifetime_secs,
        },
        people: people_input,
        access,
        idle,
        whole,
        problem: None,
    })
}

fn parse_grant(word: &str) -> Option<GrantKind> {
    let mut named = GRANTS.iter().filter(|(name, _)| *name == word);
    named.next().map(|(_, grant)| *grant)
}

/// The ids of people by what they sign in with, and the names that nobody has.
async fn load_people(
    visit: &Visit,
    names: &[String],
) -> Result<(Vec<String>, Vec<String>), Detour> {
    let (mut ids, mut unknown) = (Vec::new(), Vec::new());
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    for name in names.iter().take(identity::server::rules::LISTED_MAX + 1) {
        let found = person::store::find_by_identifier(&mut tx, &visit.context.org, name).await;
        match loaded(visit, found)? {
            Some(person) if ids.iter().any(|id| id == person.id.as_str()) => {}
            Some(person) => ids.push(person.id.to_string()),
            // A person who is no more is kept by id until somebody takes the line out.
            None if UserId::parse(name).is_ok() => ids.push(name.clone()),
            None => unknown.push(name.clone()),
        }
    }
    Ok((ids, unknown))
}

async fn form(
    visit: &Visit,
    shell: Shell,
    server: &AuthorizationServer,
    key: Option<String>,
    draft: &Draft,
) -> Answer {
    let rule = &draft.rule;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let org = &visit.context.org;
    let apps = load_apps(&mut tx, org, &rule.apps, APPS.query(visit)).await;
    let groups = load_groups(&mut tx, org, &rule.groups, GROUPS.query(visit)).await;
    let (apps, groups) = (loaded(visit, apps)?, loaded(visit, groups)?);
    drop(tx);
    let hook = rule_hook::load(visit, server, key.as_deref()).await?;
    let offered = Offered { apps, groups, hook };
    Ok(render(visit, shell, (server, key), draft, offered))
}

/// What the form offers to choose from.
struct Offered {
    apps: SearchedChoices,
    groups: SearchedChoices,
    hook: (Input, Vec<Choice>),
}

fn render(
    visit: &Visit,
    shell: Shell,
    (server, key): (&AuthorizationServer, Option<String>),
    draft: &Draft,
    offered: Offered,
) -> Response {
    let Offered { apps, groups, hook } = offered;
    let rule = &draft.rule;
    visit.page(&AccessRuleFormPage {
        shell,
        server_id: server.id.to_string(),
        server_name: server.name.clone(),
        id: key,
        name: input(&rule.name, "rules", draft.problem.as_ref()),
        apps,
        grants: rule
            .grants
            .iter()
            .filter_map(|grant| GRANTS.iter().find(|(_, known)| known == grant))
            .map(|(word, _)| (*word).to_owned())
            .collect(),
        people: draft.people.clone(),
        groups,
        scopes: Input::of(rule.scopes.join(" ")),
        access_minutes: draft.access.clone(),
        refresh_idle_days: draft.idle.clone(),
        refresh_days: draft.whole.clone(),
        hook: hook.0,
        hooks: hook.1,
    })
}

const LOAD_ROWS: i64 = OFFERED_MAX as i64 + 1;

async fn load_apps(
    tx: &mut ReadTx,
    org: &OrgId,
    ticked: &[String],
    query: String,
) -> Result<SearchedChoices, Fault> {
    let mut names = Vec::with_capacity(ticked.len());
    for id in ticked {
        names.push((id.clone(), load_app_name(tx, org, id).await?));
    }
    let apps = app::store::load_page(tx, org, &query, "", LOAD_ROWS).await?;
    let found = apps.into_iter().map(|app| (app.id.to_string(), app.label));
    Ok(plan_offer(names, found.collect(), query))
}

async fn load_groups(
    tx: &mut ReadTx,
    org: &OrgId,
    ticked: &[String],
    query: String,
) -> Result<SearchedChoices, Fault> {
    let mut names = Vec::with_capacity(ticked.len());
    for id in ticked {
        names.push((id.clone(), load_group_name(tx, org, id).await?));
    }
    let groups = group::store::load_page(tx, org, &query, "", LOAD_ROWS).await?;
    let found = groups
        .into_iter()
        .map(|group| (group.id.to_string(), group.name));
    Ok(plan_offer(names, found.collect(), query))
}

/// What is ticked, whatever is searched for, and then what was found.
fn plan_offer(
    ticked: Vec<(String, String)>,
    mut found: Vec<(String, String)>,
    query: String,
) -> SearchedChoices {
    let is_cut = found.len() > OFFERED_MAX;
    found.truncate(OFFERED_MAX);
    let others = found
        .into_iter()
        .filter(|(id, _)| !ticked.iter().any(|(known, _)| known == id))
        .map(|(id, name)| Choice::new(id, name));
    let others: Vec<Choice> = others.collect();
    let choices = ticked
        .iter()
        .map(|(id, name)| Choice::new(id, name).ticked(true))
        .chain(others)
        .collect();
    SearchedChoices {
        choices,
        cut: is_cut.then_some(OFFERED_MAX),
        query,
    }
}

/// Seconds as a decimal number of units, rounded up: reading rounds down and so comes back to the same second.
fn render_span(secs: i64, unit_secs: i64) -> String {
    let (whole, rest) = (secs / unit_secs, secs % unit_secs);
    if rest == 0 {
        return whole.to_string();
    }
    let fraction = (rest * DECIMALS_SCALE)
        .unsigned_abs()
        .div_ceil(unit_secs.unsigned_abs());
    let digits = format!("{fraction:0DECIMALS_MAX$}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

/// A decimal number of units in whole seconds; none for what is no number, or too many units to count.
fn parse_span(text: &str, unit_secs: i64) -> Option<i64> {
    let text = text.trim().replace(',', ".");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let mut secs = whole.checked_mul(unit_secs)?;
    let fraction: String = fraction.chars().take(DECIMALS_MAX).collect();
    if !fraction.is_empty() {
        let scale = 10_i64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let parts: i64 = fraction.parse().ok()?;
        secs = secs.checked_add(parts.checked_mul(unit_secs)? / scale)?;
    }
    Some(secs)
}

/// A lifetime in the largest unit that fits it whole.
pub(super) fn render_lifetime(t: &crate::text::en::servers::Servers, secs: i64) -> String {
    let (unit_secs, text) = if secs % DAY_SECS == 0 {
        (DAY_SECS, t.lifetime_days)
    } else if secs % HOUR_SECS == 0 {
        (HOUR_SECS, t.lifetime_hours)
    } else {
        (MINUTE_SECS, t.lifetime_minutes)
    };
    text.replace("{n}", &render_span(secs, unit_secs))
}

#[cfg(test)]
mod tests {
    use super::{
        DAY_SECS, MINUTE_SECS, OFFERED_MAX, parse_span, plan_offer, render_lifetime, render_span,
    };
    use crate::text::en;

    #[test]
    fn what_is_ticked_stays_in_sight_whatever_is_searched_for() {
        let named = |n: usize| (n.to_string(), format!("name {n}"));
        let many = || (0..=OFFERED_MAX).map(named).collect::<Vec<_>>();
        let offer = plan_offer(vec![named(7), named(999)], many(), "na".into());
        assert_eq!(offer.cut, Some(OFFERED_MAX));
        assert_eq!(offer.query, "na");
        let ticked: Vec<_> = offer.choices.iter().filter(|one| one.is_on).collect();
        assert_eq!(ticked.len(), 2);
        let values: Vec<_> = offer.choices.iter().map(|one| &one.value).collect();
        assert_eq!(values.iter().filter(|value| **value == "7").count(), 1);
        assert_eq!(values.len(), OFFERED_MAX + 1, "those found and 999");
        let few = plan_offer(Vec::new(), vec![named(1)], String::new());
        assert_eq!((few.cut, few.choices.len()), (None, 1));
    }

    #[test]
    fn spans_are_read_as_they_are_written() {
        let table = [
            ("60", MINUTE_SECS, Some(3_600)),
            (" 1.5 ", MINUTE_SECS, Some(90)),
            ("0,5", DAY_SECS, Some(43_200)),
            ("", MINUTE_SECS, None),
            (".5", MINUTE_SECS, None),
            ("1h", MINUTE_SECS, None),
            ("-1", MINUTE_SECS, None),
            ("1.5.5", MINUTE_SECS, None),
            ("99999999999999999", DAY_SECS, None),
        ];
        for (text, unit, secs) in table {
            assert_eq!(parse_span(text, unit), secs, "{text}");
        }
    }

    #[test]
    fn what_is_shown_comes_back_as_the_same_seconds() {
        for unit in [MINUTE_SECS, DAY_SECS] {
            for secs in (60..7_300).chain([86_399, 86_400, 604_801]) {
                let text = render_span(secs, unit);
                assert_eq!(parse_span(&text, unit), Some(secs), "{text}");
            }
        }
        assert_eq!(render_span(90 * 60, MINUTE_SECS), "90");
        assert_eq!(render_span(90, MINUTE_SECS), "1.5");
    }

    #[test]
    fn lifetimes_are_shown_in_the_largest_unit_that_fits() {
        let t = &en::TEXT.servers;
        let shown = [3_600, 86_400, 90, 5_400].map(|secs| render_lifetime(t, secs));
        assert_eq!(shown, ["1 h", "1 d", "1.5 min", "90 min"]);
    }
}
