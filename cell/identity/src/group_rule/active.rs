//! The rules of an org that are on, read and ready. They are kept in memory by the stamp of the org's rules, which is read
//! in the transaction that uses them: rules of another stamp are never looked at. Of which kind the attributes are that they
//! name is kept beside them, so that a change of a schema draws another stamp as well.

use crate::cell::Cell;
use crate::fault::Fault;
use crate::group_rule::allowance::Allowance;
use crate::group_rule::decide::{is_built_in, value_of};
use crate::group_rule::store::{self, members};
use crate::group_rule::{GROUPS_SEEN_MAX, GroupRule};
use crate::person::{Person, PersonStatus};
use crate::user_type::schemas::Kinds;
use crate::user_type::store::load_schemas;
use crate::walk::rows_max;
use database::{ReadTx, WriteTx};
use protocol::expression::{EvaluationError, Expression, Facts, Groups, Kind, Membership};
use std::collections::BTreeSet;
use std::sync::Arc;
use vocab::future::boxed;
use vocab::id::{GroupId, GroupRuleId, OrgId};

/// Most text of expressions that is kept ready for one org; longer ones are read anew each time.
const KEPT_BYTES_MAX: usize = 256 * 1_024;
/// The characters of a stamp: 128 bits.
const STAMP_BYTES: usize = 16;

/// A rule that is on.
#[derive(Debug)]
pub struct ActiveRule {
    /// Its id.
    pub id: GroupRuleId,
    /// Its name.
    pub name: String,
    /// Who is put in; none where the text does not read any more.
    pub expression: Option<Expression>,
    /// Into which groups.
    pub groups: Vec<GroupId>,
}

/// The rules that are on.
#[derive(Debug)]
pub struct RuleSet {
    stamp: String,
    /// How long their texts are together.
    text_bytes: usize,
    /// Of which kind what they name is, by the type of the person.
    pub kinds: Kinds,
    /// By id.
    pub rules: Vec<ActiveRule>,
}

/// Why nobody can tell: the rules that are on take more for this person than they may together.
pub const TOO_MUCH_TOGETHER: &str = "RULES_TOO_LARGE_TOGETHER";

/// Whether somebody fits a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// They do.
    Yes,
    /// They do not.
    No,
    /// Nobody can tell: what they are in stays as it is.
    Unknown(&'static str),
}

impl ActiveRule {
    /// A stored rule, as it is asked.
    #[must_use]
    pub fn of(rule: &GroupRule) -> Self {
        Self {
            id: rule.id.clone(),
            name: rule.name.clone(),
            expression: read_stored(&rule.expression),
            groups: rule.groups.clone(),
        }
    }

    /// The groups that it asks about.
    #[must_use]
    pub fn asks(&self) -> &[Membership] {
        self.expression
            .as_ref()
            .map_or(&[], Expression::memberships)
    }

    /// The attributes that it names.
    fn attributes(&self) -> impl Iterator<Item = &str> {
        let named = self.expression.iter().flat_map(Expression::attributes);
        named.map(String::as_str)
    }

    /// Whether it names one of these attributes.
    pub(super) fn names_one_of(&self, names: &BTreeSet<&str>) -> bool {
        self.attributes().any(|name| names.contains(name))
    }

    /// Whether somebody fits, with the groups in which they are by hand, and of what the rules may take for them. Whoever left fits
    /// nothing.
    #[must_use]
    pub fn fit(
        &self,
        person: &Person,
        kinds: &Kinds,
        groups: Option<&Groups>,
        allowance: &mut Allowance,
    ) -> Fit {
        if person.status == PersonStatus::Deprovisioned {
            return Fit::No;
        }
        let Some(expression) = &self.expression else {
            return Fit::Unknown("EXPRESSION_NOT_READABLE");
        };
        let none = Groups::default();
        let groups = match (self.asks().is_empty(), groups) {
            (true, _) => &none,
            (false, Some(groups)) => groups,
            (false, None) => return Fit::Unknown("TOO_MANY_GROUPS"),
        };
        let facts = Facts {
            attribute: &|name| value_of(person, kinds, name),
            groups,
        };
        match allowance.ask(expression, &facts) {
            Ok(true) => Fit::Yes,
            Ok(false) => Fit::No,
            Err(EvaluationError::BudgetSpent) => Fit::Unknown(TOO_MUCH_TOGETHER),
            Err(_) => Fit::Unknown("EVALUATION_TOO_LARGE"),
        }
    }
}

