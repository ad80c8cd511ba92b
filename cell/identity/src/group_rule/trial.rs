//! Whether somebody would be in by a rule, without anything being changed: for whoever writes one.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::group_rule::active::{ActiveRule, Fit, load_groups, load_kinds};
use crate::group_rule::allowance::Allowance;
use crate::group_rule::decide::parse_expression;
use crate::person::store as people;
use vocab::future::boxed;
use vocab::id::{GroupRuleId, UserId};

impl Cell {
    /// Asks an expression about somebody.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for what is no expression; [`Refusal::NotFound`] for somebody whom this org does not have.
    #[boxed]
    pub async fn try_group_rule(
        &self,
        permit: &Permit,
        expression: &str,
        user: &UserId,
    ) -> Result<Fit, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let snapshot = self.snapshot(permit.org()).await?;
        let snapshot = snapshot.ok_or(Refusal::NotFound)?;
        let rule = ActiveRule {
            id: GroupRuleId::generate(self.entropy()),
            name: String::new(),
            expression: Some(parse_expression(expression, &snapshot.schemas().every())?),
            groups: Vec::new(),
        };
        let mut tx = self.database.read().await?;
        let kinds = load_kinds(&mut tx, permit.org(), std::slice::from_ref(&rule)).await?;
        let person = people::load(&mut tx, permit.org(), user).await?;
        let person = person.ok_or(Refusal::NotFound)?;
        let groups = match rule.asks().is_empty() {
            true => None,
            false => load_groups(&mut tx, &person).await?,
        };
        Ok(rule.fit(&person, &kinds, groups.as_ref(), &mut Allowance::default()))
    }
}
