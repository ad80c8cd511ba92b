// npm `@okta/okta-sdk-nodejs`, unmodified, as the script of a super administrator who says who administers what, and at whose
// word people get in: custom roles over resource sets, targets of standard roles, who has a role, and identity providers; held
// against what somebody who may only look can do from that moment on.
//
// Input: org_url, token (of an administrator), reader_token (of somebody who may only look), services (the ids of apps, of whom
// the first proves itself by a key).

import okta from '@okta/okta-sdk-nodejs';
import { ensure, mustFail, note, script } from './lib/script.mjs';

const PASSWORD = 'a tall lighthouse in fog';
const SUSPEND = 'okta.users.lifecycle.suspend';
const UNSUSPEND = 'okta.users.lifecycle.unsuspend';
// The one kind of app that there is.
const KIND = 'oidc_client';
const ISSUER = 'https://idp.example';

await script(['org_url', 'token', 'reader_token', 'services'], async (input) => {
  // What the one does, the other is to see: neither keeps what it read.
  const clientOf = (token) => new okta.Client({ orgUrl: input.org_url, token, cacheMiddleware: null });
  const [client, reader] = [clientOf(input.token), clientOf(input.reader_token)];
  const scene = await setUp(client, reader, input);
  await customRoles(scene);
  await targets(scene);
  await roles(scene);
  await assignees(scene);
  await providers(scene);
  for (const person of [scene.inside, scene.outside]) await remove(client, person);
  await client.groupApi.deleteGroup({ groupId: scene.group });
  note(`${input.org_url}: roles, resource sets, targets and identity providers`);
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

async function add(client, name) {
  const login = `${name}@example.com`;
  const profile = { login, email: login, firstName: name, lastName: 'Of Lesbos' };
  const made = await client.userApi.createUser({ body: { profile, credentials: { password: { value: PASSWORD } } }, activate: true });
  return made.id;
}

async function remove(client, userId) {
  for (let time = 0; time < 2; time += 1) await client.userApi.deleteUser({ userId });
}

// Rosa, who may only look, and two people of whom one is in the group.
async function setUp(client, reader, input) {
  const rosa = (await reader.userApi.getUser({ userId: 'me' })).id;
  const [inside, outside] = [await add(client, 'anaktoria'), await add(client, 'gongyla')];
  const group = (await client.groupApi.createGroup({ group: { profile: { name: 'Lesbos' } } })).id;
  await client.groupApi.assignUserToGroup({ groupId: group, userId: inside });
  const base = input.org_url.replace(/\/$/, '');
  return { client, reader, rosa, inside, outside, group, base, services: input.services };
}

async function reaches(scene, { within, without }) {
  const { client, reader } = scene;
  // Whoever is out of reach is not found.
  const code = within || without ? 'E0000007' : 'E0000006';
  for (const [userId, may] of [[scene.inside, within], [scene.outside, without]]) {
    if (may) {
      await reader.userApi.suspendUser({ userId });
      ensure((await client.userApi.getUser({ userId })).status === 'SUSPENDED', 'the act did nothing');
      await reader.userApi.unsuspendUser({ userId });
    } else {
      await refused('an act that is not permitted', code, () => reader.userApi.suspendUser({ userId }));
      ensure((await client.userApi.getUser({ userId })).status === 'ACTIVE', 'a refused act did something');
    }
  }
}

async function customRoles(scene) {
  const { client, reader } = scene;
  const { customRoleApi: own, resourceSetApi: sets } = client;
  const instance = { label: 'Desk', description: 'Helps', permissions: ['okta.users.read', SUSPEND] };
  await refused('a role of a reader', 'E0000006', () => reader.customRoleApi.createRole({ instance }));
  const { id: role } = await own.createRole({ instance });
  await refused('a second one of that label', 'E0000001', () => own.createRole({ instance }));
  await refused('what nothing enforces', 'E0000001', () => own.createRole({ instance: { ...instance, label: 'Log', permissions: ['okta.logs.read'] } }));
  await own.createRolePermission({ roleIdOrLabel: role, permissionType: UNSUSPEND });
  const { permissions } = await own.listRolePermissions({ roleIdOrLabel: role });
  ensure(permissions.map((one) => one.label).sort().join() === ['okta.users.read', SUSPEND, UNSUSPEND].sort().join(), 'it permits something else', permissions);
  await own.createRolePermission({ roleIdOrLabel: role, permissionType: 'okta.groups.read' });
  ensure((await own.getRolePermission({ roleIdOrLabel: role, permissionType: 'okta.groups.read' })).label === 'okta.groups.read', 'the permission is another one');
  await own.deleteRolePermission({ roleIdOrLabel: role, permissionType: 'okta.groups.read' });
  const renamed = await own.replaceRole({ roleIdOrLabel: 'Desk', instance: { label: 'Helpers', description: 'Help' } });
  ensure(renamed.id === role && renamed.label === 'Helpers', 'the role was not renamed', renamed);
  ensure((await reader.customRoleApi.listRoles({})).roles.some((one) => one.id === role), 'the role is not listed');
  const people = `${scene.base}/api/v1/groups/${scene.group}/users`;
  const made = await sets.createResourceSet({ instance: { label: 'Lesbos', description: 'Its people', resources: [people] } });
  const resourceSetId = made.id;
  await bindings(scene, { role, resourceSetId });
  await resources(scene, { resourceSetId });
  await sets.deleteResourceSet({ resourceSetId });
  await refused('a set that was removed', 'E0000007', () => sets.getResourceSet({ resourceSetId }));
  await own.deleteRole({ roleIdOrLabel: role });
  await refused('a role that was removed', 'E0000007', () => own.getRole({ roleIdOrLabel: role }));
}

async function resources(scene, { resourceSetId }) {
  const { resourceSetApi: sets } = scene.client;
  ensure((await sets.listResourceSets({})).resource_sets.some((one) => one.id === resourceSetId), 'the set is not listed');
  const apps = { additions: [`${scene.base}/api/v1/apps`] };
  await refused('an addition by a reader', 'E0000006', () => scene.reader.resourceSetApi.addResourceSetResources({ resourceSetId, instance: apps }));
  await refused('what is no resource', 'E0000001', () => sets.addResourceSetResources({ resourceSetId, instance: { additions: ['https://elsewhere.example/api/v1/apps'] } }));
  await sets.addResourceSetResources({ resourceSetId, instance: apps });
  const added = await sets.addResourceSetResource({ resourceSetId, instance: { resourceOrnOrUrl: `${scene.base}/api/v1/groups`, conditions: {} } });
  const held = (await sets.listResourceSetResources({ resourceSetId })).resources;
  ensure(held.length === 3 && held.some((one) => one.id === added.id), 'the set holds something else', held);
  ensure((await sets.getResourceSetResource({ resourceSetId, resourceId: added.id })).orn === added.orn, 'the resource is another one');
  await sets.deleteResourceSetResource({ resourceSetId, resourceId: added.id });
  await refused('a resource that was taken out', 'E0000007', () => sets.getResourceSetResource({ resourceSetId, resourceId: added.id }));
}

async function bindings(scene, { role, resourceSetId }) {
  const { client, rosa } = scene;
  const sets = client.resourceSetApi;
  const member = `${scene.base}/api/v1/users/${rosa}`;
  const bind = (by) => by.resourceSetApi.createResourceSetBinding({ resourceSetId, instance: { role, members: [member] } });
  await reaches(scene, { within: false, without: false });
  await refused('a role that a reader takes', 'E0000006', () => bind(scene.reader));
  await bind(client);
  await reaches(scene, { within: true, without: false });
  const named = { resourceSetId, roleIdOrLabel: role };
  await sets.addMembersToBinding({ ...named, instance: { additions: [`${scene.base}/api/v1/groups/${scene.group}`] } });
  const { members } = await sets.listMembersOfBinding(named);
  const [hers] = members.filter((one) => one._links.self.href === member);
  ensure(members.length === 2 && hers, 'the members are others', members);
  ensure((await sets.getMemberOfBinding({ ...named, memberId: hers.id })).id === hers.id, 'the member is another one');
  const own = await all(client.roleAssignmentApi.listAssignedRolesForUser({ userId: rosa }));
  ensure(own.some((one) => one.type === 'CUSTOM' && one.label === 'Helpers'), 'it is no assignment of hers', own);
  await refused('removing a role that is held', 'E0000001', () => client.customRoleApi.deleteRole({ roleIdOrLabel: role }));
  await sets.unassignMemberFromBinding({ ...named, memberId: hers.id });
  await reaches(scene, { within: false, without: false });
  ensure((await sets.listBindings({ resourceSetId })).roles.length === 1, 'the binding is not listed');
  await sets.deleteBinding(named);
  await refused('a binding that was ended', 'E0000007', () => sets.getBinding(named));
  // Once more, as an assignment of hers.
  const assignRoleRequest = { type: 'CUSTOM', role, resource_set: resourceSetId };
  const given = await client.roleAssignmentApi.assignRoleToUser({ userId: rosa, assignRoleRequest });
  await reaches(scene, { within: true, without: false });
  await client.roleAssignmentApi.unassignRoleFromUser({ userId: rosa, roleId: given.id });
  await reaches(scene, { within: false, without: false });
}

async function targets(scene) {
  const { client, rosa: userId } = scene;
  const { roleTargetApi: targetApi, roleAssignmentApi: assigned } = client;
  const given = await assigned.assignRoleToUser({ userId, assignRoleRequest: { type: 'USER_ADMIN' } });
  await refused('a role that she has', 'E0000090', () => assigned.assignRoleToUser({ userId, assignRoleRequest: { type: 'USER_ADMIN' } }));
  const role = { userId, roleId: given.id };
  await reaches(scene, { within: true, without: true });
  await refused('a target by a reader', 'E0000006', () => scene.reader.roleTargetApi.assignGroupTargetToUserRole({ ...role, groupId: scene.group }));
  await targetApi.assignGroupTargetToUserRole({ ...role, groupId: scene.group });
  await reaches(scene, { within: true, without: false });
  const groups = await all(targetApi.listGroupTargetsForRole(role));
  ensure(groups.length === 1 && groups[0].id === scene.group, 'the targets are others', groups);
  const whole = await all(targetApi.getRoleTargetsByUserIdAndRoleId({ userId, roleIdOrEncodedRoleId: given.id }));
  ensure(whole.length === 1 && whole[0].orn.endsWith(`:groups:${scene.group}`), 'the target is named otherwise', whole);
  await refused('a narrowed role made a whole one', 'E0000001', () => targetApi.unassignGroupTargetFromUserAdminRole({ ...role, groupId: scene.group }));
  await refused('an app of that role', 'E0000091', () => targetApi.assignAppTargetToAdminRoleForUser({ ...role, appName: KIND }));
  await assigned.unassignRoleFromUser(role);
  const runs = await assigned.assignRoleToUser({ userId, assignRoleRequest: { type: 'APP_ADMIN' } });
  const [app] = scene.services;
  const named = { userId, roleId: runs.id, appName: KIND };
  await targetApi.assignAppInstanceTargetToAppAdminRoleForUser({ ...named, applicationId: app });
  await targetApi.assignAppTargetToAdminRoleForUser(named);
  const apps = await all(targetApi.listApplicationTargetsForApplicationAdministratorRoleForUser(named));
  ensure(apps.length === 2 && apps.every((one) => one.name === KIND), 'the targets are others', apps);
  await targetApi.unassignAppTargetFromAppAdminRoleForUser(named);
  await targetApi.assignAllAppsAsTargetToRoleForUser(named);
  ensure((await all(targetApi.listApplicationTargetsForApplicationAdministratorRoleForUser(named))).length === 0, 'the role is still narrowed');
  await assigned.unassignRoleFromUser(named);
}

// Roles of a group, and of an app.
async function roles(scene) {
  const { client, group: groupId } = scene;
  const { roleTargetApi: targetApi, roleAssignmentApi: assigned } = client;
  const [clientId] = scene.services;
  const assignRoleRequest = { type: 'APP_ADMIN' };
  await refused('a role of a group by a reader', 'E0000006', () => scene.reader.roleAssignmentApi.assignRoleToGroup({ groupId, assignRoleRequest }));
  // What was given is read from the list: this client reads nothing of the answer 201.
  await assigned.assignRoleToGroup({ groupId, assignRoleRequest });
  const [ofGroup] = await all(assigned.listGroupAssignedRoles({ groupId }));
  const named = { groupId, roleId: ofGroup.id, appName: KIND };
  ensure((await assigned.getGroupAssignedRole(named)).assignmentType === 'GROUP', 'the role is another one');
  await targetApi.assignAppInstanceTargetToAppAdminRoleForGroup({ ...named, applicationId: clientId });
  await targetApi.assignAppTargetToAdminRoleForGroup(named);
  await targetApi.unassignAppTargetToAdminRoleForGroup(named);
  const apps = await all(targetApi.listApplicationTargetsForApplicationAdministratorRoleForGroup(named));
  ensure(apps.length === 1 && apps[0].id === clientId, 'the targets are others', apps);
  await assigned.unassignRoleFromGroup(named);
  ensure((await all(assigned.listGroupAssignedRoles({ groupId }))).length === 0, 'the group still has a role');
  await assigned.assignRoleToClient({ clientId, assignRoleRequest: { type: 'HELP_DESK_ADMIN' } });
  const ofApp = (await all(assigned.listRolesForClient({ clientId }))).find((one) => one.type === 'HELP_DESK_ADMIN');
  const role = { clientId, roleAssignmentId: ofApp.id };
  ensure((await assigned.retrieveClientRole(role)).type === 'HELP_DESK_ADMIN', 'the role is another one');
  await targetApi.assignGroupTargetRoleForClient({ ...role, groupId });
  const groups = await all(targetApi.listGroupTargetRoleForClient(role));
  ensure(groups.length === 1 && groups[0].id === groupId, 'the targets are others', groups);
  await assigned.deleteRoleFromClient(role);
  await refused('a role that was taken', 'E0000007', () => assigned.retrieveClientRole(role));
}

async function assignees(scene) {
  const { value } = await scene.reader.roleAssignmentApi.listUsersWithRoleAssignments({});
  const ada = (await scene.client.userApi.getUser({ userId: 'me' })).id;
  ensure(value.map((one) => one.id).sort().join() === [ada, scene.rosa].sort().join(), 'others have roles', value);
}

function provider(name) {
  return {
    type: 'OIDC',
    name,
    protocol: {
      type: 'OIDC',
      issuer: { url: ISSUER },
      endpoints: {
        authorization: { url: `${ISSUER}/authorize`, binding: 'HTTP-REDIRECT' },
        token: { url: `${ISSUER}/token`, binding: 'HTTP-POST' },
        jwks: { url: `${ISSUER}/keys`, binding: 'HTTP-REDIRECT' },
      },
      scopes: ['openid', 'email'],
      credentials: { client: { client_id: 'us', client_secret: 'let me in' } },
    },
    policy: { accountLink: { action: 'AUTO' }, provisioning: { action: 'DISABLED' }, subject: { matchType: 'USERNAME' } },
  };
}

async function providers(scene) {
  const { client, reader, inside: userId } = scene;
  const idps = client.identityProviderApi;
  await refused('a provider of a reader', 'E0000006', () => reader.identityProviderApi.createIdentityProvider({ identityProvider: provider('Partner') }));
  const made = await idps.createIdentityProvider({ identityProvider: provider('Partner') });
  const idpId = made.id;
  ensure(made.status === 'ACTIVE' && made.protocol.issuer.url === ISSUER, 'the provider is not as asked for', made);
  ensure(!JSON.stringify(made).includes('let me in'), 'a secret is shown');
  await refused('a second one of that name', 'E0000001', () => idps.createIdentityProvider({ identityProvider: provider('PARTNER') }));
  const found = await all(reader.identityProviderApi.listIdentityProviders({ q: 'part' }));
  ensure(found.length === 1 && found[0].id === idpId, 'the provider is not found', found);
  // What was read is sent back with another name.
  const whole = await idps.getIdentityProvider({ idpId });
  whole.name = 'Renamed';
  const changed = await idps.replaceIdentityProvider({ idpId, identityProvider: whole });
  ensure(changed.name === 'Renamed' && changed.protocol.issuer.url === ISSUER, 'the provider is another one', changed);
  const linked = await idps.linkUserToIdentityProvider({ idpId, userId, userIdentityProviderLinkRequest: { externalId: '1' } });
  ensure(linked.id === userId && linked.externalId === '1', 'she is linked otherwise', linked);
  const users = await all(idps.listIdentityProviderApplicationUsers({ idpId }));
  ensure(users.length === 1 && users[0].id === userId, 'others are linked', users);
  const hers = await all(idps.listUserIdentityProviders({ userId }));
  ensure(hers.length === 1 && hers[0].id === idpId, 'the provider is not hers', hers);
  await idps.unlinkUserFromIdentityProvider({ idpId, userId });
  await refused('a link that was ended', 'E0000007', () => idps.getIdentityProviderApplicationUser({ idpId, userId }));
  await refused('removing one that is on', 'E0000001', () => idps.deleteIdentityProvider({ idpId }));
  ensure((await idps.deactivateIdentityProvider({ idpId })).status === 'INACTIVE', 'it is not switched off');
  await idps.deleteIdentityProvider({ idpId });
  await refused('a provider that was removed', 'E0000007', () => idps.getIdentityProvider({ idpId }));
}
