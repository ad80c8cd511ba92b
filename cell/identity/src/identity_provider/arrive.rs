//! Somebody comes from a provider: the facts are gathered, [`decide_arrival`] says who it is, and what follows is written, all in
//! one transaction. Of two arrivals of somebody new, one adds the person and the other finds them.

use crate::access::custom::store::bindings;
use crate::access::own::plan_fresh_since;
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::group;
use crate::group_rule::{active, follow::follow};
use crate::identity_provider::arrival::{
    Arrival, ArrivalFacts, ArrivalRefusal, Candidate, Match, Vouched, decide_arrival,
};
use crate::identity_provider::operations::provider_target;
use crate::identity_provider::{IdentityProvider, ProviderLink, store};
use crate::org::context::RequestFacts;
use crate::person::operations::as_target;
use crate::person::profile::ProfileInput;
use crate::person::{Person, PersonStatus, store as people, unique};
use crate::sign_in::{Flow, PendingLink, Step, store as flows};
use crate::sign_on::means::UntakenMeans;
use crate::sign_on::{AuthenticatorKind, ProvedAuthenticator};
use crate::snapshot::OrgSnapshot;
use database::WriteTx;
use ledger::{Actor, Event, EventType, Outcome, Target};
use std::sync::Arc;
use vocab::future::boxed;
use vocab::id::{IdentityProviderId, OrgId, UserId};
use vocab::time::Timestamp;

/// What came of an arrival.
#[derive(Debug, Clone)]
pub enum Arrived {
    /// It is this person.
    Person(Box<Person>),
    /// It may be this person, who first proves by means of their own that it is.
    ProveFirst(UserId),
    /// It is nobody.
    Refused(ArrivalRefusal),
}

/// An arrival, with everything that its transaction needs.
struct Journey {
    cell: Cell,
    snapshot: Arc<OrgSnapshot>,
    provider: IdentityProvider,
    vouched: Vouched,
    request: RequestFacts,
}

impl Cell {
    /// Finds out who somebody is for whom a provider vouches: links or adds them where its policy says so.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if the provider was changed since it was asked; faults of the store.
    #[boxed]
    pub async fn arrive(
        &self,
        snapshot: &Arc<OrgSnapshot>,
        provider: &IdentityProvider,
        vouched: Vouched,
        request: &RequestFacts,
    ) -> Result<Arrived, Refusal> {
        let journey = Journey {
            cell: self.clone(),
            snapshot: Arc::clone(snapshot),
            provider: provider.clone(),
            vouched,
            request: request.clone(),
        };
        self.database
            .write(move |tx| Box::pin(async move { journey.end(tx).await }))
            .await
    }

    /// Counts the word of a provider as proof in a sign-in. Somebody else than whose it was begins anew.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if another answer came first.
    #[boxed]
    pub async fn count_arrival(
        &self,
        flow: &mut Flow,
        person: &Person,
        at: Timestamp,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        let is_theirs = flow.state.user_id.as_ref() == Some(&person.id);
        if !is_theirs || !flow.state.is_of(person) {
            flow.state.forget();
            flow.state.must_change_password = false;
            flow.state.mailed = false;
            flow.state.registration = None;
        }
        flow.state.user_id = Some(person.id.clone());
        flow.state.identifier.clone_from(&person.login);
        flow.state.pending_link = None;
        let proved = ProvedAuthenticator {
            kind: AuthenticatorKind::IdentityProvider,
            at,
        };
        self.count_proof_of(flow, proved, Some(person), request)
            .await
    }

    /// Notes in a sign-in that somebody may be linked once they have proved by means of their own that it is theirs. Proof from
    /// before is not too old only where any change of one's own means would be let.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if another answer came first.
    #[boxed]
    pub async fn await_own_proof(
        &self,
        flow: &mut Flow,
        provider: &IdentityProvider,
        vouched: &Vouched,
        user: &UserId,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        flow.state.pending_link = Some(PendingLink {
            provider: provider.id.clone(),
            provider_revision: provider.revision,
            subject: vouched.subject.clone(),
            account: vouched.account(),
            user: user.clone(),
        });
        let since = plan_fresh_since(request.now);
        flow.state.fresh_since = flow.state.fresh_since.max(Some(since));
        self.keep_sign_in(flow).await
    }

