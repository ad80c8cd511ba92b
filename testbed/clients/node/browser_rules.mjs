// An administrator, in Chromium, sets who administers, by which rules people sign in and from where, and asks what would
// happen; then every setting of the organisation, its logo, its host names, its mail server and its API tokens. What a
// form refuses comes back on the form with the field named and the entries kept. Then every one of these pages is held
// against the rules of accessibility and photographed, wide and narrow, light and dark.
//
// Input: origin, setup_link, email, password; chromium, screenshots.

import { request } from 'node:http';
import { ensureShape, violations } from './lib/audit.mjs';
import { Browser, WIDE } from './lib/browser.mjs';
import { Console } from './lib/console.mjs';
import { passGate } from './lib/gate.mjs';
import { png } from './lib/image.mjs';
import { ensure, note, script } from './lib/script.mjs';
import { SmtpSink } from './lib/smtp_sink.mjs';

const DEADLINE_SECS = 160;
const SMALL = { width: 360, height: 780 };
const GRACE = 'grace@example.com';
const HOST = 'id.example.com';
const MODEL = 'ee882879-721c-4913-9775-3dfcce97072a';
const isInside = (url) => /^\/(admin|apps)(\/|$)/.test(url.pathname);

await script(['origin', 'setup_link', 'email', 'password'], async (input) => {
  const sink = await SmtpSink.start();
  const browser = await Browser.launch({ executable: input.chromium, screenshots: input.screenshots });
  try {
    const ada = await browser.visitor('ada');
    await ada.authenticator();
    await enter(ada, input);
    const page = new Console(ada, input.origin);
    await administrators(page);
    await zones(page);
    const policy = await policies(page);
    await simulation(page, input);
    await general(page, browser, input);
    await mail(page, sink, input);
    await numbers(page);
    await attributes(page);
    await passkeys(page);
    await tokens(page);
    await gallery(page, policy);
    browser.ensureQuiet();
    return { policy };
  } finally {
    await browser.close();
    sink.close();
  }
}, DEADLINE_SECS);

async function enter(ada, input) {
  const setup = { org_name: 'Analytical Engines', given_name: 'Ada', family_name: 'Lovelace', email: input.email, password: input.password, password_again: input.password };
  await ada.open(input.setup_link);
  await passGate(ada, { login: input.email, password: input.password, enroll: 'passkey', passkey: true, setup }, isInside);
  const pages = new Console(ada, input.origin);
  await pages.open('/admin/people/new');
  await pages.send('/admin/people/new', { login: GRACE, first_name: 'Grace', last_name: 'Hopper', email: GRACE, start: 'staged' });
  await pages.open('/admin/groups/new');
  await pages.send('/admin/groups/new', { name: 'Engine room' });
  await pages.open('/admin/apps/new?kind=web');
  await pages.send('/admin/apps/new', { name: 'Wiki', redirect_uris: 'http://127.0.0.1:9/callback', assign: 'everyone' });
  await pages.open('/admin');
  await pages.mustSay('Look at the sign-on policy');
}

async function administrators(page) {
  const here = '/admin/administrators';
  await page.open(here);
  await page.must((await page.page.locator('main form[action*="/roles"]').count()) === 0, 'an administrator may change the own role');
  await page.open(`${here}?find=grace`);
  await page.send(`${here}/add`);
  await page.mustSay('Grace Hopper');
  const role = page.page.locator('main form[action*="/roles"]').first();
  await page.page.locator('details:has(form[action*="/roles"]) summary').first().click();
  await role.locator('[value="READ_ONLY_ADMIN"]').uncheck();
  for (const given of ['SUPER_ADMIN', 'HELP_DESK_ADMIN']) await role.locator(`[value="${given}"]`).check();
  await page.visitor.settle(() => role.locator('button[type=submit]').click());
  await page.must((await page.page.locator('tbody tr', { hasText: 'Grace' }).innerText()).includes('Super administrator, Help desk'), 'the roles were not changed');
  const remove = await page.page.locator('main form[action*="/remove"]').first().getAttribute('action');
  await page.confirm(remove);
  await page.mustNotSay('Grace Hopper', 'main tbody');
  note('administrators: added, changed, removed');
}

async function zones(page) {
  await page.open('/admin/zones/new');
  await page.send('/admin/zones/new', { name: 'Offices', ranges: '192.0.2.0/24\noffice' });
  await page.mustRefuse('ranges', '192.0.2.0/24\noffice');
  await page.mustSay('line 2');
  await page.send('/admin/zones/new', { ranges: '192.0.2.0/24\n2001:db8::/32' });
  await page.mustSay('Offices');
  await page.open('/admin/zones/new');
  await page.send('/admin/zones/new', { name: 'offices', ranges: '198.51.100.7' });
  await page.mustRefuse('name', 'offices');
}

