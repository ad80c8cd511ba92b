// An administrator, in Chromium, makes an authorization server with scopes, claims and access rules and looks at what
// its tokens would say; rotates and revokes signing keys; watches the log live, filtered, paused and from a second
// window; and tries apps of every kind, with consent and with a device. Every page is reached below the path prefix of
// the organisation, held against the rules of accessibility and photographed, wide and narrow, light and dark. At the
// end the program is told to stop while a live log is open.
//
// Input: origin, pid, setup_link, email, password; chromium, screenshots.

import { readFileSync } from 'node:fs';
import * as oidc from 'openid-client';
import { ensureShape, violations } from './lib/audit.mjs';
import { Browser, WIDE } from './lib/browser.mjs';
import { Console } from './lib/console.mjs';
import { passGate } from './lib/gate.mjs';
import { discover } from './lib/relying_party.mjs';
import { ensure, note, script } from './lib/script.mjs';

const DEADLINE_SECS = 175;
const SMALL = { width: 360, height: 780 };
const STOP_MS_MAX = 8_000;
const CALLBACK = 'http://127.0.0.1:9/callback';
const isInside = (url) => /^\/(admin|apps)(\/|$)/.test(url.pathname);

await script(['origin', 'pid', 'setup_link', 'email', 'password'], async (input) => {
  const browser = await Browser.launch({ executable: input.chromium, screenshots: input.screenshots });
  try {
    const ada = await browser.visitor('ada');
    await ada.authenticator();
    await enter(ada, input);
    const site = `${input.origin}/t/main`;
    const page = new Console(ada, site);
    const gallery = [];
    const server = await servers(page, gallery);
    await keys(page, site, gallery);
    await watchLog(browser, page, input, gallery);
    await tryApps(page, site, input);
    await photograph(page, gallery);
    await remove(page, server);
    await stop(page, input);
    browser.ensureQuiet();
    return { pages: gallery.length };
  } finally {
    await browser.close();
  }
}, DEADLINE_SECS);

async function enter(ada, input) {
  const setup = { org_name: 'Analytical Engines', given_name: 'Ada', family_name: 'Lovelace', email: input.email, password: input.password, password_again: input.password };
  await ada.open(input.setup_link);
  await passGate(ada, { login: input.email, password: input.password, enroll: 'passkey', passkey: true, setup }, isInside);
}

