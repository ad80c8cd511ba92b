// A first administrator in Chromium with a virtual authenticator: set-up link, first passkey, sign-out, sign-in from
// the autofill list, step-up for an application, loss of the device, recovery by mail, and a new passkey.
//
// Input: origin, setup_link, data (the folder whose mail/ holds what was sent); email, password; chromium, screenshots;
// application: { issuer, client_id, client_secret, redirect_uri } to try step-up.

import { Application } from './lib/application.mjs';
import { violations } from './lib/audit.mjs';
import { Browser } from './lib/browser.mjs';
import { passGate } from './lib/gate.mjs';
import { codeIn, linkIn, mailAfter, mailWith } from './lib/mail.mjs';
import { discover } from './lib/relying_party.mjs';
import { ensure, note, script } from './lib/script.mjs';

const DEADLINE_SECS = 170;
const seenPages = new Set();
const isInside = (url) => /^\/(t\/[^/]+\/)?(admin|apps|account)(\/|$)/.test(url.pathname);

await script(['origin', 'setup_link', 'data', 'email', 'password'], async (input) => {
  const browser = await Browser.launch({ executable: input.chromium, screenshots: input.screenshots });
  try {
    const ada = await browser.visitor('ada');
    const device = await ada.authenticator();
    const result = { setup: await setUp(ada, device, input) };
    await usedLinkIsRefused(browser, input);
    // The page after sign-out would take the passkey from the autofill list at once.
    await device.present(false);
    await signOut(ada, input);
    await askEverybodyTheSame(browser, input);
    result.autofill = await signInByAutofill(ada, device, input);
    await device.present(false);
    await signOut(ada, input);
    result.button = await signInByButton(ada, device, input);
    if (input.application) result.step_up = await stepUp(ada, device, input);
    result.recovery = await loseAndRecover(browser, ada, device, input);
    browser.ensureQuiet();
    return result;
  } finally {
    await browser.close();
  }
}, DEADLINE_SECS);

function facts(input, more = {}) {
  return { login: input.email, password: input.password, enroll: 'passkey', passkey: true, ...more };
}

/** Each kind of page once, in all four forms, and held against the rules of accessibility. */
function portrait(visitor) {
  return async (name) => {
    const title = `gate-${name.replaceAll(' ', '-')}`;
    if (seenPages.has(title)) return;
    seenPages.add(title);
    await visitor.portraits(title);
    const wrong = [...(await violations(visitor, 'dark')), ...(await violations(visitor, 'light'))];
    ensure(wrong.length === 0, `the page "${name}" breaks rules of accessibility`, wrong.join('\n'));
  };
}

async function setUp(ada, device, input) {
  await ada.open(input.setup_link);
  const setup = { org_name: 'Analytical Engines', given_name: 'Ada', family_name: 'Lovelace', email: input.email, password: input.password, password_again: input.password };
  const known = facts(input, { setup });
  const steps = await passGate(ada, known, isInside, portrait(ada));
  input.recovery_codes = known.recovery_codes;
  const [credential, ...others] = await device.credentials();
  ensure(credential && others.length === 0, 'set-up did not end with one passkey', steps);
  ensure(credential.isResidentCredential && credential.rpId === 'localhost', 'the passkey is not discoverable, or bound to another name', credential.rpId);
  await ada.open(`${input.origin}/apps`);
  await ada.portraits('first-apps');
  note(`set up: ${steps.join(' > ')}`);
  return steps;
}

async function usedLinkIsRefused(browser, input) {
  const stranger = await browser.visitor('stranger');
  stranger.expectStatus(400, 403, 404, 410);
  const reply = await stranger.page.goto(input.setup_link);
  ensure(reply.status() >= 400 || (await stranger.page.locator('form[action$="/setup"]').count()) === 0, 'the set-up link works twice', await stranger.words());
  await stranger.picture('gate-setup-used');
  await stranger.close();
}

async function signOut(ada, input) {
  await ada.open(`${input.origin}/apps`);
  await ada.page.locator('details.menu summary').click();
  await ada.press('form[action$="/signout"] button');
  await ada.picture('gate-signed-out');
  await ada.page.goto(`${input.origin}/apps`);
  ensure(!isInside(new URL(ada.page.url())), 'after sign-out the inside is still open', ada.page.url());
}

async function signInByAutofill(ada, device, input) {
  const before = (await device.credentials())[0].signCount;
  await device.present(true);
  await ada.page.goto(`${input.origin}/signin`);
  await ada.waitForPath((path, url) => isInside(url), 'the inside, by the autofill list');
  ensure((await device.credentials())[0].signCount > before, 'the passkey was not used');
  return new URL(ada.page.url()).pathname;
}

