// The first hour of an administrator, in Chromium: set-up, a web application made by the wizard, and a real OpenID
// Connect client that signs the administrator in with what the wizard showed. Then what the tokens are good for.
//
// Input: origin, setup_link, email, password; chromium, screenshots.

import { createServer } from 'node:http';
import * as oidc from 'openid-client';
import { Application } from './lib/application.mjs';
import { Browser } from './lib/browser.mjs';
import { passGate } from './lib/gate.mjs';
import { discover } from './lib/relying_party.mjs';
import { ensure, note, script } from './lib/script.mjs';

const DEADLINE_SECS = 120;
const isInside = (url) => /^\/(admin|apps)(\/|$)/.test(url.pathname);

await script(['origin', 'setup_link', 'email', 'password'], async (input) => {
  const app = await listen();
  input.redirect_uri = `http://127.0.0.1:${app.address().port}/callback`;
  const browser = await Browser.launch({ executable: input.chromium, screenshots: input.screenshots });
  try {
    const ada = await browser.visitor('ada');
    await ada.authenticator();
    await setUp(ada, input);
    const client = await makeApp(ada, input);
    const tokens = await signIn(ada, { ...input, ...client });
    browser.ensureQuiet();
    return tokens;
  } finally {
    await browser.close();
    app.close();
    app.closeAllConnections();
  }
}, DEADLINE_SECS);

/** The application that the browser comes back to, on a free port. */
function listen() {
  const page = '<!doctype html><html lang="en"><title>App</title><link rel="icon" href="data:,"><h1>The application</h1></html>';
  const app = createServer((_, reply) => reply.writeHead(200, { 'content-type': 'text/html' }).end(page));
  return new Promise((resolve) => app.listen(0, '127.0.0.1', () => resolve(app)));
}

async function setUp(ada, input) {
  await ada.open(input.setup_link);
  const setup = { org_name: 'Analytical Engines', given_name: 'Ada', family_name: 'Lovelace', email: input.email, password: input.password, password_again: input.password };
  await passGate(ada, { login: input.email, password: input.password, enroll: 'passkey', passkey: true, setup }, isInside);
}

async function makeApp(ada, input) {
  await ada.open(`${input.origin}/admin/apps/new?kind=web`);
  await ada.page.fill('[name="name"]', 'Wiki');
  await ada.page.fill('[name="redirect_uris"]', input.redirect_uri);
  await ada.page.check('[name="assign"][value="everyone"]');
  await ada.picture('app-details');
  await ada.press('main form[action$="/admin/apps/new"] button[type=submit]');
  await ada.picture('app-ready');
  const html = await ada.page.content();
  const client_id = /0oa[0-9A-Za-z]{17}/.exec(html)?.[0];
  const client_secret = /tcs_[0-9A-Za-z_-]{43}/.exec(html)?.[0];
  ensure(client_id && client_secret, 'the wizard shows no client id and secret', await ada.words());
  note(`made the app ${client_id}`);
  return { issuer: input.origin, client_id, client_secret };
}

async function signIn(ada, input) {
  const config = await discover(input);
  const application = await Application.behind(ada, config, input);
  const tokens = await application.signIn({ scope: 'openid profile email offline_access' }, () => ensure(false, 'a living session was asked again', ada.page.url()));
  const claims = tokens.claims();
  const person = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  ensure(person.email === input.email, 'userinfo names somebody else', person);
  const next = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  ensure(next.refresh_token && next.refresh_token !== tokens.refresh_token, 'the refresh token did not rotate');
  const live = await oidc.tokenIntrospection(config, next.access_token);
  ensure(live.active === true, 'a fresh access token is not active', live);
  await oidc.tokenRevocation(config, next.refresh_token);
  const dead = await oidc.tokenIntrospection(config, next.refresh_token);
  ensure(dead.active === false, 'a revoked refresh token is active', dead);
  await ada.page.goto(`${input.origin}/apps`);
  await ada.page.locator('details.menu summary').click();
  await ada.press('form[action$="/signout"] button');
  // The passkey of the autofill list is taken at once; a form is what leads from there to the application.
  const again = await application.signIn({}, async () => {});
  ensure(again.claims().sub === claims.sub, 'the second sign-in is somebody else', again.claims());
  return { sub: claims.sub, amr: claims.amr, acr: claims.acr };
}
