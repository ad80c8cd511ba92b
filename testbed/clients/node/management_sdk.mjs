// npm `@okta/okta-sdk-nodejs`, unmodified, as the script of an administrator, and as an app that acts for itself by its key:
// people, groups and rules added, paged, searched, changed, led through the life cycle and removed, the log read, and an event
// hook that is verified and told what happens.
//
// Input: org_url, token (of an administrator), reader_token (of somebody who may only look), client_id and private_key (a JWK)
// of an app that may read people and manage groups.

import { createServer } from 'node:http';
import okta from '@okta/okta-sdk-nodejs';
import { ensure, mustFail, note, script } from './lib/script.mjs';

const CROWD = 9;
const PAGE = 4;
const WAIT_MS = 30_000;
const PASSWORD = 'a tall lighthouse in fog';

await script(['org_url', 'token', 'reader_token', 'client_id', 'private_key'], async (input) => {
  const client = new okta.Client({ orgUrl: input.org_url, token: input.token });
  const niels = await people(client);
  await changes(client, niels);
  await groups(client, niels);
  await rules(client, niels);
  await log(client, niels);
  await hooks(client);
  await forbidden(input, niels);
  await byKey(input);
  await remove(client, niels);
  note(`${input.org_url}: people, groups, the log and event hooks`);
  return { person: niels };
});

async function all(listed) {
  const found = [];
  for await (const thing of await listed) found.push(thing);
  return found;
}

async function refused(what, code, call) {
  const error = await mustFail(what, call);
  ensure(String(error.errorCode ?? error.message).includes(code), `${what} is not refused with ${code}`, error.message);
}

function somebody(login) {
  return { profile: { login, email: login, firstName: 'Niels', lastName: 'Abel' }, credentials: { password: { value: PASSWORD } } };
}

async function people(client) {
  const created = await client.userApi.createUser({ body: somebody('niels@example.com'), activate: true });
  ensure(created.status === 'ACTIVE' && created.profile.login === 'niels@example.com', 'the person is not as asked for', created);
  await refused('a second one of that login', 'E0000001', () => client.userApi.createUser({ body: somebody('NIELS@example.com') }));
  const again = await client.userApi.getUser({ userId: 'niels@example.com' });
  ensure(again.id === created.id, 'the login is somebody else', again);
  await refused('nobody', 'E0000007', () => client.userApi.getUser({ userId: 'nobody@example.com' }));
  for (let number = 0; number < CROWD; number += 1) {
    const { profile } = somebody(`staged${number}@example.com`);
    await client.userApi.createUser({ body: { profile }, activate: false });
  }
  const everybody = await all(client.userApi.listUsers({ limit: PAGE }));
  const ids = new Set(everybody.map((person) => person.id));
  ensure(ids.size === everybody.length && ids.size >= CROWD + 1, 'pages leave somebody out or show somebody twice', everybody.length);
  const staged = await all(client.userApi.listUsers({ search: 'status eq "STAGED" and profile.login sw "staged"', limit: PAGE }));
  ensure(staged.length === CROWD, 'the staged are not all found', staged.length);
  for (const person of staged) await client.userApi.deactivateUser({ userId: person.id });
  for (const person of staged) await client.userApi.deleteUser({ userId: person.id });
  return created.id;
}

async function changes(client, userId) {
  const changed = await client.userApi.updateUser({ userId, user: { profile: { lastName: 'Henrik' } } });
  ensure(changed.profile.firstName === 'Niels' && changed.profile.lastName === 'Henrik', 'the change took more or less', changed.profile);
  const steps = [['suspendUser', 'SUSPENDED'], ['unsuspendUser', 'ACTIVE']];
  for (const [step, status] of steps) {
    await client.userApi[step]({ userId });
    const seen = await client.userApi.getUser({ userId });
    ensure(seen.status === status, `after ${step} the person is not ${status}`, seen.status);
  }
}

async function groups(client, userId) {
  const group = await client.groupApi.createGroup({ group: { profile: { name: 'Norse' } } });
  const found = await all(client.groupApi.listGroups({ q: 'Nor' }));
  ensure(found.length === 1 && found[0].id === group.id, 'the group is not found by its beginning', found.map((one) => one.id));
  await client.groupApi.assignUserToGroup({ groupId: group.id, userId });
  const members = await all(client.groupApi.listGroupUsers({ groupId: group.id }));
  ensure(members.length === 1 && members[0].id === userId, 'the person is no member', members.length);
  const own = await all(client.userApi.listUserGroups({ userId }));
  ensure(own.some((one) => one.id === group.id), 'the group is not among the person\'s', own.length);
  await client.groupApi.deleteGroup({ groupId: group.id });
  await refused('a group that was removed', 'E0000007', () => client.groupApi.getGroup({ groupId: group.id }));
}

// What a rule does to everybody is done in the background.
async function members(client, groupId, expected) {
  let seen = [];
  for (const deadline = Date.now() + WAIT_MS; Date.now() < deadline;) {
    seen = (await all(client.groupApi.listGroupUsers({ groupId }))).map((person) => person.id);
    if (seen.length === expected.length && expected.every((id) => seen.includes(id))) return;
  }
  ensure(false, 'the members of the group are others', seen);
}

