// Signs a person in through the pages, by whatever order of pages the server chooses: fills the fields it knows by
// their names, agrees to a consent page, and says which page it could not get past.

import { describe, ensure } from './script.mjs';

const PAGES_MAX = 12;

/**
 * From `page` to the first page for which `done(page)` holds (by default: the agent was stopped at an application).
 * `person` holds `login`, `password` and, where wanted, `totp` (a function that returns the code of now).
 */
export async function signIn(agent, page, person, done = (seen) => seen.stopped) {
  const visited = [];
  for (let step = 0; step < PAGES_MAX; step += 1) {
    if (done(page)) return { page, visited };
    visited.push(`${page.status} ${page.url.pathname}`);
    ensure(page.status === 200, `a sign-in page answered ${page.status} (walk: ${visited.join(' > ')})`, page.text);
    const next = await answer(agent, page, person);
    ensure(next, `no form that can be answered (walk: ${visited.join(' > ')})`, page.text);
    page = next;
  }
  ensure(false, `sign-in did not end within ${PAGES_MAX} pages: ${visited.join(' > ')}`);
}

async function answer(agent, page, person) {
  for (const form of page.forms) {
    if (form.method !== 'post') continue;
    const filled = fill(form, person);
    if (filled) return agent.submit(page, form, filled);
  }
  const consent = page.forms.find((form) => form.method === 'post' && form.buttons.some(isAgreement));
  if (consent) return agent.submit(page, consent, {}, consent.buttons.find(isAgreement));
  return undefined;
}

// Hidden copies of a field (a remembered identifier, say) are not questions.
function fill(form, person) {
  const answers = { identifier: person.login, login: person.login, password: person.password, code: person.totp };
  const filled = {};
  for (const [name, value] of Object.entries(answers)) {
    const asked = form.kinds.has(name) && form.kinds.get(name) !== 'hidden';
    if (asked && value !== undefined) filled[name] = typeof value === 'function' ? value() : value;
  }
  return Object.keys(filled).length > 0 ? filled : undefined;
}

function isAgreement(button) {
  return /^(allow|accept|agree|approve|yes|continue|consent)$/i.test(button.value) || /\b(allow|accept|agree|continue|yes)\b/i.test(button.label);
}

/** Starts at an application's authorization URL and returns the URL that the application would have been called with. */
export async function authorize(agent, url, person) {
  const { page, visited } = await signIn(agent, await agent.get(url), person);
  const error = page.url.searchParams.get('error');
  ensure(!error, `authorization ended with ${error}: ${page.url.searchParams.get('error_description')}`, describe(visited));
  return { callback: page.url, visited };
}