async function servers(page, gallery) {
  await page.open('/admin/servers');
  await page.mustSay('default');
  await page.open('/admin/servers/new');
  await page.send('/admin/servers/new', { name: 'Orders', audience: 'two words', description: 'For the shop' });
  await page.mustRefuse('audience', 'two words');
  await page.send('/admin/servers/new', { audience: 'https://orders.example.com' });
  const server = new URL(page.page.url()).pathname.replace('/t/main', '');
  await page.must(/^\/admin\/servers\/aus/.test(server), 'making a server did not lead to it');
  await page.send(server, { name: 'Orders API', access_token_alg: 'RS256', access_token_format: 'opaque' });
  await page.mustSay('Orders API', 'h1');
  await page.send(server, { access_token_format: 'jwt' });

  await page.open(`${server}/scopes/new`);
  await page.send(`${server}/scopes/new`, { name: 'orders read', description: 'Read your orders' });
  await page.mustRefuse('name', 'orders read');
  await page.send(`${server}/scopes/new`, { name: 'orders:read', asks_consent: true });
  await page.mustSay('orders:read');
  await page.open(`${server}/claims/new`);
  await page.send(`${server}/claims/new`, { name: 'team', source: 'constant', value: 'analysts', token: 'access_token', scopes: 'orders:read' });
  await page.mustSay('analysts');
  await page.open(`${server}/claims/new`);
  await page.send(`${server}/claims/new`, { name: 'sub', source: 'attribute', value: 'email' });
  await page.mustRefuse('name', 'sub');

  await page.open(`${server}/access/new`);
  await page.send(`${server}/access/new`, { name: 'Readers', grant: ['authorization_code'], people: 'ada@example.com\nnobody@example.com', scopes: 'orders:read openid', access_minutes: '1.5' });
  await page.mustRefuse('people');
  await page.mustSay('nobody@example.com');
  await page.send(`${server}/access/new`, { people: 'ada@example.com' });
  await page.mustSay('1.5 min');
  ensure((await names(page)).join() === 'Everyone,Readers', 'the new rule is not the last', await names(page));
  const up = page.page.locator('main li', { hasText: 'Readers' }).locator('form:has([name="to"][value="up"]) button');
  await page.visitor.settle(() => up.click());
  ensure((await names(page)).join() === 'Readers,Everyone', 'the rule did not move', await names(page));
  await page.visitor.settle(() => page.page.locator('main li', { hasText: 'Readers' }).locator('a.button').click());
  const rule = new URL(page.page.url()).pathname.replace('/t/main', '');
  ensure((await page.page.locator('[name="access_minutes"]').inputValue()) === '1.5', 'the lifetime was not kept');
  ensure((await page.page.locator('[name="people"]').inputValue()) === 'ada@example.com', 'the people were not kept');

  await page.open(`${server}/scopes`);
  await page.visitor.settle(() => page.page.locator('main tr', { hasText: 'orders:read' }).locator('a.button').click());
  const scope = new URL(page.page.url()).pathname.replace('/t/main', '');
  await page.send(scope, { name: 'orders:view' });
  await page.open(`${server}/access`);
  await page.mustSay('orders:view');
  await page.open(`${server}/scopes`);
  const gone = page.page.locator('main tr', { hasText: 'orders:view' });
  await gone.locator('summary').click();
  await page.visitor.settle(() => gone.locator('form button[type=submit]').click());
  await page.mustSay('team still names orders:view');
  gallery.push(['servers', '/admin/servers'], ['server-new', '/admin/servers/new'], ['server', server], ['server-org', '/admin/servers/org'], ['server-scopes', `${server}/scopes`], ['server-claims', `${server}/claims`], ['server-access', `${server}/access`], ['server-rule', `${server}/access/new`], ['server-scope', `${server}/scopes/new`], ['server-claim', `${server}/claims/new`]);
  await page.visitor.open(`${page.origin}${scope}`, 404);
  note('servers: made, changed, scopes, claims and rules set');
  await previews(page, server, gallery);
  return { server, rule };
}

async function names(page) {
  return page.page.locator('.rules .rule-text .list-title').allInnerTexts();
}

async function previews(page, server, gallery) {
  await page.open('/admin/apps/new?kind=web');
  await page.send('/admin/apps/new', { name: 'Wiki', redirect_uris: CALLBACK, assign: 'everyone' });
  const app = /0oa[0-9A-Za-z]{17}/.exec(await page.page.content())[0];
  const ask = (scope, person = 'ada@example.com') => page.open(`${server}/preview?${new URLSearchParams({ app, grant: 'authorization_code', person, scope })}`);
  await ask('openid profile orders:view');
  await page.mustSay('"team": "analysts"');
  await page.mustSay('"name": "Ada Lovelace"');
  await page.mustSay('By the rule Everyone');
  gallery.push(['server-preview', new URL(page.page.url()).pathname.replace('/t/main', '') + new URL(page.page.url()).search]);
  await ask('openid orders:view');
  await page.mustSay('By the rule Readers');
  await ask('openid orders:admin');
  await page.mustSay('invalid_scope');
  await ask('openid', 'nobody@example.com');
  await page.mustRefuse('person', 'nobody@example.com');
  note('previews: issued by the rule that fits, refused, unknown person');
}

