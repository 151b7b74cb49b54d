import { OuroborosError } from "../base/errors.ts";
import type { AgentMessage, Runtime } from "./runtime.ts";

/** How people name variables that hold a secret. */
const SECRET = /(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD)(_|$)/i;
/** Shorter values are words more often than secrets. */
const SHORTEST = 12;

/**
 * The same runtime, with the secrets of this process' environment taken out of all that its agent says: an agent has its
 * key from there, and what it says is kept for ever.
 */
export function withoutSecrets(runtime: Runtime): Runtime {
  return {
    name: runtime.name,
    kind: runtime.kind,
    probe: async (signal) => cleaner()(await runtime.probe(signal)),
    start: async (task, trustMs) => {
      const clean = cleaner();
      const run = await runtime.start(task, trustMs).catch((error: unknown) => {
        if (!(error instanceof OuroborosError)) throw error;
        throw new OuroborosError(error.code, clean(error.message), clean(error.next));
      });
      return { ...run, begin: () => cleaned(run.begin(), clean), outcome: run.outcome.then(clean) };
    },
  };
}

async function* cleaned(messages: AsyncIterable<AgentMessage>, clean: Clean): AsyncGenerator<AgentMessage> {
  for await (const message of messages) yield clean(message);
}

type Clean = <T>(value: T) => T;

function cleaner(): Clean {
  const secrets = Object.entries(process.env).filter(
    (entry): entry is [string, string] => SECRET.test(entry[0]) && (entry[1]?.length ?? 0) >= SHORTEST,
  );
  // Its own copy of each text and list has the shape of what was given.
  return <T>(value: T): T => (secrets.length === 0 ? value : (cleanedValue(value, secrets) as T));
}

function cleanedValue(value: unknown, secrets: readonly (readonly [name: string, secret: string])[]): unknown {
  if (typeof value === "string")
    return secrets.reduce((text, [name, secret]) => text.replaceAll(secret, `[${name}]`), value);
  if (Array.isArray(value)) return value.map((one) => cleanedValue(one, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cleanedValue(one, secrets)]));
}
