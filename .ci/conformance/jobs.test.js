import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Tenant, database, databaseID, eventually } from "./tenant.js";

let tenant, client;
before(async () => {
  tenant = await Tenant.start("--plan", "unlimited");
  client = tenant.client();
});
after(() => tenant.stop());

/** finished waits for a job to end. */
const finished = (id) =>
  eventually(async () => {
    const job = await client.jobs.get(id);
    return job.status === "completed" || job.status === "failed" ? job : undefined;
  });

const file = (users) => new File([JSON.stringify(users)], "users.json", { type: "application/json" });

test("users are imported from a file", async () => {
  const connection_id = await databaseID(client);
  const started = await client.jobs.usersImports.create({
    users: file([
      { email: "imported@example.com", email_verified: true, user_metadata: { from: "file" } },
      { email: "second@example.com" },
    ]),
    connection_id,
  });
  assert.match(started.id, /^job_/);
  assert.equal(started.status, "pending");
  const job = await finished(started.id);
  assert.equal(job.status, "completed");
  assert.deepEqual(job.summary, { failed: 0, updated: 0, inserted: 2, total: 2 });
  const [user] = await client.users.listUsersByEmail({ email: "imported@example.com" });
  assert.deepEqual(user.user_metadata, { from: "file" });
});

test("what cannot be imported is listed with its reason", async () => {
  const connection_id = await databaseID(client);
  const one = await client.jobs.usersImports.create({ users: file([{ email: "twice@example.com" }]), connection_id });
  await finished(one.id);
  const two = await client.jobs.usersImports.create({ users: file([{ email: "twice@example.com" }]), connection_id });
  const job = await finished(two.id);
  assert.equal(job.summary.failed, 1);
  const errors = await client.jobs.errors.get(two.id);
  assert.equal(errors[0].user.email, "twice@example.com");
  assert.equal(errors[0].errors[0].code, "DUPLICATED_USER");
});

test("users are exported to a file", async () => {
  const started = await client.jobs.usersExports.create({
    connection_id: await databaseID(client),
    format: "json",
    limit: 5,
    fields: [{ name: "user_id" }, { name: "email" }],
  });
  const job = await finished(started.id);
  assert.equal(job.status, "completed");
  const raw = Buffer.from(await (await fetch(job.location)).arrayBuffer());
  const text = (raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw).toString("utf8");
  const rows = text.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(rows.length, 5);
  assert.deepEqual(Object.keys(rows[0]).sort(), ["email", "user_id"]);
});

test("a verification email is sent", async () => {
  const user = await client.users.create({ connection: database, email: "verify@example.com", password: "long enough 1" });
  const started = await client.jobs.verificationEmail.create({ user_id: user.user_id });
  assert.equal(started.type, "verification_email");
  assert.equal((await finished(started.id)).status, "completed");
});