async function keys(page, site, gallery) {
  const published = async () => (await (await fetch(`${site}/oauth2/v1/keys`)).json()).keys.map((key) => key.kid);
  const before = await published();
  await page.open('/admin/keys');
  await page.mustSay('Key file');
  const signing = page.page.locator('main tbody tr', { hasText: 'Analytical Engines' }).filter({ hasText: 'RS256' });
  await signing.locator('summary').first().click();
  await page.visitor.settle(() => signing.locator('form[action$="/rotate"] button[type=submit]').click());
  await page.mustSay('Next');
  const after = await published();
  ensure(before.every((kid) => after.includes(kid)) && after.length === before.length + 1, 'a rotation did not publish the next key beside the others', after);
  const next = page.page.locator('main tbody tr:has(.badge:text-is("Next"))');
  await next.locator('details:has(form[action$="/revoke"]) summary').click();
  await page.visitor.settle(() => next.locator('form[action$="/revoke"] button[type=submit]').click());
  await page.open('/admin/log?event=app.oauth2.key');
  await page.mustSay('Signing key rotated');
  await page.mustSay('Signing key revoked');
  gallery.push(['keys', '/admin/keys'], ['server-keys', '/admin/servers/org/keys']);
  note('keys: rotated with an overlap, revoked, logged');
}

async function watchLog(browser, page, input, gallery) {
  const ada = page.visitor;
  await page.open('/admin/log?event=user.&outcome=FAILURE');
  await ada.press('a[href*="/admin/log/live?"]', 'link to the live log');
  await ada.orExplain(ada.page.locator('[data-tail-state].is-ok').waitFor(), 'the live log does not open');
  const fail = async (count) => {
    const stranger = await browser.visitor('stranger');
    stranger.expectStatus(400, 401, 403, 422, 429);
    await stranger.open(`${input.origin}/signin`);
    await stranger.answer('identifier', input.email);
    if (!(await stranger.page.locator('[name="password"]:visible').count())) await stranger.press('a[href$="/signin/choose"]').then(() => stranger.press('a.way[href*="/signin/password"]'));
    await stranger.answer('password', 'not the password');
    await stranger.close();
    if (count) await ada.orExplain(ada.page.locator(`.tail tbody tr:nth-child(${count})`).waitFor(), `row ${count} does not appear in the live log`);
  };
  await fail(1);
  await ada.page.click('[data-tail-toggle]');
  ensure((await ada.page.locator('[data-tail-state]').innerText()) === 'Paused', 'the live log does not pause');
  await fail();
  await ada.page.click('[data-tail-toggle]');
  await ada.orExplain(ada.page.locator('.tail tbody tr:nth-child(2)').waitFor(), 'what happened during the pause does not appear');
  const rows = await ada.page.locator('.tail tbody a').evaluateAll((links) => links.map((link) => link.href));
  ensure(new Set(rows).size === rows.length, 'a row of the live log came twice', rows);
  ensure((await ada.page.locator('.tail tbody tr').allInnerTexts()).every((text) => text.includes('user.')), 'a row came that the filter leaves out');
  await portraits(ada, 'log-live');
  gallery.push(['log', '/admin/log?event=app.']);

  const more = [];
  for (let count = 0; count < 3; count += 1) {
    const tab = await ada.context.newPage();
    ada.watch(tab);
    await tab.goto(`${page.origin}/admin/log/live`);
    more.push(tab);
  }
  await ada.orExplain(more[2].locator('[data-tail-state]', { hasText: 'Too many' }).waitFor(), 'a tail too many was opened');
  for (const tab of more) await tab.close();
  note('log: live below the prefix, filtered, paused without loss or repetition, bounded');

  // The right to read ends while the log is watched: so does the stream.
  const other = await ada.context.newPage();
  ada.watch(other);
  await other.goto(`${page.origin}/apps`);
  await other.locator('details.menu summary').click();
  await other.locator('form[action$="/signout"] button').click();
  await other.waitForLoadState('load');
  await ada.orExplain(ada.page.locator('[data-tail-state]', { hasText: 'Ended' }).waitFor(), 'the live log goes on after signing out');
  await other.close();
  await ada.page.goto(`${input.origin}/admin`);
  await passGate(ada, { login: input.email, password: input.password, passkey: true }, isInside);
  note('log: the stream ended with the session');
}

