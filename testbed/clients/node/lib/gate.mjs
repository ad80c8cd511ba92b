// A person at the gate, in a real browser: answers whatever page the sign-in shows until the person is where they
// wanted to be. Takes no order of pages for granted; names each step, so that a test can say which way was gone.

import { ensure } from './script.mjs';

const STEPS_MAX = 16;
const REPEATS_MAX = 3;

/**
 * `facts`: login, password, new_password, totp (function), mail_code (async function), recovery_codes (also filled in when they are shown), passkey (whether
 * the authenticator is there), enroll (which way to enrol: "passkey" or "totp"), setup (fields of the first page).
 * `onPage(name)` is called at each page before it is answered.
 */
export async function passGate(visitor, facts, isThrough, onPage = async () => {}) {
  const steps = [];
  for (let step = 0; step < STEPS_MAX; step += 1) {
    await followReturn(visitor);
    if (isThrough(new URL(visitor.page.url()))) return steps;
    const way = await nextWay(visitor, facts);
    // A page that leads on by itself, or asks for the passkey by itself, may have done so meanwhile.
    if (isThrough(new URL(visitor.page.url()))) return steps;
    ensure(way, `${visitor.name}: nothing here can be answered (${steps.join(' > ')}), at ${visitor.page.url()}`, await visitor.words());
    steps.push(way.name);
    ensure(new Set(steps.slice(-REPEATS_MAX)).size > 1 || steps.length < REPEATS_MAX, `${visitor.name}: the page asks again and again (${steps.join(' > ')})`, await visitor.words());
    await onPage(way.name);
    await way.go();
  }
  ensure(false, `${visitor.name}: the gate did not open: ${steps.join(' > ')}`, await visitor.words());
}

// The page that leads on to an application follows its own link.
async function followReturn(visitor) {
  const here = visitor.page.url();
  const leadsOn = await visitor.page.locator('meta[http-equiv="refresh"]').count().catch(() => 1);
  if (leadsOn === 0) return;
  await visitor.orExplain(visitor.page.waitForURL((url) => url.href !== here), 'the way back to the application was not taken');
  await visitor.page.waitForLoadState('load');
}

async function nextWay(visitor, facts) {
  const here = visitor.page.url();
  for (const [name, selector, go] of ways(visitor, facts, here)) {
    if (await visitor.page.locator(selector).first().isVisible()) return { name, go };
  }
  return undefined;
}

// In order of precedence: what is more particular comes first.
function ways(visitor, facts, here) {
  const { page } = visitor;
  const submit = (form) => visitor.press(`${form} button[type=submit]`);
  const fill = (name, value) => page.locator(`[name="${name}"]:visible`).first().fill(value);
  const list = [
    ['setup', 'form[action$="/setup"]', async () => {
      for (const [name, value] of Object.entries(facts.setup ?? {})) await fill(name, value);
      await submit('form[action$="/setup"]');
    }],
    ['new password', '[name="password_again"]', async () => {
      await fill('password', facts.new_password ?? facts.password);
      await fill('password_again', facts.new_password ?? facts.password);
      // A link alone does not open every account.
      const backed = page.locator('form:has([name="password_again"]) [name="code"]:visible');
      if (await backed.count()) await backed.fill(facts.recovery_codes.pop());
      await visitor.settle(() => page.locator('[name="password_again"]').press('Enter'));
    }],
    ['make passkey', 'form[data-passkey="create"]', async () => submit('form[data-passkey="create"]')],
    ['consent', 'button[name="decision"][value="allow"]', () => visitor.press('button[name="decision"][value="allow"]')],
    ['totp', 'form[action$="/signin/totp"] [name="code"]', () => visitor.answer('code', facts.totp())],
    ['connect totp', 'form[action$="/totp"] [name="code"]', async () => {
      facts.totp_secret = await page.locator('#totp-secret').textContent();
      await visitor.answer('code', facts.code_of(facts.totp_secret));
    }],
    ['mail code', 'form[action$="/signin/email"] [name="code"]', async () => visitor.answer('code', await facts.mail_code())],
    ['recovery code', 'form[action$="/signin/recovery-code"] [name="code"]', () => visitor.answer('code', facts.recovery_codes.pop())],
    ['recover', 'form[action$="/signin/recover"] [name="identifier"]', () => visitor.answer('identifier', facts.login)],
    ['identifier', 'form[action$="/signin"] [name="identifier"]', () => visitor.answer('identifier', facts.login)],
    ['password', 'form[action$="/signin/password"] [name="password"]', () => visitor.answer('password', facts.password)],
    ['sign-out', 'form[action*="logout"] button[type=submit]', () => visitor.press('form[action*="logout"] button[type=submit]')],
    ['keep recovery codes', '#recovery-codes', async () => {
      facts.recovery_codes = (await page.locator('#recovery-codes code').allTextContents()).map((code) => code.trim());
      await visitor.press('main a.button.is-main');
    }],
  ];
  const enroll = `a.way[href$="/signin/enroll/${facts.enroll ?? 'passkey'}"]`;
  list.unshift(['choose enrolment', enroll, () => visitor.press(enroll)]);
  // The first question offers everybody a passkey by a button; later pages ask for it by themselves.
  const button = 'form[data-passkey="get"]:not([data-auto]) button[type=submit]';
  if (facts.passkey) list.unshift(['passkey', 'form[data-passkey="get"][data-auto]', () => useAutomaticPasskey(visitor, here)], ['passkey by button', button, () => visitor.press(button)]);
  else list.push(['another way', 'a[href$="/signin/choose"]', () => visitor.press('a[href$="/signin/choose"]')]);
  if (facts.choose) list.unshift(['choose', `a.way[href*="${facts.choose}"]`, () => visitor.press(`a.way[href*="${facts.choose}"]`)]);
  return list;
}

// The page asks for the passkey by itself; the person only holds still.
async function useAutomaticPasskey(visitor, here) {
  await visitor.orExplain(visitor.page.waitForURL((url) => url.href !== here), 'the passkey was not asked for, or refused');
  await visitor.page.waitForLoadState('load');
}