async function policies(page) {
  await page.open('/admin/policies/new');
  await page.send('/admin/policies/new', { name: 'Organisation' });
  await page.mustRefuse('name', 'Organisation');
  await page.send('/admin/policies/new', { name: 'Finance' });
  const policy = new URL(page.page.url()).pathname;
  await rules(page, policy);
  await staleness(page, policy);
  await page.open('/admin/apps');
  await page.visitor.press('main a.row-link:has-text("Wiki")');
  const app = new URL(page.page.url()).pathname;
  await page.open(`${app}/sign-on`);
  await page.send('/sign-on', { policy: policy.split('/').pop() });
  await page.open(policy);
  await page.mustSay('Wiki');
  await page.confirm(`${policy}/delete`);
  await page.mustSay('An app names this policy');
  await page.open('/admin/zones');
  await page.visitor.press('main a.row-link:has-text("Offices")');
  await page.confirm('/remove');
  await page.mustSay('A policy names this zone');
  await page.open('/admin/policies/new');
  await page.send('/admin/policies/new', { name: 'Short-lived' });
  await page.confirm('/delete');
  await page.mustNotSay('Short-lived');
  note('policies: made, ordered, kept while in use');
  return policy;
}

async function rules(page, policy) {
  await page.open(`${policy}/rules/new`);
  await page.fill(page.form('/rules/new'), 'people', 'nobody@example.com');
  await page.send('/rules/new', { name: 'From elsewhere', zone_mode: 'in', session_minutes: '0' });
  await page.mustRefuse('people', 'nobody@example.com');
  await page.mustRefuse('zone');
  await page.mustRefuse('session_minutes', '0');
  const zone = await page.page.locator('[name="zone"]').first().getAttribute('value');
  await page.send('/rules/new', { people: '', zone_mode: 'not_in', zone: [zone], access: 'deny', session_minutes: '' });
  await page.mustSay('Not from Offices');
  await page.open(`${policy}/rules/new`);
  const group = await page.page.locator('[name="group"]').first().getAttribute('value');
  await page.send('/rules/new', { name: 'Engineers', group: [group], factors: 'two_factors', phishing_resistant: 'always', session_minutes: '15' });
  const names = () => page.page.locator('.rules .list-title').allInnerTexts();
  const order = async () => (await names()).map((name) => name.split(/\s+(?:Let|Refuse)/)[0].trim()).join(' > ');
  await page.must((await order()) === 'From elsewhere > Engineers > Everyone', `the rules stand in another order: ${await order()}`);
  await page.visitor.settle(() => page.page.locator('.rules li', { hasText: 'Engineers' }).locator('button:has-text("up")').click());
  await page.must((await order()) === 'Engineers > From elsewhere > Everyone', `the rule did not move: ${await order()}`);
  await page.visitor.settle(() => page.page.locator('.rules li', { hasText: 'Engineers' }).locator('a:has-text("Edit")').click());
  await page.must((await page.page.locator('[name="session_minutes"]').inputValue()) === '15', 'the rule forgot how old a proof may be');
  await page.must(await page.page.locator(`[name="group"][value="${group}"]`).isChecked(), 'the rule forgot its group');
  await page.open(`${policy}/rules/new`);
  await page.send('/rules/new', { name: 'Passing' });
  await page.visitor.settle(() => page.page.locator('.rules li', { hasText: 'Passing' }).locator('a:has-text("Edit")').click());
  await page.confirm('/remove');
  await page.mustNotSay('Passing');
}

/** A form that is older than a change is refused, keeps what was typed, and is refused until the page was opened anew. */
async function staleness(page, policy) {
  await page.open(policy);
  const other = await page.visitor.context.newPage();
  await other.goto(`${page.origin}${policy}`);
  await other.locator(`form[action$="${policy}"] [name="name"]`).fill('Money');
  // The address stays the same, so it is the navigation that is waited for.
  const arrived = other.waitForEvent('framenavigated');
  await other.locator(`form[action$="${policy}"] button[type=submit]`).click();
  await arrived;
  await other.waitForLoadState('load');
  await other.close();
  await page.send(policy, { name: 'Treasury' });
  await page.mustSay('changed meanwhile');
  await page.must((await page.form(policy).locator('[name="name"]').inputValue()) === 'Treasury', 'the stale form lost what was typed');
  await page.send(policy);
  await page.mustSay('changed meanwhile');
  await page.open(policy);
  await page.mustSay('Money', 'h1');
  await page.send(policy, { name: 'Treasury' });
  await page.mustSay('Treasury', 'h1');
}

