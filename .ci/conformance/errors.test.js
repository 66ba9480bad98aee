import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Management, ManagementError } from "auth0";
import { Tenant, database } from "./tenant.js";

let tenant, client;
before(async () => {
  tenant = await Tenant.start("--plan", "unlimited");
  client = tenant.client();
});
after(() => tenant.stop());

/** refused checks the class of an SDK error, and the body that callers look into. */
const refused = (promise, kind, statusCode, errorCode) =>
  assert.rejects(promise, (err) => {
    assert.ok(err instanceof ManagementError, String(err));
    assert.ok(err instanceof kind, `${err.constructor.name}: ${err.message}`);
    assert.equal(err.statusCode, statusCode);
    assert.equal(err.body.statusCode, statusCode);
    assert.equal(err.body.errorCode, errorCode);
    assert.ok(err.body.message);
    return true;
  });

test("400 for a body that is wrong, and for a query that is", async () => {
  await refused(client.users.create({ connection: database, email: "no email" }), Management.BadRequestError, 400, "invalid_body");
  await refused(client.users.list({ q: 'name:"open' }), Management.BadRequestError, 400, "invalid_query_string");
  await refused(client.users.list({ q: "name:*ab" }), Management.BadRequestError, 400, "invalid_query_string");
});

test("401 for a token that is none", async () => {
  const stranger = tenant.client({ token: "not.a.token", id: undefined, secret: undefined });
  await assert.rejects(stranger.users.list(), Management.UnauthorizedError);
});

test("403 for a token without the scope", async () => {
  const app = await client.clients.create({ name: "Reader of users", app_type: "non_interactive", grant_types: ["client_credentials"] });
  await client.clientGrants.create({ client_id: app.client_id, audience: tenant.info.audience, scope: ["read:users"] });
  const reader = tenant.client({ id: app.client_id, secret: app.client_secret });
  assert.ok((await reader.users.list({ per_page: 1 })).data.length > 0);
  await refused(reader.users.delete("auth0|nobody"), Management.ForbiddenError, 403, "insufficient_scope");
});

test("404 for what is not there", async () => {
  await refused(client.users.get("auth0|nobody"), Management.NotFoundError, 404, "inexistent_user");
  await refused(client.roles.get("rol_nothing"), Management.NotFoundError, 404, undefined);
  await refused(client.organizations.get("org_nothing"), Management.NotFoundError, 404, undefined);
});

test("409 for who is there already", async () => {
  const person = { connection: database, email: "again@example.com", password: "long enough 1" };
  await client.users.create(person);
  await refused(client.users.create(person), Management.ConflictError, 409, "auth0_idp_error");
});

test("429 beyond the plan's limit, with when to come back", async () => {
  const free = await Tenant.start("--plan", "free");
  try {
    const hurried = free.client();
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => hurried.roles.list()));
    const errors = answers.filter((a) => a.status === "rejected").map((a) => a.reason);
    assert.ok(errors.length > 0 && errors.length < 8, `${errors.length} of 8 were refused`);
    await refused(Promise.reject(errors[0]), Management.TooManyRequestsError, 429, "too_many_requests");
    const headers = errors[0].rawResponse.headers;
    assert.equal(headers.get("x-ratelimit-remaining"), "0");
    assert.ok(Number(headers.get("x-ratelimit-reset")) > 0);
  } finally {
    await free.stop();
  }
});
