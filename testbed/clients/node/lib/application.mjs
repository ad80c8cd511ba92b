// The application that a person in the browser comes from and returns to: openid-client on this side, and in the place
// of its pages an answer given by the browser's own network layer, so that nothing need listen.

import * as oidc from 'openid-client';
import { begin } from './relying_party.mjs';
import { ensure } from './script.mjs';

export class Application {
  constructor(visitor, config, input) {
    Object.assign(this, { visitor, config, input });
  }

  static async behind(visitor, config, input) {
    await visitor.context.route(`${input.redirect_uri}**`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><html lang="en"><title>App</title><link rel="icon" href="data:,"><h1>The application</h1></html>' }));
    return new Application(visitor, config, input);
  }

  /** Sends the person to sign in; `answer()` does what the pages ask. Returns the tokens. */
  async signIn(parameters, answer) {
    const { url, checks } = await begin(this.config, this.input, parameters);
    await this.visitor.page.goto(url.href);
    if (!this.isBack()) await answer((at) => at.href.startsWith(this.input.redirect_uri));
    await this.visitor.waitForPath((path, at) => at.href.startsWith(this.input.redirect_uri), 'the application');
    const callback = new URL(this.visitor.page.url());
    ensure(!callback.searchParams.get('error'), `the application was called back with ${callback.searchParams.get('error')}`, callback.search);
    return oidc.authorizationCodeGrant(this.config, callback, checks);
  }

  isBack() {
    return this.visitor.page.url().startsWith(this.input.redirect_uri);
  }
}
