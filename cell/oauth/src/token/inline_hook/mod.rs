//! Tokens about which an inline hook is asked before they are signed: what an access rule of a custom server may have.
//!
//! The hook is asked once, and nothing is held meanwhile. What it says is applied whole or not at all; where it says nothing that
//! can be applied, the tokens are what they are without it, and the log says why. Only an error that it names refuses them.

pub mod patch;
pub mod payload;
#[cfg(test)]
mod tests;

use crate::denial::{Denial, Failure};
use crate::token::TokenCall;
use crate::token::inline_hook::patch::{Answer, decide_answer, plan_alterations};
use crate::token::inline_hook::payload::{Question, render_data};
use crate::token::issue::{Drafts, MadeTokens, Order};
use identity::app::settings::GrantKind;
use identity::inline_hook::InlineHook;
use identity::inline_hook::call::{Called, Envelope, Times, render_question};
use identity::server::AccessRule;
use identity::server::parts::{AccessPolicy, PolicyRule, find_seat};
use ledger::{Actor, Event};
use protocol::oauth::error::ErrorCode;

/// Makes the tokens that are ordered, by that grant and that rule.
///
/// # Errors
/// [`Failure`] in the protocol's words; no token was made.
pub async fn issue(
    call: TokenCall<'_>,
    (grant, rule): (GrantKind, &AccessRule),
    order: &Order<'_>,
) -> Result<MadeTokens, Failure> {
    let cell = &call.exchange.cell;
    let drafts = Drafts::draw(cell, order);
    let drafts = match seat_of(call, rule) {
        None => drafts,
        // In a box: what few rules have must not make the future of every request large.
        Some(seat) => Box::pin(ask(call, (grant, seat), drafts, order)).await?,
    };
    Ok(drafts.sign(cell).await?)
}

/// Where the rule stands, if it has a hook asked.
fn seat_of<'c>(
    call: TokenCall<'c>,
    rule: &AccessRule,
) -> Option<(&'c AccessPolicy, &'c PolicyRule)> {
    let server = call.issuer.custom().filter(|server| server.parts.asks())?;
    let seat = find_seat(&server.parts, &server.config, rule)?;
    seat.1.hook.is_some().then_some(seat)
}

async fn ask<'a>(
    call: TokenCall<'_>,
    (grant, (policy, rule)): (GrantKind, (&AccessPolicy, &PolicyRule)),
    drafts: Drafts<'a>,
    order: &Order<'_>,
) -> Result<Drafts<'a>, Failure> {
    let cell = &call.exchange.cell;
    let Some(id) = &rule.hook else {
        return Ok(drafts);
    };
    let hook = cell.active_token_hook(&call.issuer.org, id).await?;
    let Some(hook) = hook else {
        return Ok(drafts);
    };
    let question = Question {
        call,
        grant,
        policy: &policy.id,
        rule: &rule.id,
        drafts: &drafts,
        order,
    };
    let called = send(call, &hook, &question).await?;
    let (drafts, events, refusal) = apply(&called, &hook, drafts, call)?;
    let client = &call.exchange.facts.client;
    let app = call.client.app();
    let by = (Actor::client(&app.id, &app.label), client);
    cell.note_inline_call(&call.issuer.org, events, by).await?;
    match refusal {
        None => Ok(drafts),
        Some(denial) => Err(denial.into()),
    }
}

async fn send(
    call: TokenCall<'_>,
    hook: &InlineHook,
    question: &Question<'_>,
) -> Result<Called, Failure> {
    let cell = &call.exchange.cell;
    let event_id = cell.draw_call_id();
    let source = call.issuer.endpoint("v1/token");
    let envelope = Envelope {
        kind: hook.kind,
        event_id: &event_id,
        at: cell.now(),
        source: &source,
    };
    let data = render_data(question, &source)
        .map_err(|error| identity::fault::Fault::stored("claims of a token", &error))?;
    let body = render_question(&envelope, data).to_string().into_bytes();
    let called = cell.call_inline_hook(hook, event_id, body, Times::Once);
    Ok(called.await?)
}

type Applied<'a> = (Drafts<'a>, Vec<Event>, Option<Denial>);

/// What the answer makes of the tokens, and the rows of the log that tell of it.
fn apply<'a>(
    called: &Called,
    hook: &InlineHook,
    mut drafts: Drafts<'a>,
    call: TokenCall<'_>,
) -> Result<Applied<'a>, Failure> {
    let now = call.exchange.facts.now;
    let mut events = vec![called.event(hook, now)];
    let mut refusal = None;
    if let Ok(Some(said)) = &called.heard {
        let planned = match decide_answer(said) {
            Ok(Answer::Refuse(why)) => {
                events.push(called.processed(hook, None, now).detail("refused", &why));
                refusal = Some(Denial::told(ErrorCode::ServerError, &why));
                return Ok((drafts, events, refusal));
            }
            Ok(Answer::Commands(commands)) => plan_alterations(&commands, &drafts),
            Err(problem) => Err(problem),
        };
        match planned {
            Ok(planned) => {
                if let Some(alteration) = planned.access {
                    drafts.access.alter(alteration);
                }
                if let (Some(alteration), Some(id)) = (planned.id, drafts.id.as_mut()) {
                    id.alter(alteration);
                }
                events.push(called.processed(hook, None, now));
            }
            Err(problem) => events.push(called.processed(hook, Some(problem.as_str()), now)),
        }
    }
    Ok((drafts, events, refusal))
}