async function tryApps(page, site, input) {
  const ada = page.visitor;
  const newApp = async (kind, fields) => {
    await page.open(`/admin/apps/new?kind=${kind}`);
    await page.send('/admin/apps/new', fields);
    const html = await page.page.content();
    return { id: /0oa[0-9A-Za-z]{17}/.exec(html)[0], secret: /tcs_[0-9A-Za-z_-]{43}/.exec(html)?.[0] };
  };
  const verdict = (tone) => page.must(page.page.locator(`.verdict.is-${tone}`).count(), `the trial did not end ${tone}`);

  const wiki = await newApp('web', { name: 'Notes', redirect_uris: CALLBACK, assign: 'everyone' });
  await ada.press('main a[href$="/test"]', 'link to the trial');
  await inspect(ada, 'app-test-begin');
  await ada.press('main form[action$="/test"] button.is-main');
  await verdict('ok');
  await page.mustSay('ada@example.com');
  await page.mustSay(wiki.id);
  await inspect(ada, 'app-test');
  await page.page.reload();
  await page.mustSay('This test has ended');
  await ada.settle(() => page.page.locator('main form[action$="/test"] button').nth(1).click());
  await passGate(ada, { login: input.email, password: input.password, passkey: true }, (url) => url.pathname.endsWith('/test/callback'));
  await verdict('ok');
  note('trial: worked, once, and with a new proof');

  const forum = await newApp('single_page', { name: 'Forum of others', redirect_uris: CALLBACK, assign: 'everyone', consent: true });
  for (const [decision, tone] of [['deny', 'bad'], ['allow', 'ok']]) {
    await page.open(`/admin/apps/${forum.id}/test`);
    await ada.press('main form[action$="/test"] button.is-main');
    await ada.waitForPath((path) => path.endsWith('/consent'), 'the consent page');
    if (decision === 'deny') await inspect(ada, 'consent');
    await ada.press(`button[name="decision"][value="${decision}"]`);
    await ada.waitForPath((path) => path.endsWith('/test/callback'), 'the end of the trial');
    await verdict(tone);
  }
  const closed = await newApp('native', { name: 'Telescope', redirect_uris: 'http://127.0.0.1/callback', assign: 'later' });
  await page.open(`/admin/apps/${closed.id}/test`);
  await ada.press('main form[action$="/test"] button.is-main');
  await verdict('bad');
  await page.mustSay('Assign the app to yourself');
  await inspect(ada, 'app-test-failed');
  note('trial: consent denied and given, and what to mend');

  const robot = await newApp('service', { name: 'Robot' });
  for (const [secret, scope, tone, text] of [['', '', 'ok', robot.id], [robot.secret, '', 'ok', robot.id], ['wrong', '', 'bad', 'invalid_client'], ['', 'none:such', 'bad', 'invalid_scope']]) {
    await page.open(`/admin/apps/${robot.id}/test`);
    await page.send(`/admin/apps/${robot.id}/test/token`, { scope, client_secret: secret });
    await verdict(tone);
    await page.mustSay(text);
  }
  await page.open(`/admin/apps/${robot.id}/test`);
  await inspect(ada, 'app-test-service');
  await device(page, site, newApp);
}

