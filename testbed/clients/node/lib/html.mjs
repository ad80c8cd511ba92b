// A small reader of the forms in a page: enough HTML for server-rendered forms, and no more. It reads the text once,
// tag by tag; scripts, styles and comments are skipped, so that nothing inside them can pass for a field.

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };
const RAW_TEXT = new Set(['script', 'style', 'template']);

export function decodeEntities(text) {
  return text.replace(/&(#x[0-9a-f]+|#[0-9]+|[a-z]+);/gi, (whole, name) => {
    if (name[0] !== '#') return ENTITIES[name.toLowerCase()] ?? whole;
    const code = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    return Number.isFinite(code) && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function parseAttributes(text) {
  const attributes = {};
  for (const [, name, double, single, bare] of text.matchAll(/([^\s=/"'>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)) {
    attributes[name.toLowerCase()] ??= decodeEntities(double ?? single ?? bare ?? '');
  }
  return attributes;
}

/** All tags of the page in order: `{ name, closing, attributes, textAfter }`. */
export function* tags(html) {
  const text = html.replace(/<!--[\s\S]*?-->/g, '');
  const pattern = /<(\/?)([a-zA-Z][a-zA-Z0-9-]*)((?:"[^"]*"|'[^']*'|[^'">])*)>([^<]*)/g;
  let match;
  while ((match = pattern.exec(text)) !== null) {
    const [, slash, rawName, attributes, textAfter] = match;
    const name = rawName.toLowerCase();
    if (!slash && RAW_TEXT.has(name)) {
      const end = text.toLowerCase().indexOf(`</${name}`, pattern.lastIndex - textAfter.length);
      if (end < 0) return;
      pattern.lastIndex = end;
      continue;
    }
    yield { name, closing: slash === '/', attributes: parseAttributes(attributes), textAfter: decodeEntities(textAfter) };
  }
}

/** The forms of a page: `{ action, method, fields: Map, buttons: [{ name, value, label, action }], hidden }`. */
export function parseForms(html) {
  const forms = [];
  let form;
  let select;
  let button;
  let area;
  for (const tag of tags(html)) {
    if (tag.name === 'form') {
      form = tag.closing ? undefined : newForm(tag.attributes);
      if (form) forms.push(form);
      continue;
    }
    const owner = tag.attributes.form ? forms.find((one) => one.id === tag.attributes.form) : form;
    if (tag.name === 'button') {
      button = tag.closing ? undefined : addButton(owner, tag);
    } else if (button) {
      button.label += ` ${tag.textAfter.trim()}`;
    }
    if (tag.name === 'select') select = tag.closing ? undefined : { owner, name: tag.attributes.name };
    if (tag.name === 'textarea' && !tag.closing) {
      area = tag.attributes.name;
      if (owner && area) owner.fields.set(area, tag.textAfter.replace(/^\n/, ''));
    }
    if (tag.name === 'option' && !tag.closing && select?.owner && select.name) addOption(select, tag);
    if (tag.name === 'input') addInput(owner, tag.attributes);
  }
  return forms;
}

function newForm(attributes) {
  return { id: attributes.id, action: attributes.action ?? '', method: (attributes.method ?? 'get').toLowerCase(), fields: new Map(), kinds: new Map(), buttons: [], hidden: 'hidden' in attributes };
}

function addButton(owner, tag) {
  const { name, value = '', formaction: action, type = 'submit' } = tag.attributes;
  const button = { name, value, action, label: tag.textAfter.trim() };
  if (owner && type === 'submit') owner.buttons.push(button);
  return button;
}

function addOption(select, tag) {
  const value = tag.attributes.value ?? tag.textAfter.trim();
  const chosen = 'selected' in tag.attributes || !select.owner.fields.has(select.name);
  if (chosen) select.owner.fields.set(select.name, value);
}

function addInput(owner, attributes) {
  if (!owner || !attributes.name || 'disabled' in attributes) return;
  const type = (attributes.type ?? 'text').toLowerCase();
  if (type === 'submit') {
    owner.buttons.push({ name: attributes.name, value: attributes.value ?? '', action: attributes.formaction, label: attributes.value ?? '' });
    return;
  }
  owner.kinds.set(attributes.name, type);
  if ((type === 'checkbox' || type === 'radio') && !('checked' in attributes)) return;
  owner.fields.set(attributes.name, attributes.value ?? (type === 'checkbox' ? 'on' : ''));
}

/** Where the page itself goes on to: a redirect that a page makes because a form's own redirects may not leave the origin. */
export function parseRefresh(html) {
  for (const { name, closing, attributes } of tags(html)) {
    if (name !== 'meta' || closing || (attributes['http-equiv'] ?? '').toLowerCase() !== 'refresh') continue;
    return /^\s*\d+\s*;\s*url=(.+)$/i.exec(attributes.content ?? '')?.[1].trim();
  }
  return undefined;
}

/** The words a person would read, for messages about a page that was not expected. */
export function readableText(html) {
  let words = '';
  for (const tag of tags(html)) {
    if (!tag.closing && (tag.name === 'title' || tag.name === 'svg')) continue;
    words += ` ${tag.textAfter.trim()}`;
  }
  return words.replace(/\s+/g, ' ').trim().slice(0, 500);
}
