// Reads the mail that the program keeps in its data folder when no mail server is configured: waits for a file, by the
// folder's own notices, and decodes its text.

import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { Failed } from './script.mjs';

const DELIVERY_MAX_MS = 20_000;

/** All mails, oldest first: `{ to, subject, text }`. */
export function allMails(data) {
  const folder = join(data, 'mail');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
    .map((path) => parseMail(readFileSync(path, 'utf8')));
}

/** Does `act`, and waits for the mail to `address` that it causes and that `wanted` accepts. */
export async function mailAfter(data, address, act, wanted = () => true) {
  const seen = allMails(data).length;
  await act();
  return mailFrom(data, address, seen, wanted);
}

/** The first mail to `address` that `wanted` accepts, be it there already or still to come. */
export function mailWith(data, address, wanted) {
  return mailFrom(data, address, 0, wanted);
}

function mailFrom(data, address, seen, wanted) {
  const found = () => allMails(data).slice(seen).find((mail) => mail.to.includes(address) && wanted(mail));
  mkdirSync(join(data, 'mail'), { recursive: true });
  return new Promise((resolve, reject) => {
    const watcher = watch(join(data, 'mail'), look);
    const timer = setTimeout(() => {
      watcher.close();
      reject(new Failed(`no mail to ${address} within ${DELIVERY_MAX_MS / 1000} s; there are ${allMails(data).length}`));
    }, DELIVERY_MAX_MS);
    function look() {
      const mail = found();
      if (!mail) return;
      clearTimeout(timer);
      watcher.close();
      resolve(mail);
    }
    look();
  });
}

/** The first address in the mail that contains `part`. */
export function linkIn(mail, part) {
  const link = mail.text.split(/[\s<>"]+/).find((word) => word.startsWith('http') && word.includes(part));
  if (!link) throw new Failed(`the mail "${mail.subject}" has no link with ${part}: ${mail.text.slice(0, 400)}`);
  return link;
}

export function codeIn(mail, pattern = /\b\d{6,8}\b/) {
  const code = pattern.exec(mail.text)?.[0];
  if (!code) throw new Failed(`the mail "${mail.subject}" has no code: ${mail.text.slice(0, 400)}`);
  return code;
}

function parseMail(raw) {
  const message = raw.replace(/\r\n/g, '\n');
  const [head, body] = split(message);
  return { to: header(head, 'to'), subject: header(head, 'subject'), text: textOf(head, body) };
}

function split(message) {
  const at = message.indexOf('\n\n');
  return at < 0 ? [message, ''] : [message.slice(0, at), message.slice(at + 2)];
}

function header(head, name) {
  const unfolded = head.replace(/\n[ \t]+/g, ' ');
  const line = unfolded.split('\n').find((one) => one.toLowerCase().startsWith(`${name}:`));
  return line ? line.slice(name.length + 1).trim() : '';
}

function textOf(head, body) {
  const boundary = /boundary="?([^";]+)"?/i.exec(header(head, 'content-type'))?.[1];
  if (boundary) {
    return body.split(`--${boundary}`).slice(1, -1).map((part) => textOf(...split(part.replace(/^\n/, '')))).join('\n');
  }
  const encoding = header(head, 'content-transfer-encoding').toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body.replace(/=\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return /[^\x00-\x7f]/.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}
