import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Tenant, database, databaseID } from "./tenant.js";

let tenant, client, user;
before(async () => {
  tenant = await Tenant.start("--plan", "unlimited");
  client = tenant.client();
  user = await client.users.create({ connection: database, email: "ticket@example.com", password: "long enough 1" });
});
after(() => tenant.stop());

test("a ticket to change the password, for a user's id and for an email", async () => {
  const one = await client.tickets.changePassword({ user_id: user.user_id, ttl_sec: 60 });
  assert.match(one.ticket, /\/u\/reset-password\?ticket=/);
  const connection_id = await databaseID(client);
  const two = await client.tickets.changePassword({ email: user.email, connection_id });
  assert.notEqual(one.ticket, two.ticket);
});

test("a ticket to verify the email", async () => {
  const { ticket } = await client.tickets.verifyEmail({ user_id: user.user_id });
  assert.match(ticket, /\/u\/email-verification\?ticket=/);
});

test("a ticket to enroll a factor", async () => {
  const made = await client.guardian.enrollments.createTicket({ user_id: user.user_id });
  assert.ok(made.ticket_id);
  assert.match(made.ticket_url, /ticket=/);
});