/// The kinds of attributes were checked when the rule was made; since then the schema may have become another.
fn read_stored(text: &str) -> Option<Expression> {
    Expression::parse(text, &|_| Some(Kind::Any)).ok()
}

impl RuleSet {
    /// Whether a rule asks about groups.
    #[must_use]
    pub fn asks_about_groups(&self) -> bool {
        self.rules.iter().any(|rule| !rule.asks().is_empty())
    }

    /// The rules for which a group counts that is called so.
    pub fn asking_about<'s>(
        &'s self,
        id: &'s GroupId,
        name: &'s str,
    ) -> impl Iterator<Item = &'s ActiveRule> {
        let fits = move |rule: &&ActiveRule| {
            let mut asks = rule.asks().iter();
            asks.any(|membership| membership.fits(id.as_str(), name))
        };
        self.rules.iter().filter(fits)
    }
}

/// The groups in which somebody is by hand; none of somebody with too many.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_groups(tx: &mut ReadTx, person: &Person) -> Result<Option<Groups>, Fault> {
    let limit = rows_max(GROUPS_SEEN_MAX + 1);
    let groups = members::load_groups_by_hand(tx, &person.org_id, &person.id, limit).await?;
    Ok((groups.len() <= GROUPS_SEEN_MAX).then(|| Groups::of(groups)))
}

/// Holds the org's rules until the end of the transaction and returns those that are on; none where there never was one,
/// and then nothing was read but that.
///
/// Whoever changes what rules see calls this before it touches the row of a group, and adds its log rows after all of it.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn hold(
    tx: &mut WriteTx,
    cell: &Cell,
    org: &OrgId,
) -> Result<Option<Arc<RuleSet>>, Fault> {
    let Some(stamp) = store::hold_set(tx, org).await? else {
        return Ok(None);
    };
    if let Ok(known) = cell.rule_sets.get(org) {
        if known.stamp == stamp {
            return Ok(Some(known));
        }
        cell.rule_sets.invalidate(org);
    }
    let generation = cell.rule_sets.get(org).err();
    let set = Arc::new(load(tx, org, stamp).await?);
    if let (true, Some(generation)) = (set.text_bytes <= KEPT_BYTES_MAX, generation) {
        cell.rule_sets
            .insert(org.clone(), Arc::clone(&set), generation);
    }
    Ok(Some(set))
}

/// Of which kind what rules name is, for the people of each type.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(super) async fn load_kinds(
    tx: &mut ReadTx,
    org: &OrgId,
    rules: &[ActiveRule],
) -> Result<Kinds, Fault> {
    let named = rules.iter().flat_map(ActiveRule::attributes);
    let named: BTreeSet<&str> = named.filter(|name| !is_built_in(name)).collect();
    if named.is_empty() {
        return Ok(Kinds::default());
    }
    let schemas = load_schemas(tx, org).await?;
    Ok(schemas.as_schemas().kinds(&named))
}

async fn load(tx: &mut ReadTx, org: &OrgId, stamp: String) -> Result<RuleSet, Fault> {
    let (rules, text_bytes) = load_rules(tx, org).await?;
    Ok(RuleSet {
        stamp,
        text_bytes,
        kinds: load_kinds(tx, org, &rules).await?,
        rules,
    })
}

/// The rules that are on, read anew, and how many bytes their texts have. The caller holds them.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(super) async fn load_rules(
    tx: &mut ReadTx,
    org: &OrgId,
) -> Result<(Vec<ActiveRule>, usize), Fault> {
    let mut rules: Vec<ActiveRule> = Vec::new();
    let mut text_bytes = 0;
    for (id, name, text, group) in store::load_active(tx, org).await? {
        match rules.last_mut() {
            Some(last) if last.id == id => last.groups.push(group),
            _ => {
                text_bytes += text.len();
                rules.push(ActiveRule {
                    id,
                    name,
                    expression: read_stored(&text),
                    groups: vec![group],
                });
            }
        }
    }
    Ok((rules, text_bytes))
}

/// A new stamp.
pub(super) fn draw_stamp(cell: &Cell) -> String {
    let mut bytes = [0_u8; STAMP_BYTES];
    cell.entropy().fill(&mut bytes);
    vocab::hex::render(&bytes)
}
