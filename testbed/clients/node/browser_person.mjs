// A person without rights in Chromium, at home in the own account: profile, consent given and taken back, sessions on
// two devices, a new password, two passkeys of which one goes, an authenticator app, recovery codes, the log; and the
// mail that all of it caused, in the local mailbox. Administration stays shut.
//
// Input: origin, login, password, data; application: { issuer, client_id, client_secret, redirect_uri } that asks for
// consent; chromium, screenshots.

import * as oidc from 'openid-client';
import { Application } from './lib/application.mjs';
import { ensureShape, violations } from './lib/audit.mjs';
import { Authenticator, Browser, WIDE } from './lib/browser.mjs';
import { passGate } from './lib/gate.mjs';
import { mailWith } from './lib/mail.mjs';
import { discover } from './lib/relying_party.mjs';
import { ensure, mustFail, note, script } from './lib/script.mjs';
import { totp } from './lib/totp.mjs';

const DEADLINE_SECS = 170;
const NARROWEST = { width: 360, height: 740 };
const isInside = (url) => /^\/(apps|account)(\/|$)/.test(url.pathname);
const isAt = (path) => (url) => url.pathname === path;
const atSecurity = isAt('/account/security');

await script(['origin', 'login', 'password', 'data', 'application'], async (input) => {
  const browser = await Browser.launch({ executable: input.chromium, screenshots: input.screenshots });
  try {
    const facts = { login: input.login, password: input.password, code_of: (secret) => totp(secret) };
    const grace = await browser.visitor('grace');
    const result = { signed_in: await signIn(grace, input, facts) };
    await profile(grace, input);
    await keptOut(grace, input);
    await consent(grace, input, facts);
    await sessions(browser, grace, input, facts);
    await changePassword(browser, grace, input, facts);
    result.step_up = await passkeys(grace, input, facts);
    await authenticatorApp(grace, input, facts);
    await recoveryCodes(grace, input, facts);
    await activity(grace, input);
    await mailbox(grace, input);
    browser.ensureQuiet();
    return result;
  } finally {
    await browser.close();
  }
}, DEADLINE_SECS);

/** The page in all four forms, held against the rules of accessibility. */
async function portray(visitor, name) {
  await ensureShape(visitor, name);
  await visitor.portraits(name);
  await visitor.page.setViewportSize(NARROWEST);
  const overflow = await visitor.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await visitor.picture(`${name}-narrowest`);
  ensure(overflow <= 1, `the page "${name}" scrolls sideways by ${overflow} px on a small telephone`);
  await visitor.page.setViewportSize(WIDE);
  const wrong = [...(await violations(visitor, 'dark')), ...(await violations(visitor, 'light'))];
  ensure(wrong.length === 0, `the page "${name}" breaks rules of accessibility`, wrong.join('\n'));
}

/** A button behind a question: opens the question, answers it. */
async function confirm(visitor, form, within = visitor.page.locator('main')) {
  const question = within.locator('details.confirm', { has: visitor.page.locator(form) }).first();
  await visitor.orExplain(question.locator('summary').click(), `no question around ${form}`);
  await visitor.settle(() => question.locator('button[type=submit]').click());
}

async function signIn(grace, input, facts) {
  await grace.open(`${input.origin}/signin?continue=%2Faccount`);
  return passGate(grace, facts, isInside);
}

async function profile(grace, input) {
  await grace.open(`${input.origin}/account`);
  await portray(grace, 'account-profile');
  const email = grace.page.locator('#f-email');
  ensure(await email.evaluate((field) => field.readOnly), 'a person may change the own mail address');
  ensure(await email.evaluate((field) => !field.name), 'what a person may not change is sent all the same');
  // What the form does not let through, the server must not either.
  await email.evaluate((field) => {
    field.removeAttribute('readonly');
    field.name = 'email';
  });
  await email.fill('root@example.com');
  await grace.page.fill('[name="first_name"]', 'Grace Brewster');
  await grace.press('main form[action$="/account"] button[type=submit]');
  await grace.picture('account-profile-saved');
  ensure((await grace.page.locator('[name="first_name"]').inputValue()) === 'Grace Brewster', 'the name was not saved', await grace.words());
  ensure((await email.inputValue()) === input.login, 'the mail address was changed by its owner', await email.inputValue());
}

