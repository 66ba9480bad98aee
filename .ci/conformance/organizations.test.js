import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Management } from "auth0";
import { Tenant, database, databaseID, eventually } from "./tenant.js";

let tenant, client;
before(async () => {
  tenant = await Tenant.start("--plan", "unlimited");
  client = tenant.client();
});
after(() => tenant.stop());

test("an organization with its members, their roles, connections and invitations", async () => {
  const org = await client.organizations.create({ name: "conformance", display_name: "Conformance Ltd" });
  assert.match(org.id, /^org_[A-Za-z0-9]{16}$/);
  assert.equal((await client.organizations.getByName("conformance")).id, org.id);
  assert.equal((await client.organizations.update(org.id, { display_name: "Renamed" })).display_name, "Renamed");

  const user = await client.users.create({ connection: database, email: "member@example.com", password: "long enough 1" });
  await client.organizations.members.create(org.id, { members: [user.user_id] });
  const member = await eventually(async () => (await client.organizations.members.list(org.id)).data[0]);
  assert.equal(member.user_id, user.user_id);
  const role = await client.roles.create({ name: "Member role" });
  await client.organizations.members.roles.assign(org.id, user.user_id, { roles: [role.id] });
  assert.equal((await client.organizations.members.roles.list(org.id, user.user_id)).data[0].id, role.id);
  await client.organizations.members.roles.delete(org.id, user.user_id, { roles: [role.id] });
  assert.equal((await client.organizations.members.roles.list(org.id, user.user_id)).data.length, 0);

  const connection_id = await databaseID(client);
  await client.organizations.enabledConnections.add(org.id, { connection_id, assign_membership_on_login: true });
  const changed = await client.organizations.enabledConnections.update(org.id, connection_id, { assign_membership_on_login: false });
  assert.equal(changed.assign_membership_on_login, false);
  await client.organizations.enabledConnections.delete(org.id, connection_id);
  assert.equal((await client.organizations.enabledConnections.list(org.id)).data.length, 0);

  const app = await client.clients.create({
    name: "Portal",
    app_type: "regular_web",
    organization_usage: "allow",
    initiate_login_uri: "https://portal.example.com/login",
  });
  const invitation = await client.organizations.invitations.create(org.id, {
    inviter: { name: "Operator" },
    invitee: { email: "guest@example.com" },
    client_id: app.client_id,
    send_invitation_email: false,
  });
  assert.match(invitation.invitation_url, /invitation=/);
  assert.equal((await client.organizations.invitations.list(org.id)).data[0].id, invitation.id);
  await client.organizations.invitations.delete(org.id, invitation.id);
  await assert.rejects(client.organizations.invitations.get(org.id, invitation.id), Management.NotFoundError);

  await client.organizations.members.delete(org.id, { members: [user.user_id] });
  await eventually(async () => (await client.organizations.members.list(org.id)).data.length === 0);
  assert.equal((await client.users.organizations.list(user.user_id)).data.length, 0);
  await client.organizations.delete(org.id);
  await assert.rejects(client.organizations.get(org.id), Management.NotFoundError);
});