/** Whoever is named: the same page, the same answer to a wrong password, the same other ways. */
async function askEverybodyTheSame(browser, input) {
  const seen = [];
  for (const [index, login] of [input.email, 'nobody@example.com'].entries()) {
    const stranger = await browser.visitor(`stranger-${index}`);
    const look = async () => {
      const html = (await stranger.page.content()).replaceAll(login, 'LOGIN').replace(/name="csrf" value="[^"]*"/g, '').replace(/<span class="avatar[^>]*>[^<]*<\/span>/g, '');
      return `${new URL(stranger.page.url()).pathname} ${html}`;
    };
    await stranger.open(`${input.origin}/signin`);
    await stranger.answer('identifier', login);
    const pages = [await look()];
    if (index === 0) await portrait(stranger)('first question');
    await stranger.answer('password', 'not the password');
    pages.push(await look());
    await stranger.press('a[href$="/signin/choose"]');
    pages.push(await look());
    await stranger.page.goto(`${input.origin}/signin/totp`);
    pages.push(await look());
    seen.push(pages);
    await stranger.close();
  }
  const [known, unknown] = seen;
  known.forEach((page, index) => ensure(page === unknown[index], `page ${index} tells whether there is such an account`, `${page}\n----\n${unknown[index]}`));
}

async function signInByButton(ada, device, input) {
  const before = (await device.credentials())[0].signCount;
  await ada.page.goto(`${input.origin}/signin`);
  await ada.answer('identifier', input.email);
  await device.present(true);
  const steps = await passGate(ada, facts(input), isInside);
  ensure(steps.includes('passkey by button'), 'the first question offered no passkey', steps);
  ensure((await device.credentials())[0].signCount > before, 'the passkey was not used by the button', { before, steps, now: await device.credentials() });
  return steps;
}

async function stepUp(ada, device, input) {
  const config = await discover(input.application);
  const application = await Application.behind(ada, config, input.application);
  const before = (await device.credentials())[0].signCount;
  const silent = await application.signIn({}, () => ensure(false, 'a living session was asked again', ada.page.url()));
  ensure((await device.credentials())[0].signCount === before, 'the passkey was used although the session suffices');
  const steps = [];
  const fresh = await application.signIn({ prompt: 'login', acr_values: 'phr' }, async (isThrough) => {
    steps.push(...(await passGate(ada, facts(input), isThrough, portrait(ada))));
  });
  ensure((await device.credentials())[0].signCount > before, 'step-up did not use the passkey', steps);
  ensure(fresh.claims().auth_time >= silent.claims().iat, 'step-up left auth_time as it was', fresh.claims());
  ensure(['phr', 'phrh'].includes(fresh.claims().acr), 'step-up does not show in acr', fresh.claims());
  return steps;
}

async function loseAndRecover(browser, ada, device, input) {
  await device.lose();
  await ada.close();
  const again = await browser.visitor('ada-again');
  const next = await again.authenticator();
  await again.open(`${input.origin}/signin/recover`);
  const mail = await mailAfter(input.data, input.email, async () => {
    await portrait(again)('recover');
    await again.answer('identifier', input.email);
  }, (one) => one.text.includes('token='));
  await again.picture('gate-mail-sent');
  ensure((await again.page.locator('a[href$="/mailbox"]').count()) === 1, 'on this machine the page does not lead to the kept mail', await again.words());
  await again.open(linkIn(mail, 'token='));
  await again.page.locator('input[name=lost_passkeys]').check();
  const newPassword = `${input.password} again`;
  const steps = await passGate(again, facts(input, {
    password: newPassword,
    new_password: newPassword,
    passkey: false,
    recovery_codes: input.recovery_codes,
    choose: input.recovery_codes ? '/signin/recovery-code' : undefined,
    mail_code: async () => codeIn(await mailWith(input.data, input.email, (one) => one.subject.includes('code'))),
  }), isInside, portrait(again));
  // A printed code let the person in; the next passkey is made at home.
  await again.open(`${input.origin}/account/security/passkeys/new`);
  steps.push(...(await passGate(again, facts(input), (url) => url.pathname === '/account/security')));
  ensure((await next.credentials()).length === 1, 'after the loss no new passkey could be made', steps);
  await again.open(`${input.origin}/apps`);
  await again.picture('recovered-apps');
  note(`recovered: ${steps.join(' > ')}`);
  return steps;
}