    /// The providers to which the person of a sign-in is linked.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn providers_of(&self, flow: &Flow) -> Result<Vec<IdentityProviderId>, Fault> {
        let Some(user) = &flow.state.user_id else {
            return Ok(Vec::new());
        };
        let mut tx = self.database.read().await?;
        let links = store::load_links_of(&mut tx, &flow.org_id, user).await?;
        Ok(links.into_iter().map(|link| link.provider).collect())
    }

    /// Whether a sign-in that needs nothing more may link its person now.
    #[must_use]
    pub fn may_link(flow: &Flow, untaken: &UntakenMeans, now: Timestamp) -> bool {
        let Some(pending) = &flow.state.pending_link else {
            return false;
        };
        let is_own = |proved: &ProvedAuthenticator| {
            proved.kind != AuthenticatorKind::IdentityProvider
                && untaken.counts(proved.kind)
                && proved.at >= plan_fresh_since(now)
        };
        flow.state.user_id.as_ref() == Some(&pending.user) && flow.state.proved.iter().any(is_own)
    }

    /// Links the person of a sign-in, who has proved by means of their own who they are, and said that it is theirs.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] if something is still needed; [`Refusal::Taken`] if either is linked to somebody else meanwhile;
    /// [`Refusal::Changed`] if another answer came first, or the provider was changed since it vouched.
    #[boxed]
    pub async fn link_after_proof(
        &self,
        snapshot: &OrgSnapshot,
        flow: &mut Flow,
        request: &RequestFacts,
    ) -> Result<(), Refusal> {
        if !Self::may_link(flow, &snapshot.org.settings.untaken_means, request.now)
            || self.next_step(snapshot, flow, request).await? != Step::Done
        {
            return Err(Refusal::Forbidden);
        }
        let Some(pending) = flow.state.pending_link.take() else {
            return Err(Refusal::Forbidden);
        };
        let (stored, request, epoch) = (flow.clone(), request.clone(), flow.state.epoch);
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    // The sign-in's own row first: of two answers one links.
                    if !flows::update(tx, &stored).await? {
                        return Err(Refusal::Changed);
                    }
                    let org = &stored.org_id;
                    let held = store::hold_person(tx, org, &pending.user).await?;
                    let (person, _) = held.ok_or(Refusal::Forbidden)?;
                    let held = store::load_held(tx, org, &pending.provider).await?;
                    let provider = held.filter(|provider| provider.active);
                    let provider = provider.ok_or(Refusal::NotFound)?;
                    if epoch != Some(person.epoch)
                        || !person.status.may_act()
                        || provider.revision != pending.provider_revision
                    {
                        return Err(Refusal::Changed);
                    }
                    put_own_link(tx, org, &pending, request.now).await?;
                    let event = link_event(&person, &provider, &request).detail("ownProof", true);
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await?;
        flow.revision += 1;
        Ok(())
    }

    /// Goes on without the link that a sign-in would have made.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if another answer came first.
    #[boxed]
    pub async fn leave_unlinked(&self, flow: &mut Flow) -> Result<(), Refusal> {
        flow.state.pending_link = None;
        self.keep_sign_in(flow).await
    }
}

/// Makes a link of the person's own proof, or of one that is theirs already.
async fn put_own_link(
    tx: &mut WriteTx,
    org: &OrgId,
    pending: &PendingLink,
    now: Timestamp,
) -> Result<(), Refusal> {
    let link = ProviderLink {
        provider: pending.provider.clone(),
        subject: pending.subject.clone(),
        user: pending.user.clone(),
        account: pending.account.clone(),
        own_proof: true,
        created_at: now,
        updated_at: now,
        last_used_at: None,
    };
    match store::find_link(tx, org, &link.provider, &link.subject).await? {
        None => store::insert_link(tx, org, &link).await,
        Some(present) if present.user == link.user => {
            store::note_own_proof(tx, org, &link).await?;
            Ok(())
        }
        Some(_) => Err(Refusal::Taken {
            field: "externalId",
        }),
    }
}

fn actor_of(person: &Person) -> Actor {
    Actor::user(&person.id, &person.login, &person.display_name())
}

