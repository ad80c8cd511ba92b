// A person without rights in Chromium: accepts an invitation or signs in with a password, adds a passkey, an
// authenticator app and recovery codes, ends other sessions, gives consent and takes it back, and is kept out of
// administration.
//
// Input: origin, login, password, data; application: { issuer, client_id, client_secret, redirect_uri } that asks for
// consent; chromium, screenshots.

import { Application } from './lib/application.mjs';
import { Browser } from './lib/browser.mjs';
import { passGate } from './lib/gate.mjs';
import { discover } from './lib/relying_party.mjs';
import { ensure, note, script } from './lib/script.mjs';
import { totp } from './lib/totp.mjs';

const DEADLINE_SECS = 170;
const isInside = (url) => /^\/(apps|account)(\/|$)/.test(url.pathname);

await script(['origin', 'login', 'password', 'data'], async (input) => {
  const browser = await Browser.launch({ executable: input.chromium, screenshots: input.screenshots });
  try {
    const facts = { login: input.login, password: input.password, code_of: (secret) => totp(secret) };
    const grace = await browser.visitor('grace');
    const result = { password: await signInByPassword(grace, input, facts) };
    await keptOut(grace, input);
    if (input.application) await consent(grace, input, facts);
    await connectTotp(grace, input, facts);
    result.second = await secondDevice(browser, grace, input, facts);
    await recoveryCodes(grace, input, facts);
    await passkeys(grace, input, facts);
    browser.ensureQuiet();
    return result;
  } finally {
    await browser.close();
  }
}, DEADLINE_SECS);

async function signInByPassword(grace, input, facts) {
  await grace.open(`${input.origin}/signin?continue=%2Faccount`);
  const steps = await passGate(grace, facts, isInside);
  await grace.open(`${input.origin}/apps`);
  await grace.portraits('person-apps');
  return steps;
}

async function keptOut(grace, input) {
  grace.expectStatus(403, 404);
  const reply = await grace.page.goto(`${input.origin}/admin/people`);
  ensure([403, 404].includes(reply.status()), 'a person without rights sees administration', `${reply.status()} ${await grace.words()}`);
  await grace.picture('person-kept-out');
}

async function consent(grace, input, facts) {
  const application = await Application.behind(grace, await discover(input.application), input.application);
  const asked = [];
  await application.signIn({}, async (isThrough) => {
    asked.push(...(await passGate(grace, facts, isThrough, async (name) => grace.portraits(`person-${name}`))));
  });
  ensure(asked.includes('consent'), 'the application was given data without asking', asked);
  await application.signIn({}, () => ensure(false, 'consent was asked for twice', grace.page.url()));
  await grace.open(`${input.origin}/account/consents`);
  await grace.portraits('person-consents');
  ensure((await grace.page.locator('main form[method=post] button[type=submit]').count()) > 0, 'a consent cannot be taken back', await grace.words());
}

async function connectTotp(grace, input, facts) {
  await grace.open(`${input.origin}/account/security/totp`);
  await passGate(grace, facts, (url) => url.pathname === '/account/security', async (name) => grace.picture(`person-${name.replaceAll(' ', '-')}`));
  ensure(facts.totp_secret, 'the page shows no secret of the authenticator app');
  // A code is good once: the next one is that of the next step, which the server must also take.
  facts.totp = () => totp(facts.totp_secret, Date.now(), 1);
}

async function secondDevice(browser, grace, input, facts) {
  const phone = await browser.visitor('phone');
  await phone.open(`${input.origin}/signin`);
  const steps = await passGate(phone, facts, isInside);
  await grace.open(`${input.origin}/account/sessions`);
  await grace.portraits('person-sessions');
  const rows = await grace.page.locator('form[action$="/end"]').count();
  ensure(rows >= 2, 'two devices, but fewer sessions', rows);
  await grace.page.locator('details.confirm summary').first().click();
  await grace.press('form[action$="/account/sessions/end-others"] button[type=submit]');
  await phone.page.goto(`${input.origin}/account`);
  ensure(!isInside(new URL(phone.page.url())), 'a session that was ended elsewhere lives on', phone.page.url());
  await phone.close();
  return steps;
}

async function recoveryCodes(grace, input, facts) {
  await grace.open(`${input.origin}/account/security`);
  await grace.press('form[action$="/account/security/recovery-codes"] button[type=submit]');
  await passGate(grace, facts, (url) => url.pathname.startsWith('/account/security'));
  await grace.portraits('person-recovery-codes');
}

async function passkeys(grace, input, facts) {
  const device = await grace.authenticator();
  await grace.open(`${input.origin}/account/security/passkeys/new`);
  await passGate(grace, facts, (url) => url.pathname === '/account/security');
  ensure((await device.credentials()).length === 1, 'no passkey was made', await grace.words());
  await grace.portraits('person-security');
  await grace.page.locator('details.confirm summary', { hasText: 'Remove' }).first().click();
  await grace.press('form[action*="/passkeys/"][action$="/remove"] button[type=submit]');
  ensure((await grace.page.locator('form[action*="/passkeys/"][action$="/remove"]').count()) === 0, 'the removed passkey is still there', await grace.words());
  await grace.open(`${input.origin}/account/activity`);
  await grace.portraits('person-activity');
  note('passkey added and removed');
}