async function device(page, site, newApp) {
  const ada = page.visitor;
  const television = await newApp('native', { name: 'Television', redirect_uris: '', device: true, assign: 'everyone' });
  await page.open(`/admin/apps/${television.id}`);
  await page.send(`/admin/apps/${television.id}`, { name: 'Big television' });
  await page.mustSay('Big television', 'h1');
  await page.open(`/admin/apps/${television.id}/test`);
  await page.mustSay('/oauth2/v1/device/authorize');
  await inspect(ada, 'app-test-device');
  const config = await discover({ issuer: site, client_id: television.id });
  const begin = () => oidc.initiateDeviceAuthorization(config, { scope: 'openid profile' });
  const refused = await begin();
  await ada.open(refused.verification_uri);
  await inspect(ada, 'device-code');
  await ada.answer('user_code', 'XXXX-XXXX');
  await inspect(ada, 'device-code-wrong');
  await ada.answer('user_code', refused.user_code.toLowerCase());
  await inspect(ada, 'device-confirm');
  await ada.press('button[name="decision"][value="deny"]');
  await inspect(ada, 'device-denied');
  const allowed = await begin();
  await ada.open(allowed.verification_uri_complete);
  await ada.settle(() => ada.page.locator('[name="user_code"]').press('Enter'));
  await ada.press('button[name="decision"][value="allow"]');
  await inspect(ada, 'device-allowed');
  const tokens = await oidc.pollDeviceAuthorizationGrant(config, allowed);
  ensure(tokens.claims()?.name === 'Ada Lovelace', 'the device got no token for the person', tokens.claims());
  await page.open(`/device?user_code=${allowed.user_code}`);
  await ada.settle(() => ada.page.locator('[name="user_code"]').press('Enter'));
  note('device: wrong code, denied, allowed, and its tokens');
}

async function photograph(page, gallery) {
  for (const [name, path] of gallery) {
    await page.open(path);
    await inspect(page.visitor, name);
  }
}

async function remove(page, { server }) {
  await page.open(`${server}/access`);
  const rule = page.page.locator('main li', { hasText: 'Readers' });
  await rule.locator('summary').click();
  await page.visitor.settle(() => rule.locator('form[action$="/remove"] button[type=submit]').click());
  await page.mustNotSay('Readers');
  await page.open(server);
  await page.confirm(`${server}/deactivate`);
  await page.mustSay('Inactive');
  await page.open(`${server}/preview`);
  await page.open(server);
  await page.confirm(`${server}/delete`);
  await page.mustNotSay('Orders API');
  await page.open('/admin/log?event=oauth2.');
  await page.mustSay('Authorization server deleted');
  await page.mustSay('Scope changed');
  note('servers: switched off and deleted');
}

/** An open stream must not hold up the end of the program. */
async function stop(page, input) {
  const ada = page.visitor;
  await page.open('/admin/log/live');
  await ada.orExplain(ada.page.locator('[data-tail-state].is-ok').waitFor(), 'the live log does not open');
  const before = ada.browser.troubles.length;
  process.kill(input.pid, 'SIGTERM');
  const started = Date.now();
  await ada.orExplain(ada.page.locator('[data-tail-state]', { hasText: 'Connection lost' }).waitFor(), 'the live log does not end with the program');
  while (isRunning(input.pid)) {
    ensure(Date.now() - started < STOP_MS_MAX, 'the program does not end while a live log is open');
    await new Promise((resolve) => setImmediate(resolve));
  }
  note(`ended ${Date.now() - started} ms after it was told to`);
  // The browser tries to come back and finds nobody: it says so in its console.
  ada.browser.troubles.length = before;
}

/** A process that ended and was not waited for is a zombie. */
function isRunning(pid) {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function inspect(visitor, name) {
  await ensureShape(visitor, name);
  await portraits(visitor, name);
  const wrong = [...(await violations(visitor, 'dark')), ...(await violations(visitor, 'light'))];
  ensure(wrong.length === 0, `${name} breaks rules of accessibility`, wrong.join('\n'));
}

async function portraits(visitor, name) {
  for (const [form, colorScheme, viewport] of [['wide', 'light', WIDE], ['dark', 'dark', WIDE], ['small', 'light', SMALL]]) {
    await visitor.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await visitor.page.setViewportSize(viewport);
    const overflow = await visitor.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await visitor.picture(`${name}-${form}`);
    ensure(overflow <= 1, `${name} scrolls sideways by ${overflow} px when ${form}`);
  }
  await visitor.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await visitor.page.setViewportSize(WIDE);
}
