// npm openid-client as a television: the device authorization grant, approved by the person on another "screen".
//
// Input: issuer, client_id, login, password; client_secret where the application has one; scope as wanted.

import * as oidc from 'openid-client';
import { Agent } from './lib/agent.mjs';
import { discover, oauthError } from './lib/relying_party.mjs';
import { ensure, mustFail, note, script } from './lib/script.mjs';

const PAGES_MAX = 12;
const ALLOW = /allow|approve|accept|agree|confirm|yes|continue|connect/i;
const DENY = /deny|cancel|abort|refuse|no\b/i;

await script(['issuer', 'client_id', 'login', 'password'], async (input) => {
  const config = await discover(input);
  const scope = input.scope ?? 'openid profile offline_access';
  const started = await oidc.initiateDeviceAuthorization(config, { scope });
  ensure(started.device_code && started.user_code && started.verification_uri, 'the device reply is incomplete', Object.keys(started));
  ensure(started.expires_in > 0, 'the device code has no life time', started);

  const early = await mustFail('a device code that nobody approved', () => pollOnce(config, started));
  ensure(oauthError(early) === 'authorization_pending', 'a device code that nobody approved is not authorization_pending', oauthError(early));

  const pages = await approve(input, started);
  const tokens = await oidc.pollDeviceAuthorizationGrant(config, started);
  ensure(tokens.access_token, 'the approved device got no access token', Object.keys(tokens));
  if (scope.includes('openid')) ensure(tokens.claims()?.sub, 'the approved device got no ID token');

  const again = await mustFail('a device code used twice', () => pollOnce(config, started));
  ensure(['invalid_grant', 'expired_token'].includes(oauthError(again)), 'a device code used twice is not refused as such', oauthError(again));
  await denied(config, input, scope);
  return { pages, refresh_token: Boolean(tokens.refresh_token) };
});

/** One poll without the library's waiting: the deadline ends it at the first answer. */
async function pollOnce(config, started) {
  return oidc.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:device_code', { device_code: started.device_code });
}

async function approve(input, started) {
  const agent = new Agent();
  const start = started.verification_uri_complete ?? started.verification_uri;
  return walk(agent, await agent.get(start), input, started.user_code, ALLOW);
}

async function denied(config, input, scope) {
  const started = await oidc.initiateDeviceAuthorization(config, { scope });
  const agent = new Agent();
  await walk(agent, await agent.get(started.verification_uri), input, started.user_code, DENY);
  const refused = await mustFail('a device code that the person denied', () => pollOnce(config, started));
  ensure(oauthError(refused) === 'access_denied', 'a denied device code is not access_denied', oauthError(refused));
}

/** Enters the code, signs in, presses the wanted button; the walk ends at a page that asks nothing more, or at once after a no. */
async function walk(agent, page, person, userCode, wanted) {
  const pages = [];
  let pressed = false;
  for (let step = 0; step < PAGES_MAX; step += 1) {
    pages.push(`${page.status} ${page.url.pathname}`);
    ensure(page.status === 200 || pressed, `a device page answered ${page.status} (walk: ${pages.join(' > ')})`, page.text);
    const next = pressed && wanted === DENY ? undefined : await answer(agent, page, person, userCode, wanted, () => { pressed = true; });
    if (!next) {
      ensure(pressed, `no form that can be answered (walk: ${pages.join(' > ')})`, page.text);
      note(`device: ${pages.join(' > ')}`);
      return pages;
    }
    page = next;
  }
  ensure(false, `the device pages did not end: ${pages.join(' > ')}`);
}

async function answer(agent, page, person, userCode, wanted, onPressed) {
  const known = { user_code: userCode, identifier: person.login, login: person.login, password: person.password };
  const asking = page.forms.filter((form) => form.method === 'post');
  for (const form of asking) {
    const asked = Object.entries(known).filter(([name]) => form.kinds.has(name) && form.kinds.get(name) !== 'hidden');
    if (asked.length > 0) return agent.submit(page, form, Object.fromEntries(asked));
  }
  for (const form of asking) {
    const button = form.buttons.find((one) => wanted.test(one.label) || wanted.test(one.value));
    if (!button) continue;
    onPressed();
    return agent.submit(page, form, {}, button);
  }
  return undefined;
}