async function rules(client, userId) {
  const group = await client.groupApi.createGroup({ group: { profile: { name: 'Henriks' } } });
  const body = {
    type: 'group_rule',
    name: 'Every Henrik',
    conditions: { expression: { type: 'urn:okta:expression:1.0', value: 'user.lastName=="Henrik"' } },
    actions: { assignUserToGroups: { groupIds: [group.id] } },
  };
  const rule = await client.groupApi.createGroupRule({ groupRule: body });
  const { id } = rule;
  ensure(rule.status === 'INACTIVE' && rule.name === body.name, 'the rule is not as asked for', rule);
  await client.groupApi.activateGroupRule({ ruleId: id });
  await members(client, group.id, [userId]);
  await refused('a change of an active rule', 'E0000001', () => client.groupApi.replaceGroupRule({ ruleId: id, groupRule: body }));
  await client.userApi.updateUser({ userId, user: { profile: { lastName: 'Abel' } } });
  await members(client, group.id, []);
  await client.groupApi.deactivateGroupRule({ ruleId: id });
  body.conditions.expression.value = 'String.startsWith(user.lastName, "Ab") and user.firstName != null';
  const changed = await client.groupApi.replaceGroupRule({ ruleId: id, groupRule: body });
  ensure(changed.conditions.expression.value === body.conditions.expression.value, 'the rule was not changed', changed);
  await client.groupApi.activateGroupRule({ ruleId: id });
  await members(client, group.id, [userId]);
  const listed = await all(client.groupApi.listGroupRules({ limit: 1, search: 'henrik' }));
  ensure(listed.length === 1 && listed[0].id === id && listed[0].status === 'ACTIVE', 'the rule is not listed', listed);
  await client.groupApi.deactivateGroupRule({ ruleId: id });
  await client.groupApi.deleteGroupRule({ ruleId: id, removeUsers: true });
  await members(client, group.id, []);
  await refused('a rule that was removed', 'E0000007', () => client.groupApi.getGroupRule({ ruleId: id }));
  await client.userApi.updateUser({ userId, user: { profile: { lastName: 'Henrik' } } });
  await client.groupApi.deleteGroup({ groupId: group.id });
}

async function log(client, userId) {
  const filter = `target.id eq "${userId}"`;
  const until = new Date(Date.now() + 60_000).toISOString();
  const events = await all(client.systemLogApi.listLogEvents({ filter, until, limit: 100 }));
  const kinds = events.map((event) => event.eventType);
  for (const kind of ['user.lifecycle.create', 'user.lifecycle.suspend', 'group.user_membership.add']) {
    ensure(kinds.includes(kind), `the log has no ${kind}`, kinds);
  }
}

// Resolves with what the receiver is told first; challenges are sent back.
function listen() {
  return new Promise((ready) => {
    let tell;
    const told = new Promise((resolve) => { tell = resolve; });
    const server = createServer((request, response) => {
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => {
        if (request.method === 'POST') tell(JSON.parse(Buffer.concat(pieces).toString()));
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify({ verification: request.headers['x-okta-verification-challenge'] }));
      });
    });
    server.listen(0, '127.0.0.1', () => ready({ server, told, uri: `http://127.0.0.1:${server.address().port}/in` }));
  });
}

async function hooks(client) {
  const { server, told, uri } = await listen();
  const eventHook = {
    name: 'Script',
    events: { type: 'EVENT_TYPE', items: ['group.lifecycle.create'] },
    channel: { type: 'HTTP', version: '1.0.0', config: { uri } },
  };
  const { id } = await client.eventHookApi.createEventHook({ eventHook });
  const verified = await client.eventHookApi.verifyEventHook({ eventHookId: id });
  ensure(verified.verificationStatus === 'VERIFIED', 'the address is not verified', verified);
  const group = await client.groupApi.createGroup({ group: { profile: { name: 'Told by a hook' } } });
  const { data } = await told;
  ensure(data.events[0].target[0].id === group.id, 'another group was told', data);
  await client.groupApi.deleteGroup({ groupId: group.id });
  await refused('removing a hook that is on', 'E0000001', () => client.eventHookApi.deleteEventHook({ eventHookId: id }));
  await client.eventHookApi.deactivateEventHook({ eventHookId: id });
  await client.eventHookApi.deleteEventHook({ eventHookId: id });
  await refused('a hook that was removed', 'E0000007', () => client.eventHookApi.getEventHook({ eventHookId: id }));
  server.closeAllConnections();
  server.close();
}

async function forbidden(input, userId) {
  const reader = new okta.Client({ orgUrl: input.org_url, token: input.reader_token });
  ensure((await reader.userApi.getUser({ userId })).id === userId, 'who may look does not see');
  await refused('adding without the role', 'E0000006', () => reader.userApi.createUser({ body: somebody('other@example.com') }));
}

async function byKey(input) {
  const client = new okta.Client({
    orgUrl: input.org_url,
    authorizationMode: 'PrivateKey',
    clientId: input.client_id,
    scopes: ['okta.users.read', 'okta.groups.manage'],
    privateKey: JSON.stringify(input.private_key),
    keyId: input.private_key.kid,
  });
  const someone = await all(client.userApi.listUsers({ limit: 1 }));
  ensure(someone.length > 1, 'an app by its key does not see people', someone.length);
  const [first] = someone;
  await refused('a change by a scope to read', 'E0000006', () => client.userApi.suspendUser({ userId: first.id }));
}

async function remove(client, userId) {
  await client.userApi.deactivateUser({ userId });
  await client.userApi.deleteUser({ userId });
  await refused('somebody who was removed', 'E0000007', () => client.userApi.getUser({ userId }));
}
