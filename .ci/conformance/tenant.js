// Starts `usher tenant` and makes clients of Auth0's SDK for it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ManagementClient } from "auth0";

const binary = process.env.USHER;
if (!binary) throw new Error("USHER must name the usher binary: run `make conformance`");

/** A running local tenant. */
export class Tenant {
  /** start runs the tenant with these flags until stop. */
  static async start(...flags) {
    const tenant = new Tenant();
    tenant.folder = await mkdtemp(join(tmpdir(), "usher-conformance-"));
    const info = join(tenant.folder, "info.json");
    tenant.process = spawn(binary, ["tenant", "--users", "300", "--addr", "127.0.0.1:0", "--info", info, ...flags], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    tenant.info = await eventually(async () => {
      if (tenant.process.exitCode !== null) throw new Error(`usher tenant ended with ${tenant.process.exitCode}`);
      return JSON.parse(await readFile(info, "utf8").catch(() => "null"));
    });
    return tenant;
  }

  async stop() {
    const ended = once(this.process, "exit");
    this.process.kill("SIGINT");
    await ended;
    await rm(this.folder, { recursive: true });
  }

  /** client is an SDK client; without credentials it is the gateway's, which may do everything. */
  client({ id = this.info.m2m.client_id, secret = this.info.m2m.client_secret, ...options } = {}) {
    return new ManagementClient({
      domain: new URL(this.info.issuer).host,
      audience: this.info.audience,
      clientId: id,
      clientSecret: secret,
      maxRetries: 0,
      telemetry: false,
      // The SDK speaks HTTPS only; the local tenant is on this machine and speaks HTTP.
      fetch: (url, init) => fetch(String(url).replace(/^https:/, "http:"), init),
      ...options,
    });
  }
}

/** eventually asks until there is an answer: searches and jobs lag behind writes. */
export async function eventually(ask, seconds = 10) {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > until) throw new Error(`still no answer after ${seconds} seconds`);
    await wait(50);
  }
}

export const database = "Username-Password-Authentication";

/** databaseID is the id of the tenant's database connection. */
export async function databaseID(client) {
  const page = await client.connections.list({ name: database });
  return page.data[0].id;
}

/** all reads every page of a list. */
export async function all(first) {
  let page = await first;
  const rows = [...page.data];
  while (page.hasNextPage()) {
    page = await page.getNextPage();
    rows.push(...page.data);
  }
  return rows;
}
