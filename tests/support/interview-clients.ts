import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { ensureClients } from "../e2e/support/clients.ts";

/** Who connects: today's hosts (v1), the same protocol from the new SDK, and the protocol of 2026. */
export type ClientEra = "v1" | "v2, 2025" | "v2, 2026";

/** A form as a client is asked to show it. */
interface ShownForm {
  readonly message: string;
  readonly requestedSchema: { readonly properties: Readonly<Record<string, { readonly enum?: readonly string[] }>> };
}

/** What a person does with a form. */
interface FormAnswer {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Readonly<Record<string, string>>;
}

export interface CallResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
}

/** A client over stdio with a server of its own, run from the source, in a home of its own. */
export interface ConnectedClient extends AsyncDisposable {
  readonly home: string;
  /** Every form it was asked to show so far. */
  readonly shown: ShownForm[];
  /** Says what the person does with the next forms. */
  answers(answer: FormAnswer | "fails"): void;
  call(name: string, args: object): Promise<CallResult>;
}

interface AnyClient {
  connect(transport: unknown): Promise<void>;
  callTool(call: { name: string; arguments: object }): Promise<unknown>;
  close(): Promise<void>;
}

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const SDK_V1 = join(import.meta.dirname, "../e2e/clients/node_modules/@modelcontextprotocol/sdk/dist/esm");

/** Connects; `capability` is what the client says of forms, nothing that it cannot show any. */
export async function connectClient(era: ClientEra, capability?: object): Promise<ConnectedClient> {
  const home = await mkdtemp(join(tmpdir(), "ouroboros-elicit-"));
  const shown: ShownForm[] = [];
  let next: FormAnswer | "fails" = { action: "cancel" };
  const show = (form: unknown): FormAnswer => {
    shown.push(form as ShownForm); // the SDK has parsed it
    if (next === "fails") throw new Error("This client cannot show a form after all");
    return next;
  };
  const env = { HOME: home, PATH: process.env.PATH ?? "" };
  const server = {
    command: process.execPath,
    args: [MAIN, "mcp", "serve", "--toolsets", "all"],
    cwd: home,
    env,
    stderr: "ignore" as const,
  };
  const capabilities = capability === undefined ? {} : { elicitation: capability };
  const client = era === "v1" ? await v1(server, capabilities, show) : await v2(era, server, capabilities, show);
  return {
    home,
    shown,
    answers: (answer) => {
      next = answer;
    },
    call: async (name, args) => (await client.callTool({ name, arguments: args })) as CallResult,
    async [Symbol.asyncDispose]() {
      await client.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

type ServerParameters = ConstructorParameters<typeof StdioClientTransport>[0];

async function v2(
  era: ClientEra,
  server: ServerParameters,
  capabilities: object,
  show: (form: unknown) => FormAnswer,
): Promise<AnyClient> {
  const mode = era === "v2, 2026" ? { pin: "2026-07-28" as const } : ("legacy" as const);
  const client = new Client({ name: "test", version: "1" }, { capabilities, versionNegotiation: { mode } });
  if ("elicitation" in capabilities) {
    client.setRequestHandler("elicitation/create", async ({ params }) => ({ ...show(params) }));
  }
  await client.connect(new StdioClientTransport(server));
  return client as unknown as AnyClient;
}

/** The SDK of today's hosts lives beside the e2e tests and nowhere else in the project, so its types are not here. */
async function v1(
  server: ServerParameters,
  capabilities: object,
  show: (form: unknown) => FormAnswer,
): Promise<AnyClient> {
  ensureClients("sdk-v1");
  const load = (file: string) => import(pathToFileURL(join(SDK_V1, file)).href);
  const [sdk, stdio, types] = await Promise.all([load("client/index.js"), load("client/stdio.js"), load("types.js")]);
  const client = new sdk.Client({ name: "test", version: "1" }, { capabilities });
  if ("elicitation" in capabilities) {
    client.setRequestHandler(types.ElicitRequestSchema, async ({ params }: { params: unknown }) => show(params));
  }
  await client.connect(new stdio.StdioClientTransport(server));
  return client;
}
