// npm `@okta/okta-sdk-nodejs`, unmodified, as the script of an administrator who says what profiles hold and what the
// organisation is called, and takes back what apps hold of a person.
//
// Input: org_url, token (of an administrator), reader_token (of somebody who may only look).

import okta from '@okta/okta-sdk-nodejs';
import { ensure, mustFail, note, script } from './lib/script.mjs';

const SCHEMA = 'default';

await script(['org_url', 'token', 'reader_token'], async (input) => {
  const client = new okta.Client({ orgUrl: input.org_url, token: input.token });
  const reader = new okta.Client({ orgUrl: input.org_url, token: input.reader_token });
  const sophie = await schema(client, reader);
  await types(client, reader);
  await held(client, sophie);
  await org(client, reader);
  note(`${input.org_url}: the schema of profiles and the organisation`);
  return {};
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

function set(client, properties) {
  return client.schemaApi.updateUserProfile({ schemaId: SCHEMA, userSchema: { definitions: { custom: { properties } } } });
}

async function schema(client, reader) {
  const level = { type: 'string', title: 'Level', maxLength: 2, required: false };
  await refused('a change by a reader', 'E0000006', () => set(reader, { level }));
  const made = await set(client, { level });
  ensure(made.definitions.custom.properties.level.maxLength === 2, 'the attribute is another one', made.definitions.custom);
  await refused('another type', 'E0000001', () => set(client, { level: { type: 'integer' } }));
  const profile = { login: 'sophie@example.com', email: 'sophie@example.com', level: 'A1' };
  await refused('a level that is none', 'E0000001', () => client.userApi.createUser({ body: { profile: { ...profile, level: 'A12' } }, activate: false }));
  const sophie = await client.userApi.createUser({ body: { profile }, activate: false });
  ensure(sophie.profile.level === 'A1', 'the level is not kept', sophie.profile);
  const [type] = await all(client.userTypeApi.listUserTypes());
  ensure(type.name === 'user' && sophie.type.id === type.id, 'she is of another type', sophie.type);
  const left = await set(client, { level: null });
  ensure(!left.definitions.custom.properties.level, 'the attribute is still there', left.definitions.custom);
  return sophie.id;
}

async function types(client, reader) {
  const userType = { name: 'visitor', displayName: 'Visitor' };
  await refused('a type by a reader', 'E0000006', () => reader.userTypeApi.createUserType({ userType }));
  const made = await client.userTypeApi.createUserType({ userType });
  const typeId = made.id;
  const changed = await client.userTypeApi.updateUserType({ typeId, userType: { displayName: 'Guest' } });
  ensure(changed.displayName === 'Guest' && changed.name === 'visitor', 'the type is another one', changed);
  const profile = { login: 'anne@example.com', email: 'anne@example.com' };
  const anne = await client.userApi.createUser({ body: { profile, type: { id: typeId } }, activate: false });
  ensure(anne.type.id === typeId, 'she is of another type', anne.type);
  await refused('a type that somebody is of', 'E0000142', () => client.userTypeApi.deleteUserType({ typeId }));
  for (let time = 0; time < 2; time += 1) await client.userApi.deleteUser({ userId: anne.id });
  await client.userTypeApi.deleteUserType({ typeId });
  await refused('a type that was removed', 'E0000007', () => client.userTypeApi.getUserType({ typeId }));
}

async function held(client, userId) {
  ensure((await all(client.userApi.listUserGrants({ userId }))).length === 0, 'somebody has something of hers');
  ensure((await all(client.userApi.listUserClients({ userId }))).length === 0, 'an app has something of hers');
  await client.userApi.revokeUserGrants({ userId });
  await refused('a link for somebody who was never in', 'E0000038', () => client.userApi.forgotPassword({ userId, sendEmail: true }));
  for (let time = 0; time < 2; time += 1) await client.userApi.deleteUser({ userId });
}

async function org(client, reader) {
  const before = await client.orgSettingApi.getOrgSettings();
  await refused('a new name by a reader', 'E0000006', () => reader.orgSettingApi.updateOrgSettings({ OrgSetting: { companyName: 'Elsewhere' } }));
  const renamed = await client.orgSettingApi.updateOrgSettings({ OrgSetting: { companyName: 'By script' } });
  ensure(renamed.companyName === 'By script', 'the name is another one', renamed);
  const back = await client.orgSettingApi.replaceOrgSettings({ OrgSetting: { companyName: before.companyName } });
  ensure(back.companyName === before.companyName, 'the name is not back', back);
  const described = await client.orgSettingApi.getWellknownOrgMetadata();
  ensure(described.id === before.id && described.pipeline === 'v1', 'the org is described otherwise', described);
}