async function simulation(page, input) {
  const here = '/admin/policies/simulate';
  const ask = async (fields) => {
    await page.open(here);
    await page.send(here, fields);
  };
  await ask({ person: 'nobody@example.com', address: 'somewhere', proof_minutes: '-1' });
  for (const [name, kept] of [['person', 'nobody@example.com'], ['address', 'somewhere'], ['proof_minutes', '-1']]) await page.mustRefuse(name, kept);
  const app = await page.page.locator('[name="app"] option', { hasText: 'Wiki' }).getAttribute('value');
  const verdict = async (fields, wanted, why) => {
    await ask({ person: input.email, address: '192.0.2.9', ...fields });
    await page.mustSay(wanted, '.verdict');
    await page.mustSay(why, 'section:has(.verdict)');
  };
  await verdict({ app: 'console' }, 'Asked for more proof', 'Passkey');
  await verdict({ app: 'console', proof: ['passkey_device_bound', 'passkey_synced'] }, 'Let in', 'Administration console');
  await verdict({ app: 'console', proof: ['passkey_synced'], proof_minutes: '2000' }, 'Asked for more proof', 'Proved too long ago');
  await verdict({ app, address: '203.0.113.9', proof: ['passkey_synced'] }, 'Refused', 'From elsewhere');
  await verdict({ app, proof: ['passkey_synced'] }, 'Let in', 'From Offices');
  await verdict({ person: GRACE, app: '' }, 'Refused', 'active');
  note('simulation: every verdict as the rules say');
}

async function general(page, browser, input) {
  const here = '/admin/settings';
  await page.open(here);
  await page.send(here, { name: 'Analytical Works', colour: '#3344aa', language: 'de' });
  await page.open(here);
  await page.must((await page.form(here).locator('[name="colour"]').inputValue()) === '#3344aa', 'the colour was not kept');
  const svg = { name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>') };
  await page.send(`${here}/logo`, { logo: svg });
  await page.mustRefuse('logo');
  const large = { name: 'large.png', mimeType: 'image/png', buffer: Buffer.concat([png(8, 8, [0, 0, 0]), Buffer.alloc(300 * 1024)]) };
  await page.send(`${here}/logo`, { logo: large });
  await page.mustRefuse('logo');
  await page.send(`${here}/logo`, { logo: { name: 'logo.bin', mimeType: 'application/octet-stream', buffer: png(96, 32, [51, 68, 170]) } });
  const stranger = await browser.visitor('stranger');
  await stranger.open(`${input.origin}/signin`);
  const width = await stranger.page.locator('img.brand-logo').evaluate((image) => image.naturalWidth);
  ensure(width === 96, 'the sign-in page does not show the logo', width);
  await stranger.picture('gate-with-logo');
  await stranger.close();
  await hosts(page, input, here);
}

async function hosts(page, input, here) {
  const before = await statusAt(input.origin, HOST);
  ensure(before === 421, `a host that nobody has answers ${before}`);
  await page.send(`${here}/hosts/add`, { host: 'https://id.example.com/' });
  await page.mustRefuse('host', 'https://id.example.com/');
  await page.send(`${here}/hosts/add`, { host: HOST });
  const there = await statusAt(input.origin, HOST);
  ensure(there === 200, `the host of the organisation answers ${there}`);
  await page.confirm('/hosts/remove');
  const after = await statusAt(input.origin, HOST);
  ensure(after === 421, `a host that was removed answers ${after}`);
  await page.send(`${here}/hosts/add`, { host: HOST });
}

function statusAt(origin, host) {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path: '/signin', headers: { host } }, (reply) => resolve(reply.resume().statusCode));
    asked.on('error', reject);
    asked.end();
  });
}

async function mail(page, sink, input) {
  const here = '/admin/settings/mail';
  const server = { host: '127.0.0.1', port: String(sink.port), security: 'none', username: '', from: 'id@example.com' };
  await page.open(here);
  await page.send(here, { ...server, host: 'mail.example.com' });
  await page.mustRefuse('security');
  await page.send(here, server);
  await page.send(`${here}/test`);
  await page.mustSay(input.email, '.toast');
  ensure(sink.messages.length === 1 && sink.messages[0].includes(input.email) && sink.messages[0].includes('id@example.com'), 'the mail server got another message', sink.messages);
  await invite(page, sink);
  await page.open(here);
  await page.send(here, { username: 'id', password: 'nine tortoises' });
  await page.mustSay('A password is stored');
  await page.send(here, { port: '1' });
  await page.mustRefuse('password');
  await page.open(here);
  await page.confirm(`${here}/remove`);
  await page.mustNotSay('A password is stored');
  note('mail: tried, its password bound to its server, removed');
}