fn link_event(person: &Person, provider: &IdentityProvider, request: &RequestFacts) -> Event {
    Event::new(EventType::UserAccountIdpLink, Outcome::Success, request.now)
        .actor(actor_of(person))
        .client(&request.client)
        .target(as_target(person))
        .target(provider_target(provider))
}

impl Journey {
    fn org(&self) -> &OrgId {
        &self.provider.org_id
    }

    async fn end(self, tx: &mut WriteTx) -> Result<Arrived, Refusal> {
        let (org, id) = (self.org(), &self.provider.id);
        let mut link = store::find_link(tx, org, id, &self.vouched.subject).await?;
        if link.is_none() {
            // Of two arrivals of one subject, and of an arrival and a change of the provider, the second waits here.
            crate::org::store::lock(tx, org).await?;
            link = store::find_link(tx, org, id, &self.vouched.subject).await?;
        }
        // What was said is the word of the provider as it was asked.
        let present = store::load(tx, org, id).await?;
        let is_same = |present: &IdentityProvider| {
            present.active && present.revision == self.provider.revision
        };
        if !present.as_ref().is_some_and(is_same) {
            return Err(Refusal::Changed);
        }
        let facts = self.load_facts(tx, link.as_ref()).await?;
        let policy = &self.provider.config.policy;
        let schema = &self.snapshot.org.settings.profile_schema;
        match decide_arrival(&self.vouched, policy, &facts, schema) {
            Arrival::Known(user) => self.known(tx, link, &user).await,
            Arrival::Link(user) => {
                let person = self.person(tx, &user).await?;
                self.insert_link(tx, &user).await?;
                let linked = link_event(&person, &self.provider, &self.request);
                self.welcome(tx, person, vec![linked]).await
            }
            Arrival::Create(profile) => self.create(tx, profile).await,
            Arrival::ProveFirst(user) => {
                self.turn_away(tx, "OWN_PROOF_REQUIRED").await?;
                Ok(Arrived::ProveFirst(user))
            }
            Arrival::Refused(refusal) => {
                self.turn_away(tx, refusal.as_str()).await?;
                Ok(Arrived::Refused(refusal))
            }
        }
    }

    async fn load_facts(
        &self,
        tx: &mut WriteTx,
        link: Option<&ProviderLink>,
    ) -> Result<ArrivalFacts, Refusal> {
        let (org, config) = (self.org(), &self.provider.config);
        if let Some(link) = link {
            let held = store::hold_person(tx, org, &link.user).await?;
            // A person who is removed takes their links along.
            let (person, is_administrator) = held.ok_or(Refusal::Changed)?;
            let candidate = candidate(&person, is_administrator);
            return Ok(ArrivalFacts {
                linked: Some((candidate, link.own_proof)),
                matches: Vec::new(),
            });
        }
        let mut matches = Vec::new();
        if let Some(email) = self.vouched.verified_email() {
            let ways = config.policy.match_by;
            let ways = (ways.by_login(), ways.by_email());
            for user in store::find_matches(tx, org, email, ways).await? {
                matches.extend(self.load_match(tx, &user).await?);
            }
        }
        Ok(ArrivalFacts {
            linked: None,
            matches,
        })
    }

    async fn load_match(&self, tx: &mut WriteTx, user: &UserId) -> Result<Option<Match>, Refusal> {
        let org = self.org();
        let Some((person, is_administrator)) = store::hold_person(tx, org, user).await? else {
            return Ok(None);
        };
        let mut is_in_link_group = false;
        for group in &self.provider.config.policy.link_groups {
            is_in_link_group |= group::store::is_member(tx, org, group, user).await?;
        }
        let other = store::load_link(tx, org, &self.provider.id, user).await?;
        Ok(Some(Match {
            person: candidate(&person, is_administrator),
            is_in_link_group,
            is_linked_otherwise: other.is_some(),
        }))
    }

    async fn person(&self, tx: &mut WriteTx, user: &UserId) -> Result<Person, Refusal> {
        let person = people::load(tx, self.org(), user).await?;
        person.ok_or(Refusal::Changed)
    }

