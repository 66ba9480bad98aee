import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Management } from "auth0";
import { Tenant, all } from "./tenant.js";

let tenant, client;
before(async () => {
  tenant = await Tenant.start("--plan", "unlimited");
  client = tenant.client();
});
after(() => tenant.stop());

const distinct = (rows) => new Set(rows).size;

test("users are paged by offset", async () => {
  const first = await client.users.list({ per_page: 40, page: 0, include_totals: true });
  assert.equal(first.data.length, 40);
  assert.equal(first.response.start, 0);
  assert.equal(first.response.limit, 40);
  assert.equal(first.response.length, 40);
  const users = await all(client.users.list({ per_page: 40, include_totals: true }));
  assert.equal(users.length, first.response.total);
  assert.equal(distinct(users.map((u) => u.user_id)), users.length);
});

test("no more than a thousand users can be paged through", async () => {
  await assert.rejects(client.users.list({ per_page: 100, page: 10 }), (err) => {
    assert.ok(err instanceof Management.BadRequestError);
    assert.match(err.body.message, /^You can only page through the first 1000 records/);
    return true;
  });
});

test("organizations are paged by checkpoint", async () => {
  const one = await client.organizations.list({ take: 1 });
  assert.equal(one.data.length, 1);
  assert.ok(one.response.next, "there is no next");
  const orgs = await all(client.organizations.list({ take: 1 }));
  assert.ok(orgs.length > 2);
  assert.equal(distinct(orgs.map((o) => o.id)), orgs.length);
});

test("role holders and members are paged by checkpoint", async () => {
  const { data: roles } = await client.roles.list();
  const role = roles.find((r) => r.name === "Customer");
  const holders = await all(client.roles.users.list(role.id, { take: 50 }));
  assert.ok(holders.length > 50, `only ${holders.length} holders`);
  assert.equal(distinct(holders.map((u) => u.user_id)), holders.length);
  const { data: orgs } = await client.organizations.list();
  const members = await all(client.organizations.members.list(orgs[0].id, { take: 3 }));
  assert.ok(members.length > 3);
  assert.equal(distinct(members.map((u) => u.user_id)), members.length);
});

test("the log is paged by offset, newest first", async () => {
  const page = await client.logs.list({ per_page: 20, page: 1 });
  assert.equal(page.data.length, 20);
  const dates = page.data.map((e) => e.date);
  assert.deepEqual(dates, [...dates].sort().reverse());
  assert.equal((await client.logs.get(page.data[0].log_id)).log_id, page.data[0].log_id);
});
