// A mail server that takes every message and keeps it, for those who try the sending of mail. It speaks as much of
// SMTP (RFC 5321) as a sender needs, in the clear, on loopback.

import { createServer } from 'node:net';

export class SmtpSink {
  #server;

  constructor(server) {
    this.#server = server;
    this.messages = [];
    this.waiting = [];
  }

  /** Listens on a free port. */
  static start() {
    const server = createServer();
    const sink = new SmtpSink(server);
    server.on('connection', (socket) => sink.#serve(socket));
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(sink)));
  }

  get port() {
    return this.#server.address().port;
  }

  #serve(socket) {
    let [pending, data] = ['', undefined];
    const say = (line) => socket.write(`${line}\r\n`);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      pending += chunk.toString('utf8');
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 2);
        if (data === undefined) {
          if (/^DATA/i.test(line)) data = [];
          if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
          else say(replyTo(line));
        } else if (line === '.') {
          this.messages.push(data.join('\n'));
          this.waiting.splice(0).forEach((tell) => tell(this.messages.at(-1)));
          data = undefined;
          say('250 kept');
        } else {
          data.push(line);
        }
      }
    });
    say('220 sink');
  }

  /** The message that comes next. */
  next() {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  close() {
    this.#server.close();
  }
}

function replyTo(line) {
  if (/^EHLO/i.test(line)) return '250 sink';
  return /^DATA/i.test(line) ? '354 go on' : '250 fine';
}
