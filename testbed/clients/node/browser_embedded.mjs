// Pages of an application that ask for name and password themselves, in Chromium: one built on @okta/okta-auth-js, one that
// shows the classic bundle of @okta/okta-signin-widget. Both end with tokens that the application's page redeemed and verified.
//
// Input: origin, issuer, client_id, port (of the application), token (of an administrator), login, password; chromium,
// screenshots.

import { createServer } from 'node:http';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Browser } from './lib/browser.mjs';
import { ensure, note, script } from './lib/script.mjs';

const PACKAGES = join(import.meta.dirname, 'node_modules', '@okta');
const SCRIPTS = {
  '/auth.js': join(PACKAGES, 'okta-auth-js/dist/okta-auth-js.min.js'),
  '/widget.js': join(PACKAGES, 'okta-signin-widget/dist/js/okta-sign-in.classic.min.js'),
};
const page = (name) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>The application</title><link rel="icon" href="data:,"><div id="place"></div><script src="/${name}.js"></script>`;

await script(['origin', 'issuer', 'client_id', 'port', 'token', 'login', 'password'], async (input) => {
  const site = `http://127.0.0.1:${input.port}`;
  const server = await serve(input.port);
  const browser = await Browser.launch({ executable: input.chromium, screenshots: input.screenshots });
  const options = { issuer: input.issuer, clientId: input.client_id, redirectUri: `${site}/`, scopes: ['openid', 'profile', 'offline_access'], pkce: true };
  try {
    await trust(input, site);
    await library(browser, site, options, input);
    await widget(browser, site, options, input);
    browser.ensureQuiet();
    return {};
  } finally {
    await browser.close();
    server.close();
  }
});

async function serve(port) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://site').pathname;
    if (SCRIPTS[path]) {
      response.setHeader('Content-Type', 'text/javascript');
      createReadStream(SCRIPTS[path]).pipe(response);
      return;
    }
    response.setHeader('Content-Type', 'text/html');
    response.end(page(path === '/widget' ? 'widget' : 'auth'));
  });
  await new Promise((listening) => server.listen(port, '127.0.0.1', listening));
  return server;
}

async function trust(input, site) {
  const body = JSON.stringify({ name: 'The application', origin: site, scopes: [{ type: 'CORS' }, { type: 'REDIRECT' }] });
  const headers = { Authorization: `SSWS ${input.token}`, 'Content-Type': 'application/json' };
  const answer = await fetch(`${input.origin}/api/v1/trustedOrigins`, { method: 'POST', headers, body });
  ensure(answer.status === 200, 'the origin is not trusted', await answer.text());
}

async function library(browser, site, options, input) {
  const grace = await browser.visitor('grace');
  await grace.open(`${site}/login`);
  grace.expectStatus(401);
  const refused = await grace.page.evaluate(signIn, { options, login: input.login, password: `${input.password}?` });
  ensure(refused.code === 'E0000004', 'a wrong password is not refused as such', refused);
  const arrived = grace.page.waitForURL((url) => url.href.startsWith(`${site}/?`));
  await grace.page.evaluate(signIn, { options, login: input.login, password: input.password }).catch(leftThePage);
  await arrived;
  await holdTokens(grace, options, input);
  const stale = await grace.page.evaluate(signOut, options);
  ensure(stale.active === false, 'the token of somebody who signed out is still good', stale);
  note('signed in and out by the library');
  await grace.close();
}

async function widget(browser, site, options, input) {
  const ada = await browser.visitor('ada');
  ada.expectStatus(401);
  await answerWidget(ada, site, { options, origin: input.origin, login: input.login, password: `${input.password}?` });
  await ada.orExplain(ada.page.locator('.infobox-error').waitFor(), 'the widget does not say that the password was wrong');
  await ada.picture('embedded-widget-wrong');
  const arrived = ada.page.waitForURL((url) => url.href.startsWith(`${site}/?`));
  await answerWidget(ada, site, { options, origin: input.origin, login: input.login, password: input.password });
  await ada.orExplain(arrived, 'the widget does not come back with a code');
  // The page that is called back is the library's; what the widget began is finished by it.
  await holdTokens(ada, options, input);
  note('signed in by the widget');
  await ada.close();
}

async function answerWidget(visitor, site, { options, origin, login, password }) {
  await visitor.open(`${site}/widget`);
  await visitor.page.evaluate(showWidget, { origin, options });
  await visitor.page.evaluate(fillAndSend, { login, password });
}

/** The page redeems the code that it was called back with, and verifies what it got. */
async function holdTokens(visitor, options, input) {
  const held = await visitor.page.evaluate(redeem, options);
  ensure(held.login === input.login && held.told === input.login, 'the page was told of somebody else', held);
  ensure(held.renewed, 'the refresh token brings no other access token');
}

/** What is evaluated in a page that sends the browser elsewhere does not come back. */
function leftThePage(error) {
  if (!/navigation|context was destroyed/i.test(error.message)) throw error;
}

// From here on: run in the page.

async function signIn({ options, login, password }) {
  const auth = new window.OktaAuth(options);
  try {
    const transaction = await auth.signInWithCredentials({ username: login, password });
    await auth.token.getWithRedirect({ sessionToken: transaction.sessionToken });
    return { status: transaction.status };
  } catch (error) {
    return { code: error.errorCode ?? String(error) };
  }
}

async function redeem(options) {
  const auth = new window.OktaAuth(options);
  const { tokens } = await auth.token.parseFromUrl();
  auth.tokenManager.setTokens(tokens);
  const told = await auth.token.getUserInfo(tokens.accessToken, tokens.idToken);
  const renewed = await auth.token.renewTokens();
  auth.tokenManager.setTokens(renewed);
  return {
    renewed: renewed.accessToken.accessToken !== tokens.accessToken.accessToken,
    login: tokens.idToken.claims.preferred_username,
    told: told.preferred_username,
  };
}

async function signOut(options) {
  const auth = new window.OktaAuth(options);
  const { accessToken } = auth.tokenManager.getTokensSync();
  await auth.revokeAccessToken(accessToken);
  const answer = await fetch(accessToken.userinfoUrl, { headers: { Authorization: `Bearer ${accessToken.accessToken}` } });
  return { active: answer.ok };
}

// In one go, as a program fills in that keeps passwords: the widget draws its fields anew, and moves the focus, when it pleases.
function fillAndSend({ login, password }) {
  for (const [name, value] of [['username', login], ['password', password]]) {
    const field = document.querySelector(`[name="${name}"]`);
    field.value = value;
    for (const event of ['input', 'change']) field.dispatchEvent(new Event(event, { bubbles: true }));
  }
  document.querySelector('#okta-signin-submit').click();
}

function showWidget({ origin, options }) {
  const shown = new window.OktaSignIn({
    baseUrl: origin,
    clientId: options.clientId,
    redirectUri: options.redirectUri,
    useClassicEngine: true,
    authParams: { issuer: options.issuer, pkce: true, scopes: options.scopes },
  });
  // Before it has drawn itself, it takes nothing that is typed.
  const drawn = new Promise((resolve) => shown.on('afterRender', resolve));
  shown.showSignInAndRedirect({ el: '#place' });
  return drawn.then(() => undefined);
}