/** Mail that follows from a change takes the same way, out of the outbox. */
async function invite(page, sink) {
  await page.open('/admin/people');
  await page.visitor.press('main a.row-link:has-text("Grace")');
  const arrived = sink.next();
  await page.send('/lifecycle/invite');
  const message = await arrived;
  ensure(message.includes(GRACE) && message.includes('From:') && message.includes('id@example.com'), 'the invitation went another way', message);
}

async function numbers(page) {
  await page.open('/admin/settings/passwords');
  await page.send('/passwords', { length_min: '3', history_count: '99', age_max_days: '0' });
  for (const [name, kept] of [['length_min', '3'], ['history_count', '99'], ['age_max_days', '0']]) await page.mustRefuse(name, kept);
  await page.send('/passwords', { length_min: '14', history_count: '4', age_max_days: '' });
  await page.open('/admin/settings/passwords');
  await page.must((await page.page.locator('[name="length_min"]').inputValue()) === '14', 'the length was not kept');
  await page.open('/admin/settings/sessions');
  await page.send('/sessions', { idle_minutes: '600', lifetime_minutes: '60' });
  await page.mustRefuse('idle_minutes', '600');
  await page.send('/sessions', { idle_minutes: '90', lifetime_minutes: '600' });
  await page.open('/admin/settings/sessions');
  await page.must((await page.page.locator('[name="idle_minutes"]').inputValue()) === '90', 'the idle time was not kept');
}

async function attributes(page) {
  const here = '/admin/settings/attributes';
  await page.open(here);
  await page.send(`${here}/add`, { name: 'cost centre', title: 'Cost centre' });
  await page.mustRefuse('name', 'cost centre');
  await page.send(`${here}/add`, { name: 'cost_centre' });
  await page.mustSay('Cost centre', 'tbody');
  await page.visitor.press(`main a[href^="${here}/rules/cost_centre"]`);
  await page.send(`${here}/rules/cost_centre`, { title: 'Kostenstelle', own: 'write' });
  await page.mustSay('Kostenstelle', 'tbody');
  await page.open('/admin/people');
  await page.visitor.press('main a.row-link:has-text("Grace")');
  await page.mustSay('Kostenstelle');
  await page.open(here);
  await page.confirm(`${here}/remove`);
  await page.mustNotSay('Kostenstelle');
  await page.send(`${here}/add`, { name: 'cost_centre', title: 'Cost centre' });
}

async function passkeys(page) {
  const here = '/admin/settings/passkeys';
  await page.open(here);
  await page.send(here, { attestation: 'direct', models: 'no model' });
  await page.mustRefuse('models', 'no model');
  await page.send(here, { attestation: 'direct', models: MODEL });
  await page.mustRefuse('roots');
  await page.send(here, { attestation: 'none', models: MODEL });
  await page.open(here);
  await page.must((await page.page.locator('[name="models"]').inputValue()) === MODEL, 'the model was not kept');
}

async function tokens(page) {
  const here = '/admin/settings/tokens';
  await page.open(here);
  await page.send(`${here}/add`, { name: 'nightly import' });
  const token = (await page.page.locator('#fresh-token').textContent()).trim();
  await page.must(/^00T[\w-]{43}$/.test(token), 'no token is shown');
  await page.open(here);
  await page.must(!(await page.page.content()).includes(token), 'the token is shown again');
  await page.confirm(`${here}/revoke`);
  await page.mustSay('No tokens');
  await page.send(`${here}/add`, { name: 'nightly import' });
}

async function gallery(page, policy) {
  await page.open(policy);
  const rule = await page.page.locator('.rules a:has-text("Edit")').first().getAttribute('href');
  await page.open('/admin/zones');
  const zone = await page.page.locator('main a.row-link').first().getAttribute('href');
  const settings = ['', '/mail', '/passwords', '/sessions', '/passkeys', '/attributes', '/tokens'].map((tab) => [`settings${tab.replace('/', '-')}`, `/admin/settings${tab}`]);
  const all = [
    ['administrators', '/admin/administrators?find=g'],
    ['policies', '/admin/policies'],
    ['policy', policy],
    ['policy-new', '/admin/policies/new'],
    ['rule', rule],
    ['simulate', `/admin/policies/simulate?person=ada%40example.com&app=console&address=192.0.2.9&proof=password&proof_minutes=0`],
    ['zones', '/admin/zones'],
    ['zone', zone],
    ...settings,
  ];
  const wrong = [];
  for (const [name, path] of all) {
    await page.open(path);
    await ensureShape(page.visitor, name);
    await portraits(page.visitor, name);
    const found = [...(await violations(page.visitor, 'dark')), ...(await violations(page.visitor, 'light'))];
    wrong.push(...found.map((one) => `${name} ${one}`));
  }
  for (const one of wrong) note(one);
  ensure(wrong.length === 0, `${wrong.length} rules of accessibility are broken`);
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
