import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "./base/refusal.ts";
import type { MindSettings } from "./minds/choose-mind.ts";
import { KNOWN_PROVIDERS, knownProvider, type ProviderAccess } from "./minds/provider-access.ts";
import { Secret } from "./minds/secret.ts";

const Text = v.pipe(v.string(), v.trim());
const CredentialsFile = v.looseObject({
  providers: v.optional(
    v.record(v.string(), v.looseObject({ api_key: v.nullish(Text), base_url: v.nullish(Text) })),
    {},
  ),
});
type Stored = v.InferOutput<typeof CredentialsFile>["providers"];

/** Readable by anybody but its owner. */
const OTHERS = 0o077;

/**
 * Every provider this user can reach: its key from the environment, else from `credentials.yaml` of the Ouroboros home; its
 * endpoint from that file, else from `minds.providers` of config.yaml, else the known one. Refused while others can read the file.
 */
export async function readProviders(
  home: string,
  settings: Pick<MindSettings, "providers">,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ReadonlyMap<string, ProviderAccess> | Refusal> {
  const stored = await readStored(join(home, "credentials.yaml"));
  if (isRefusal(stored)) return stored;
  const names = new Set([...KNOWN_PROVIDERS, ...Object.keys(settings.providers), ...Object.keys(stored)]);
  const found = new Map<string, ProviderAccess>();
  for (const name of names) {
    const known = knownProvider(name);
    const own = Object.hasOwn(stored, name) ? stored[name] : undefined;
    const named = Object.hasOwn(settings.providers, name) ? settings.providers[name] : undefined;
    const configured = own?.base_url || named?.base_url;
    const baseUrl = configured || known?.baseUrl;
    const key = (known?.keys ?? [keyName(name)]).map((one) => env[one]).find(Boolean) || own?.api_key;
    // A known service without a key answers nobody; a server somebody has named may well ask for none.
    if (!baseUrl || (!key && !configured)) continue;
    if (!isEndpoint(baseUrl)) return badEndpoint(name);
    found.set(name, {
      name,
      wire: known?.wire ?? "openai-compatible",
      baseUrl,
      key: key ? new Secret(key) : undefined,
    });
  }
  return found;
}

async function readStored(path: string): Promise<Stored | Refusal> {
  let text: string;
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    // Of the very file that is read, whatever its name is made to mean in between.
    const { mode } = fstatSync(file);
    if (process.platform !== "win32" && (mode & OTHERS) !== 0) return exposed(path, mode);
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    return unreadable(path, "it cannot be opened");
  } finally {
    if (file !== undefined) closeSync(file);
  }
  try {
    const { parse } = await import("yaml");
    const content: unknown = parse(text, { logLevel: "silent" }) ?? {};
    // A list is an object to the schema, too. Where it goes wrong is not said by path: a misplaced key may be part of one.
    const parsed = Array.isArray(content) ? undefined : v.safeParse(CredentialsFile, content);
    if (parsed?.success) return parsed.output.providers;
    return unreadable(path, "it is not a list of providers with the text of a key and an address each");
  } catch {
    // The parser quotes the line it stumbles over, and a key may stand in that.
    return unreadable(path, "it is not YAML");
  }
}

function exposed(path: string, mode: number): Refusal {
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  return refuse(
    "credentials_exposed",
    `Cannot use ${path}: others may read it (its mode is ${octal})`,
    `Run: chmod 600 ${path}. Then think of its keys as read, and renew them if others use this machine`,
  );
}

function unreadable(path: string, why: string): Refusal {
  return refuse(
    "bad_credentials",
    `Cannot read ${path}: ${why}`,
    "Write it as `providers: { openai: { api_key: …, base_url: … } }`, or move it away",
  );
}

function isEndpoint(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/** The address itself is not quoted: some carry a key. */
function badEndpoint(name: string): Refusal {
  return refuse(
    "bad_credentials",
    `Cannot use ${knownProvider(name) ? name : "a provider"}: its base_url is not an http or https URL`,
    "Correct it in credentials.yaml or under minds.providers in config.yaml",
  );
}

function keyName(provider: string): string {
  return `${provider.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_")}_API_KEY`;
}