async function keptOut(grace, input) {
  grace.expectStatus(403, 404);
  const reply = await grace.page.goto(`${input.origin}/admin/people`);
  ensure([403, 404].includes(reply.status()), 'a person without rights sees administration', `${reply.status()} ${await grace.words()}`);
}

async function consent(grace, input, facts) {
  const config = await discover(input.application);
  const application = await Application.behind(grace, config, input.application);
  const asked = [];
  const scope = 'openid profile email offline_access';
  const tokens = await application.signIn({ scope }, async (isThrough) => {
    asked.push(...(await passGate(grace, facts, isThrough)));
  });
  ensure(asked.includes('consent'), 'the application was given data without asking', asked);
  await application.signIn({ scope }, () => ensure(false, 'consent was asked for twice', grace.page.url()));
  await grace.open(`${input.origin}/account/consents`);
  await portray(grace, 'account-consents');
  await confirm(grace, 'form[action$="/revoke"]');
  await grace.picture('account-consents-none');
  ensure((await grace.page.locator('form[action$="/revoke"]').count()) === 0, 'the consent is still there', await grace.words());
  await mustFail('a refresh token of a consent that was taken back', () => oidc.refreshTokenGrant(config, tokens.refresh_token));
  note('consent given and taken back');
}

/** The phone signs in twice: once it is sent away by name, once with all others. */
async function sessions(browser, grace, input, facts) {
  const phone = await browser.visitor('phone');
  await signIn(phone, input, facts);
  await grace.open(`${input.origin}/account/sessions`);
  await portray(grace, 'account-sessions');
  const rows = grace.page.locator('main li', { has: grace.page.locator('form[action$="/end"]') });
  ensure((await rows.count()) === 2, 'two devices, but not two sessions', await grace.words());
  ensure((await rows.first().locator('.badge').count()) === 1, 'the own session is not the first', await rows.first().innerText());
  await grace.settle(() => rows.nth(1).locator('button').click());
  ensure((await rows.count()) === 1, 'the ended session is still listed', await grace.words());
  await isSignedOut(phone, input);
  await signIn(phone, input, facts);
  await grace.open(`${input.origin}/account/sessions`);
  await confirm(grace, 'form[action$="/account/sessions/end-others"]');
  await isSignedOut(phone, input);
  await phone.close();
  note('sessions ended');
}

async function isSignedOut(visitor, input) {
  await visitor.page.goto(`${input.origin}/account`);
  ensure(!isInside(new URL(visitor.page.url())), 'a session that was ended elsewhere lives on', visitor.page.url());
}

async function changePassword(browser, grace, input, facts) {
  const phone = await browser.visitor('phone');
  await signIn(phone, input, facts);
  await grace.open(`${input.origin}/account/security/password`);
  await portray(grace, 'account-password');
  const next = `${input.password} and back`;
  await fillPassword(grace, 'not the present one', next);
  ensure(grace.path() === '/account/security/password', 'the password was changed without the present one', grace.page.url());
  await grace.picture('account-password-wrong');
  await fillPassword(grace, input.password, next);
  ensure(grace.path() === '/account/security', 'the password was not changed', await grace.words());
  await grace.picture('account-password-changed');
  facts.password = next;
  await isSignedOut(phone, input);
  await signIn(phone, input, facts);
  await phone.close();
  note('password changed');
}

async function fillPassword(grace, present, next) {
  await grace.page.fill('[name="current_password"]', present);
  await grace.page.fill('[name="password"]', next);
  await grace.page.fill('[name="password_again"]', next);
  await grace.press('form[action$="/account/security/password"] button[type=submit]');
}

