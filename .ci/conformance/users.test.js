import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Management } from "auth0";
import { Tenant, database, eventually } from "./tenant.js";

let tenant, client;
before(async () => {
  tenant = await Tenant.start("--plan", "unlimited");
  client = tenant.client();
});
after(() => tenant.stop());

const person = (email, more = {}) => ({ connection: database, email, password: "long enough 1", ...more });

test("a user is created, read, changed, found and deleted", async () => {
  const made = await client.users.create(person("new@example.com", { user_metadata: { a: 1, b: 2 } }));
  assert.match(made.user_id, /^auth0\|[0-9a-f]{24}$/);
  assert.equal(made.email_verified, false);
  assert.equal(made.identities[0].connection, database);

  const changed = await client.users.update(made.user_id, { name: "New Person", user_metadata: { a: null, c: { d: 3 } } });
  assert.equal(changed.name, "New Person");
  assert.deepEqual(changed.user_metadata, { b: 2, c: { d: 3 } });
  assert.deepEqual((await client.users.get(made.user_id)).user_metadata, { b: 2, c: { d: 3 } });
  assert.equal((await client.users.listUsersByEmail({ email: "new@example.com" }))[0].user_id, made.user_id);

  const found = await eventually(async () => {
    const page = await client.users.list({ q: 'name:"new person"', search_engine: "v3" });
    return page.data[0];
  });
  assert.equal(found.user_id, made.user_id);

  await client.users.delete(made.user_id);
  await client.users.delete(made.user_id); // deleting who is gone succeeds
  await assert.rejects(client.users.get(made.user_id), Management.NotFoundError);
});

test("a user is blocked and unblocked", async () => {
  const { user_id } = await client.users.create(person("blocked@example.com"));
  assert.equal((await client.users.update(user_id, { blocked: true })).blocked, true);
  assert.equal((await client.users.update(user_id, { blocked: false })).blocked, false);
  assert.deepEqual((await client.userBlocks.list(user_id)).blocked_for, []);
  await client.userBlocks.delete(user_id);
});

test("two accounts are linked and unlinked", async () => {
  const one = await client.users.create(person("one@example.com"));
  const two = await client.users.create(person("two@example.com"));
  const plain = two.user_id.split("|")[1];
  const linked = await client.users.identities.link(one.user_id, { provider: "auth0", user_id: plain });
  assert.equal(linked.length, 2);
  await assert.rejects(client.users.get(two.user_id), Management.NotFoundError);
  const left = await client.users.identities.delete(one.user_id, "auth0", plain);
  assert.equal(left.length, 1);
  assert.equal((await client.users.get(two.user_id)).email, "two@example.com");
});

test("a user's authentication methods, sessions, log and organizations are listed", async () => {
  const { data } = await client.users.list({ q: "email:ada@example.com" });
  const id = data[0].user_id;
  const methods = await client.users.authenticationMethods.list(id);
  assert.ok(methods.data.some((m) => m.type === "totp"));
  assert.ok((await client.users.sessions.list(id)).data.length > 0);
  assert.ok((await client.users.logs.list(id)).data.length > 0);
  assert.ok((await client.users.organizations.list(id)).data.length > 0);
  await client.users.authenticationMethods.deleteAll(id);
  assert.ok(!(await client.users.authenticationMethods.list(id)).data.some((m) => m.type === "totp"));
  await client.users.sessions.delete(id);
  await eventually(async () => (await client.users.sessions.list(id)).data.length === 0);
});
