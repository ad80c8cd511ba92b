// The administration as somebody uses it who knows what they want: forms by their address, fields by their name.

import { ensure } from './script.mjs';

export class Console {
  constructor(visitor, origin) {
    Object.assign(this, { visitor, origin, page: visitor.page });
  }

  open(path) {
    return this.visitor.open(`${this.origin}${path}`);
  }

  form(action) {
    return this.page.locator(`main form[action$="${action}"]`).first();
  }

  /** Fills fields of a form by name and sends it. A list ticks boxes, a true or false one box; a radio is chosen. */
  async send(action, fields = {}) {
    const form = this.form(action);
    for (const [name, value] of Object.entries(fields)) await this.fill(form, name, value);
    await this.visitor.settle(() => form.locator('button[type=submit]').last().click());
  }

  async fill(form, name, value) {
    const field = form.locator(`[name="${name}"]`);
    const [tag, type] = await field.first().evaluate((one) => [one.tagName, one.type]);
    if (type === 'radio') return form.locator(`[name="${name}"][value="${value}"]`).check();
    if (Array.isArray(value)) {
      for (const one of value) await form.locator(`[name="${name}"][value="${one}"]`).check();
      return undefined;
    }
    if (type === 'checkbox') return field.setChecked(value);
    if (tag === 'SELECT') return field.selectOption(value);
    return type === 'file' ? field.setInputFiles(value) : field.fill(value);
  }

  /** Unfolds the question behind a button and answers it. */
  async confirm(action) {
    const form = this.form(action);
    await form.locator('xpath=ancestor::details').locator('summary').click();
    await this.visitor.settle(() => form.locator('button[type=submit]').click());
  }

  async must(condition, sentence) {
    ensure(condition, sentence, await this.visitor.words());
  }

  async mustSay(text, where = 'main') {
    const said = await this.page.locator(where).allInnerTexts();
    await this.must(said.some((one) => one.includes(text)), `the page does not say "${text}"`);
  }

  async mustNotSay(text, where = 'main') {
    const said = await this.page.locator(where).allInnerTexts();
    await this.must(!said.some((one) => one.includes(text)), `the page says "${text}"`);
  }

  /** The field has an error beside it, and still holds what was typed. */
  async mustRefuse(name, kept) {
    const field = this.page.locator(`main [name="${name}"]`).first();
    const wrong = await field.evaluate((one) => one.closest('.field')?.classList.contains('is-bad') ?? false);
    await this.must(wrong, `no error stands beside the field "${name}"`);
    if (kept !== undefined) await this.must((await field.inputValue()) === kept, `the field "${name}" lost what was typed`);
  }
}
