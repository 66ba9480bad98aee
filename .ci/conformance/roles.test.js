import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Management } from "auth0";
import { Tenant, all, database } from "./tenant.js";

let tenant, client;
before(async () => {
  tenant = await Tenant.start("--plan", "unlimited");
  client = tenant.client();
});
after(() => tenant.stop());

test("a role is created, changed, given permissions and users, and deleted", async () => {
  const api = (await client.resourceServers.list()).data.find((a) => !a.is_system);
  const permission = { resource_server_identifier: api.identifier, permission_name: api.scopes[0].value };
  const role = await client.roles.create({ name: "Conformance", description: "For a test" });
  assert.match(role.id, /^rol_[A-Za-z0-9]{16}$/);
  assert.equal((await client.roles.update(role.id, { description: "Changed" })).description, "Changed");

  await client.roles.permissions.add(role.id, { permissions: [permission] });
  assert.equal((await client.roles.permissions.list(role.id)).data[0].permission_name, permission.permission_name);

  const user = await client.users.create({ connection: database, email: "holder@example.com", password: "long enough 1" });
  await client.users.roles.assign(user.user_id, { roles: [role.id] });
  assert.deepEqual((await client.users.roles.list(user.user_id)).data.map((r) => r.id), [role.id]);
  assert.deepEqual((await client.roles.users.list(role.id)).data.map((u) => u.user_id), [user.user_id]);
  const held = (await client.users.permissions.list(user.user_id)).data[0];
  assert.equal(held.permission_name, permission.permission_name);
  assert.equal(held.sources[0].source_type, "ROLE");

  await client.users.roles.delete(user.user_id, { roles: [role.id] });
  assert.equal((await client.users.roles.list(user.user_id)).data.length, 0);
  await client.roles.users.assign(role.id, { users: [user.user_id] });
  await client.roles.permissions.delete(role.id, { permissions: [permission] });
  await client.roles.delete(role.id);
  await assert.rejects(client.roles.get(role.id), Management.NotFoundError);
  assert.equal((await client.users.roles.list(user.user_id)).data.length, 0, "the deleted role is still held");
});

test("roles are found by name", async () => {
  const names = (await all(client.roles.list({ name_filter: "desk" }))).map((r) => r.name);
  assert.ok(names.length > 0 && names.every((n) => /desk/i.test(n)), names.join());
});