async function passkeys(grace, input, facts) {
  await grace.open(`${input.origin}/account/security`);
  await portray(grace, 'account-security-bare');
  const laptop = await grace.authenticator();
  await addPasskey(grace, input, facts, 'Work laptop', 'account-passkey-new');
  ensure((await laptop.credentials()).length === 1, 'no passkey was made', await grace.words());
  facts.passkey = true;
  // From here on a typed password is no fresh proof any more: the passkey is asked for.
  const before = (await laptop.credentials())[0].signCount;
  await grace.open(`${input.origin}/account/security/passkeys/new`);
  const steps = await passGate(grace, facts, isAt('/account/security/passkeys/new'));
  ensure((await laptop.credentials())[0].signCount > before, 'a second passkey may be added without proof by the first', steps);
  await laptop.present(false);
  const key = await Authenticator.plugIn(grace, { transport: 'usb' });
  await addPasskey(grace, input, facts, 'Key on my keyring');
  ensure((await key.credentials()).length === 1, 'no second passkey was made', await grace.words());
  await portray(grace, 'account-security');
  await rename(grace, 'Key on my keyring', 'Key in the drawer');
  await grace.picture('account-security-renamed');
  await confirm(grace, 'form[action$="/remove"]', grace.page.locator('main li', { hasText: 'Work laptop' }));
  const names = await grace.page.locator('main li .list-title').allTextContents();
  ensure(names.length === 1 && names[0].includes('Key in the drawer'), 'the wrong passkey is left', names);
  note('passkeys added, renamed and removed');
  return steps;
}

async function addPasskey(grace, input, facts, name, picture) {
  if (grace.path() !== '/account/security/passkeys/new') await grace.open(`${input.origin}/account/security/passkeys/new`);
  if (picture) await portray(grace, picture);
  await grace.page.fill('[name="name"]', name);
  await grace.press('form[data-passkey="create"] button[type=submit]');
  ensure(atSecurity(new URL(grace.page.url())), 'the passkey was not added', await grace.words());
}

async function rename(grace, from, to) {
  const row = grace.page.locator('main li', { hasText: from });
  await row.locator('summary', { hasText: 'Rename' }).click();
  await row.locator('[name="name"]').fill(to);
  await grace.settle(() => row.locator('form[action$="/rename"] button[type=submit]').click());
  ensure((await grace.words()).includes(to), 'the passkey was not renamed', await grace.words());
}

async function authenticatorApp(grace, input, facts) {
  await grace.open(`${input.origin}/account/security/totp`);
  await portray(grace, 'account-totp');
  await passGate(grace, facts, atSecurity);
  ensure(facts.totp_secret, 'the page shows no secret of the authenticator app');
  await grace.picture('account-totp-connected');
  await confirm(grace, 'form[action$="/account/security/totp/remove"]');
  ensure((await grace.page.locator('form[action$="/totp/remove"]').count()) === 0, 'the app is still connected', await grace.words());
}

async function recoveryCodes(grace, input, facts) {
  await grace.open(`${input.origin}/account/security`);
  await grace.press('form[action$="/account/security/recovery-codes"] button[type=submit]');
  await portray(grace, 'account-recovery-codes');
  await passGate(grace, facts, atSecurity);
  ensure(new Set(facts.recovery_codes).size === 10, 'there are not ten recovery codes', facts.recovery_codes?.length);
  await grace.picture('account-security-codes');
}

async function activity(grace, input) {
  await grace.open(`${input.origin}/account/activity`);
  await portray(grace, 'account-activity');
  const words = await grace.page.locator('main').innerText();
  for (const expected of ['Password changed', 'Authenticator enrolled', 'Authenticator removed', 'Signed out']) {
    ensure(words.includes(expected), `the own log lacks "${expected}"`, words);
  }
}

/** On this machine the mail that was kept is shown, oldest last. */
async function mailbox(grace, input) {
  await mailWith(input.data, input.login, (mail) => mail.subject.includes('recovery codes'));
  await grace.open(`${input.origin}/mailbox`);
  await portray(grace, 'mailbox');
  const subjects = await grace.page.locator('main .row-link').allTextContents();
  for (const expected of ['password was changed', 'passkey was added', 'renamed', 'passkey was removed', 'recovery codes']) {
    ensure(subjects.some((subject) => subject.includes(expected)), `no mail tells of "${expected}"`, subjects);
  }
  await grace.settle(() => grace.page.locator('main .row-link').first().click());
  await portray(grace, 'mail');
  const forwarded = await grace.context.request.get(`${input.origin}/mailbox`, { headers: { 'x-forwarded-for': '127.0.0.1' } });
  ensure(forwarded.status() === 404, 'a proxy lends its address to the mailbox', forwarded.status());
}
