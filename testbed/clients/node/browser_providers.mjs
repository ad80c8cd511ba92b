// People of other providers sign in, in Chromium: at another server of ours, and at npm oidc-provider, which this script runs.
//
// Input: origin (where people sign in), provider (the other server), client_id, client_secret (there), token (of an
// administrator of both), login, administrator, password; chromium, screenshots.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Browser } from './lib/browser.mjs';
import { ensure, note, script } from './lib/script.mjs';

const NEWCOMER = 'katherine@peer.example';

await script(['origin', 'provider', 'client_id', 'client_secret', 'token', 'login', 'administrator', 'password'], async (input) => {
  // Where the peer calls back is known once it is added, and its own address once it runs.
  const sister = await discover(input.provider);
  const added = await call(input, 'POST', '/api/v1/idps', describe(input, 'Peer', sister, 'AUTO'));
  const peer = await runPeer(input, callbackOf(added));
  const browser = await Browser.launch({ executable: input.chromium, screenshots: input.screenshots });
  try {
    await call(input, 'PUT', `/api/v1/idps/${added.id}`, describe(input, 'Peer', await discover(peer.address), 'AUTO'));
    await register(input, await call(input, 'POST', '/api/v1/idps', describe(input, 'Sister', sister, 'DISABLED')));
    await newcomer(browser, input);
    await turnedAway(browser, input);
    await linked(browser, input);
    browser.ensureQuiet();
    return {};
  } finally {
    await browser.close();
    peer.process.kill();
  }
});

async function runPeer(input, callback) {
  const client = { client_id: input.client_id, client_secret: input.client_secret, redirect_uris: [callback] };
  const people = [NEWCOMER, input.login, input.administrator].map((login) => ({ login, password: input.password }));
  const peer = spawn(process.execPath, [join(import.meta.dirname, 'peer_oidc_provider.mjs'), JSON.stringify({ port: 0, clients: [client], people })], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: peer.stdout })) {
    const said = JSON.parse(line);
    if (said.ready) return { process: peer, address: said.address };
  }
  throw new Error('the peer did not start');
}

async function call(input, method, path, body) {
  const headers = { Authorization: `SSWS ${input.token}`, 'Content-Type': 'application/json' };
  const answer = await fetch(`${input.origin}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const said = await answer.text();
  ensure(answer.ok, `${method} ${path} answered ${answer.status}`, said);
  return said ? JSON.parse(said) : undefined;
}

async function discover(issuer) {
  return (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
}

function callbackOf(provider) {
  return provider._links.clientRedirectUri.href;
}

/** Has the application at the other server called back at the address of the provider. */
async function register(input, provider) {
  const there = { ...input, origin: input.provider };
  const app = await call(there, 'GET', `/api/v1/apps/${input.client_id}`);
  app.settings.oauthClient.redirect_uris = [callbackOf(provider)];
  await call(there, 'PUT', `/api/v1/apps/${input.client_id}`, app);
}

/** A provider by what it says of itself. */
function describe(input, name, said, creation) {
  const endpoints = { authorization: { url: said.authorization_endpoint }, token: { url: said.token_endpoint }, userInfo: { url: said.userinfo_endpoint }, jwks: { url: said.jwks_uri } };
  const client = { client_id: input.client_id, client_secret: input.client_secret };
  const protocol = { type: 'OIDC', issuer: { url: said.issuer }, endpoints, scopes: ['openid', 'email', 'profile'], credentials: { client } };
  const policy = { provisioning: { action: creation }, accountLink: { action: 'AUTO' }, subject: { matchType: 'USERNAME' } };
  return { type: 'OIDC', name, protocol, policy };
}

async function goTo(visitor, input, name) {
  await visitor.open(`${input.origin}/signin`);
  await visitor.press(`text=Continue with ${name}`);
}

/** Answers the pages of the provider, which ask for a name and then for a password. */
async function proveThere(visitor, login, password) {
  await visitor.answer('identifier', login);
  await visitor.answer('password', password);
}

async function newcomer(browser, input) {
  const katherine = await browser.visitor('katherine');
  await katherine.open(`${input.origin}/signin`);
  await katherine.portraits('signin-providers');
  await katherine.press('text=Continue with Peer');
  await proveThere(katherine, NEWCOMER, input.password);
  await katherine.waitForPath((path, url) => url.origin === input.origin && path === '/apps', 'the applications');
  const user = await call(input, 'GET', `/api/v1/users/${NEWCOMER}`);
  ensure(user.status === 'ACTIVE' && user.profile.email === NEWCOMER, 'the newcomer is not added as vouched for', user);
  const providers = await call(input, 'GET', `/api/v1/users/${user.id}/idps`);
  ensure(providers.length === 1 && providers[0].name === 'Peer', 'the newcomer is not linked', providers);
  // Whoever has no other way in keeps this one.
  await katherine.open(`${input.origin}/account/security`);
  await katherine.portraits('account-providers');
  note('a newcomer was added and signed in');
  await katherine.close();
}

/** An administrator is not linked by the word of anybody. */
async function turnedAway(browser, input) {
  const ada = await browser.visitor('ada');
  await goTo(ada, input, 'Peer');
  await proveThere(ada, input.administrator, input.password);
  await ada.waitForPath((path, url) => url.origin === input.origin && path === '/signin/identify', 'the question who it is');
  const words = await ada.words();
  ensure(words.includes('sign in here as you usually do'), 'the administrator is not asked for proof of their own', words);
  await ada.picture('prove-first');
  const found = await call(input, 'GET', `/api/v1/users/${input.administrator}`);
  const providers = await call(input, 'GET', `/api/v1/users/${found.id}/idps`);
  ensure(providers.length === 0, 'the administrator was linked', providers);
  note('an administrator was asked for proof of their own');
  await ada.close();
}

/** A person of both servers, whose address the other one has not verified, is linked by an administrator. */
async function linked(browser, input) {
  const grace = await browser.visitor('grace');
  await goTo(grace, input, 'Sister');
  await proveThere(grace, input.login, input.password);
  await grace.waitForPath((path, url) => url.origin === input.origin, 'the server that she left');
  const refused = await grace.words();
  ensure(refused.includes('did not confirm your mail address'), 'an address counts that was not verified', refused);
  const there = await call({ ...input, origin: input.provider }, 'GET', `/api/v1/users/${input.login}`);
  const here = await call(input, 'GET', `/api/v1/users/${input.login}`);
  const [known] = await call(input, 'GET', '/api/v1/idps?q=Sister');
  await call(input, 'POST', `/api/v1/idps/${known.id}/users/${here.id}`, { externalId: there.id });
  // She is signed in there already.
  await goTo(grace, input, 'Sister');
  await grace.waitForPath((path, url) => url.origin === input.origin && path === '/apps', 'the applications');
  const user = await call(input, 'GET', `/api/v1/users/${input.login}`);
  const [sister] = await call(input, 'GET', `/api/v1/users/${user.id}/idps`);
  ensure(sister?.name === 'Sister', 'the person is not linked', sister);
  note('a person of both servers was linked and signed in');
  const back = await grace.page.evaluate(() => performance.getEntriesByType('navigation')[0].name);
  ensure(!back.includes('code='), 'the code stayed in the address', back);
  await call(input, 'POST', `/api/v1/idps/${sister.id}/lifecycle/deactivate`);
  await grace.context.clearCookies();
  await grace.open(`${input.origin}/signin`);
  const words = await grace.words();
  ensure(!words.includes('Continue with Sister') && words.includes('Continue with Peer'), 'a provider that is switched off has a button', words);
  await grace.close();
}