    async fn known(
        &self,
        tx: &mut WriteTx,
        link: Option<ProviderLink>,
        user: &UserId,
    ) -> Result<Arrived, Refusal> {
        let link = link.ok_or(Refusal::Changed)?;
        let account = self.vouched.account();
        let used = (account.as_str(), self.request.now);
        if !store::note_use(tx, self.org(), &link, used).await? {
            return Err(Refusal::Changed);
        }
        let person = self.person(tx, user).await?;
        self.welcome(tx, person, Vec::new()).await
    }

    async fn insert_link(&self, tx: &mut WriteTx, user: &UserId) -> Result<(), Refusal> {
        let now = self.request.now;
        let link = ProviderLink {
            provider: self.provider.id.clone(),
            subject: self.vouched.subject.clone(),
            user: user.clone(),
            account: self.vouched.account(),
            own_proof: false,
            created_at: now,
            updated_at: now,
            last_used_at: Some(now),
        };
        store::insert_link(tx, self.org(), &link).await
    }

    async fn create(&self, tx: &mut WriteTx, profile: ProfileInput) -> Result<Arrived, Refusal> {
        let (cell, org, now) = (self.cell.clone(), self.org().clone(), self.request.now);
        let id = UserId::generate(cell.entropy());
        let rules = active::hold(tx, &cell, &org).await?;
        // The address may be somebody's whom the policy does not look for: nobody else is found by it from then on.
        let known = store::find_matches(tx, &org, &profile.email, (true, true));
        if !known.await?.is_empty() {
            let refusal = ArrivalRefusal::LinkingDisabled;
            self.turn_away(tx, refusal.as_str()).await?;
            return Ok(Arrived::Refused(refusal));
        }
        people::insert(tx, &org, &id, PersonStatus::Active, &profile, now).await?;
        unique::claim(tx, &org, (&id, None), &profile.attributes).await?;
        // It is verified: nobody is added without.
        people::mark_email_verified(tx, &org, &id).await?;
        self.insert_link(tx, &id).await?;
        let person = self.person(tx, &id).await?;
        let event = |kind| {
            Event::new(kind, Outcome::Success, now)
                .actor(actor_of(&person))
                .client(&self.request.client)
                .target(as_target(&person))
        };
        let mut events = vec![
            event(EventType::UserLifecycleCreate),
            event(EventType::UserLifecycleActivate),
        ];
        for group in &self.provider.config.policy.first_groups {
            // One that is no more gives nobody anything, and a provider's word makes nobody an administrator.
            let Some(group) = group::store::load(tx, &org, group).await? else {
                continue;
            };
            if bindings::is_group_holder(tx, &org, group.id.as_str()).await? {
                continue;
            }
            if group::store::insert_member(tx, &org, &group.id, &id, now).await? {
                let target = Target::group(&group.id, &group.name);
                events.push(event(EventType::GroupUserMembershipAdd).target(target));
            }
        }
        events.extend(follow(tx, &cell, None, rules.as_deref(), (&org, &id)).await?);
        events.push(link_event(&person, &self.provider, &self.request));
        self.welcome(tx, person, events).await
    }

    async fn welcome(
        &self,
        tx: &mut WriteTx,
        person: Person,
        mut events: Vec<Event>,
    ) -> Result<Arrived, Refusal> {
        let event = self
            .event(Outcome::Success)
            .actor(actor_of(&person))
            .target(as_target(&person))
            .target(provider_target(&self.provider));
        events.push(event);
        ledger::append_all(tx, self.org(), events).await?;
        Ok(Arrived::Person(Box::new(person)))
    }

    async fn turn_away(&self, tx: &mut WriteTx, why: &'static str) -> Result<(), Refusal> {
        let event = self
            .event(Outcome::Failure)
            .actor(Actor::unknown(&self.vouched.account()))
            .target(provider_target(&self.provider))
            .reason(why);
        Ok(ledger::append(tx, self.org(), event).await?)
    }

    fn event(&self, outcome: Outcome) -> Event {
        let kind = EventType::UserAuthenticationAuthViaIdp;
        Event::new(kind, outcome, self.request.now)
            .client(&self.request.client)
            .detail("externalId", &self.vouched.subject)
    }
}

fn candidate(person: &Person, is_administrator: bool) -> Candidate {
    Candidate {
        user: person.id.clone(),
        status: person.status,
        is_administrator,
    }
}
