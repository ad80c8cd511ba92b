//! Makes and stores the tokens of a person's grant: what codes and device codes have in common.

use crate::access::{decide_rule, lifetimes_of};
use crate::denial::Failure;
use crate::events::{GrantedTokens, tokens_granted};
use crate::grant::{Attendance, GrantDocument, Grantor};
use crate::token::family::{NewFamily, plan_family};
use crate::token::inline_hook::issue;
use crate::token::issue::{AccessToken, Order, PersonSubject, Subject};
use crate::token::subject::{SubjectFacts, decide_standing};
use crate::token::{TokenCall, Tokens, store};
use database::WriteTx;
use identity::app::settings::GrantKind;
use identity::fault::Fault;
use ledger::Event;
use vocab::id::{AppId, OrgId, RefreshFamilyId};
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// A grant that is redeemed.
#[derive(Clone, Copy)]
pub struct Redeemed<'a> {
    /// By which kind of code.
    pub kind: GrantKind,
    /// Whose grant it is.
    pub grantor: &'a Grantor,
    /// What was granted.
    pub grant: &'a GrantDocument,
    /// Whether the session must live.
    pub attendance: Attendance,
    /// The facts about the person.
    pub facts: &'a SubjectFacts,
}

/// Tokens that are made and not stored yet. Has no `Debug`: it holds tokens.
pub struct Bundle {
    access: AccessToken,
    id_token: Option<Secret<String>>,
    family: Option<NewFamily>,
    scope: String,
    access_secs: i64,
    row: BundleRow,
}

/// What of a bundle is stored besides its family.
struct BundleRow {
    org: OrgId,
    server: String,
    app: AppId,
    granted: Event,
    now: Timestamp,
}

impl Bundle {
    /// Makes the tokens, if the grant still stands and a rule of the server permits it.
    ///
    /// # Errors
    /// [`Failure`] in the protocol's words.
    pub async fn make(call: TokenCall<'_>, redeemed: Redeemed<'_>) -> Result<Self, Failure> {
        let (issuer, app, exchange) = (call.issuer, call.client.app(), call.exchange);
        let (grantor, grant, facts) = (redeemed.grantor, redeemed.grant, redeemed.facts);
        let person = decide_standing(facts, grantor, redeemed.attendance)?;
        let scopes = grant.scopes()?;
        let whom = Some(facts.rule_person(person));
        let rule = decide_rule(issuer, app, redeemed.kind, whom, &scopes)?;
        let lifetimes = lifetimes_of(rule, app);
        let family = plan_family(call, grantor, grant, &lifetimes);
        let subject = PersonSubject {
            person,
            grant,
            session: &grantor.session,
            groups: &facts.group_names,
        };
        let order = Order {
            issuer,
            app,
            scopes: &scopes,
            subject: Subject::Person(subject),
            family: family.as_ref().map(|family| &family.row.id),
            access_secs: lifetimes.access_secs,
            now: exchange.facts.now,
        };
        let made = issue(call, (redeemed.kind, rule), &order).await?;
        let scope = scopes.render();
        let granted = GrantedTokens {
            scope: &scope,
            access_token_id: &made.access.id,
            kinds: if family.is_some() {
                "access_token refresh_token"
            } else {
                "access_token"
            },
            session: Some(&grantor.session),
        };
        let row = BundleRow {
            org: issuer.org.clone(),
            server: issuer.key().to_owned(),
            app: app.id.clone(),
            granted: tokens_granted(
                issuer,
                app,
                redeemed.kind,
                Some(person),
                &granted,
                &exchange.facts,
            ),
            now: exchange.facts.now,
        };
        Ok(Self {
            access: made.access,
            id_token: made.id_token,
            family,
            scope,
            access_secs: made.access_secs,
            row,
        })
    }

    /// The id and the end of the access token.
    #[must_use]
    pub fn access_token(&self) -> (String, Timestamp) {
        (self.access.id.clone(), self.access.expires_at)
    }

    /// The refresh family, if there is one.
    #[must_use]
    pub fn family(&self) -> Option<&RefreshFamilyId> {
        self.family.as_ref().map(|family| &family.row.id)
    }

    /// Stores what must be stored of the tokens, with their row in the log, and hands them out.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    pub async fn store(self, tx: &mut WriteTx) -> Result<Tokens, Fault> {
        let row = self.row;
        if let Some(stored) = &self.access.stored {
            let end = self.access.expires_at;
            store::insert_access_token(tx, &row.org, &row.server, &row.app, stored, end).await?;
        }
        let refresh_token = match self.family {
            Some(family) => {
                store::insert_family(tx, &family.row, row.now).await?;
                Some(family.token)
            }
            None => None,
        };
        ledger::append(tx, &row.org, row.granted).await?;
        Ok(Tokens {
            access_token: self.access.text,
            expires_in_secs: self.access_secs,
            scope: self.scope,
            refresh_token,
            id_token: self.id_token,
        })
    }
}
