//! Rules that fill groups.

use crate::text::Text;
use crate::view::part::{self, Badge, Icon, Input, Pager, Tone, badge};
use crate::view::shell::{Shell, here};
use askama::Template;

/// Whether a rule is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupRuleState {
    /// It rests.
    Resting,
    /// It is evaluated.
    Active,
    /// It rests because a group that it filled is no more.
    Invalid,
}

impl GroupRuleState {
    fn badge(self, t: &'static Text) -> Badge<'static> {
        match self {
            Self::Resting => badge(t.groups.rule_resting, Tone::Plain),
            Self::Active => badge(t.groups.rule_active, Tone::Ok),
            Self::Invalid => badge(t.groups.rule_invalid, Tone::Bad),
        }
    }
}

/// A rule in the list.
#[derive(Clone, Debug)]
pub struct GroupRuleRow {
    /// Stands in the address of its page.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is evaluated.
    pub state: GroupRuleState,
    /// Who is put in.
    pub expression: String,
    /// A bounded few of the groups that it fills, by name.
    pub groups: Vec<String>,
    /// How many there are beside them.
    pub more: u64,
}

/// The list (`/admin/groups/rules?q=…`), keyset-paged.
#[derive(Debug, Template)]
#[template(path = "admin/group_rules.html")]
pub struct GroupRulesPage {
    /// The frame.
    pub shell: Shell,
    /// What was searched.
    pub query: String,
    /// By id.
    pub rows: Vec<GroupRuleRow>,
    /// Its neighbours.
    pub pager: Pager,
}

/// What came of asking about somebody.
#[derive(Clone, Debug)]
pub struct GroupRuleTrial {
    /// The name of the person.
    pub person: String,
    /// Whether they would be in; none where nobody can tell.
    pub fits: Option<bool>,
    /// Whether the rule passes them over, whatever its expression says.
    pub is_passed_over: bool,
}

impl GroupRuleTrial {
    fn is_in(&self) -> bool {
        self.fits == Some(true) && !self.is_passed_over
    }

    fn tone(&self) -> Tone {
        match (self.fits, self.is_in()) {
            (None, _) => Tone::Warn,
            (_, true) => Tone::Ok,
            (_, false) => Tone::Plain,
        }
    }

    fn icon(&self) -> Icon {
        match (self.fits, self.is_in()) {
            (None, _) => Icon::Warning,
            (_, true) => Icon::Check,
            (_, false) => Icon::Cross,
        }
    }

    fn title(&self, t: &'static Text) -> &'static str {
        match (self.fits, self.is_in()) {
            (None, _) => t.groups.try_unknown,
            (_, true) => t.groups.try_yes,
            (_, false) => t.groups.try_no,
        }
    }

    fn about(&self, t: &'static Text) -> &'static str {
        if self.is_passed_over {
            t.groups.try_passed_over
        } else {
            ""
        }
    }
}

/// A rule that is there already.
#[derive(Clone, Debug)]
pub struct PresentRule {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// Whether it is evaluated.
    pub state: GroupRuleState,
    /// How many people it put in, as it is shown.
    pub people: String,
    /// Whether it is being applied to everybody, or taken back.
    pub is_under_way: bool,
}

/// A rule (`/admin/groups/rules/new`, `/admin/groups/rules/{id}`). Posts `name`, `expression`, `groups`, `excluded` (one a line),
/// `revision` there; with `act=try` it asks about `person` and keeps nothing. `…/activate`, `…/deactivate` and `…/delete` take
/// the POST; with `leave=on` whoever the rule put in leaves.
#[derive(Debug, Template)]
#[template(path = "admin/group_rule.html")]
pub struct GroupRulePage {
    /// The frame.
    pub shell: Shell,
    /// The rule; none for a new one.
    pub present: Option<PresentRule>,
    /// Its name.
    pub name: Input,
    /// Who is put in.
    pub expression: Input,
    /// Into which groups: names, one a line.
    pub groups: Input,
    /// Who is passed over: what they sign in with, one a line.
    pub excluded: Input,
    /// About whom is asked.
    pub person: Input,
    /// What came of it.
    pub trial: Option<GroupRuleTrial>,
}

impl GroupRulePage {
    fn path(&self) -> String {
        let id = self.present.as_ref().map_or("new", |rule| rule.id.as_str());
        format!("/admin/groups/rules/{id}")
    }

    fn is_on(&self) -> bool {
        self.has_state(GroupRuleState::Active)
    }

    fn is_invalid(&self) -> bool {
        self.has_state(GroupRuleState::Invalid)
    }

    fn has_state(&self, state: GroupRuleState) -> bool {
        self.present
            .as_ref()
            .is_some_and(|rule| rule.state == state)
    }
}

here!(GroupRulesPage => Groups, GroupRulePage => Groups);
