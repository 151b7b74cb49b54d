import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import * as v from "valibot";
import { messageOf, OuroborosError } from "./base/errors.ts";
import { faultWords } from "./base/schema-fault.ts";
import { DEFAULT_RUN_SETTINGS, type RunSettings } from "./domain/run/run-settings.ts";
import { ORPHAN_ACTIONS } from "./domain/session/verdict.ts";
import type { MindSettings } from "./minds/choose-mind.ts";
import { HOST, RUNTIME_KINDS, type RuntimeSettings } from "./runtimes/runtime-settings.ts";
import type { OrphanPolicy } from "./sessions/session-context.ts";
import type { StoreTarget } from "./store/engine/store-target.ts";
import { CONSENT_POLICIES, type ConsentPolicy } from "./trust/consent-policy.ts";

/** Everything this process was told, read once: flag, then environment, then `config.yaml` of the Ouroboros home, then default. */
export interface Config {
  /** Ouroboros' own folder, `~/.ouroboros` unless OUROBOROS_HOME says otherwise. */
  readonly home: string;
  readonly target: StoreTarget;
  readonly orphans: OrphanPolicy;
  readonly runtimes: RuntimeSettings;
  readonly minds: MindSettings;
  readonly runs: RunSettings;
  /** Programs that a project's own `mechanical.toml` may name besides the well-known build tools. */
  readonly allowedPrograms: readonly string[];
  /** `consent.checks`: whether this user is asked before commands that others wrote are run. */
  readonly consent: ConsentPolicy;
  /** Keys of the file that nobody knows: reported, never guessed at. */
  readonly unknownKeys: readonly string[];
}

const Hours = v.pipe(v.number(), v.minValue(0.01), v.maxValue(24 * 365));
const Minutes = v.pipe(v.number(), v.minValue(0.01), v.maxValue(7 * 24 * 60));
const Count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64));
/** Null is no bound. */
const Bound = v.pipe(v.number(), v.gtValue(0));
const Word = v.pipe(v.string(), v.trim(), v.minLength(1));
export const ConfigFile = v.looseObject({
  persistence: v.optional(v.looseObject({ database_path: v.optional(v.string()) })),
  orphans: v.optional(
    v.looseObject({ threshold_hours: v.optional(Hours), action: v.optional(v.picklist(ORPHAN_ACTIONS)) }),
  ),
  orchestrator: v.optional(
    v.looseObject({
      runtime_backend: v.optional(v.string()),
      max_parallel_workers: v.optional(Count),
      plan_with_mind: v.optional(v.boolean()),
    }),
  ),
  execution: v.optional(
    v.looseObject({
      step_timeout_minutes: v.optional(Minutes),
      idle_timeout_minutes: v.optional(Minutes),
      ac_retry_attempts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(20))),
      verify_command_timeout_seconds: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(24 * 3600))),
      question_minutes: v.optional(Minutes),
      max_hours: v.optional(v.nullable(Bound)),
      max_tokens: v.optional(v.nullable(Bound)),
      max_cost_usd: v.optional(v.nullable(Bound)),
    }),
  ),
  consent: v.optional(v.looseObject({ checks: v.optional(v.picklist(CONSENT_POLICIES)) })),
  evaluation: v.optional(v.looseObject({ allowed_programs: v.optional(v.array(Word)) })),
  llm: v.optional(v.looseObject({ backend: v.optional(v.string()) })),
  minds: v.optional(
    v.looseObject({
      fast: v.optional(Word),
      standard: v.optional(Word),
      deep: v.optional(Word),
      providers: v.optional(v.record(v.string(), v.object({ base_url: Word }))),
    }),
  ),
  runtimes: v.optional(
    v.record(
      v.pipe(v.string(), v.notValue(HOST, `"${HOST}" is the host's own agents: give yours another name`)),
      v.object({
        command: v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1)),
        kind: v.optional(v.picklist(RUNTIME_KINDS)),
        output: v.optional(v.picklist(["text", "jsonl"])),
        env: v.optional(v.array(v.string())),
      }),
    ),
  ),
});
type ConfigFile = v.InferOutput<typeof ConfigFile>;

/** Sections that upstream's file has and of which this program reads little or nothing. */
const UPSTREAM_SECTIONS = new Set([
  "clarification",
  "consensus",
  "drift",
  "economics",
  "evaluation",
  "execution",
  "llm",
  "llm_profiles",
  "llm_role_profiles",
  "logging",
  "orchestrator",
  "resilience",
  "runtime_controls",
  "seed",
  "telemetry",
]);
const KNOWN: Record<string, readonly string[]> = {
  persistence: ["database_path", "enabled"],
  orphans: ["threshold_hours", "action"],
  consent: ["checks"],
  minds: ["fast", "standard", "deep", "providers"],
};

/** Resolves the configuration. Nothing of the directory the program was started in is ever read. Throws an OuroborosError. */
export async function readConfig(
  flags: { readonly db?: string | undefined },
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Config> {
  const home = env.OUROBOROS_HOME ? resolve(env.OUROBOROS_HOME) : join(homedir(), ".ouroboros");
  const file = await readConfigFile(join(home, "config.yaml"));
  const threshold = numberFrom(env.OUROBOROS_ORPHAN_THRESHOLD_HOURS) ?? file.orphans?.threshold_hours ?? 1;
  return {
    home,
    target: storeTarget(flags.db ?? env.OUROBOROS_DATABASE_URL, env.OUROBOROS_DATABASE_TOKEN, home, file),
    orphans: { thresholdMicros: threshold * 3600e6, action: file.orphans?.action ?? "default" },
    runtimes: {
      chosen: env.OUROBOROS_AGENT_RUNTIME || file.orchestrator?.runtime_backend,
      commands: Object.fromEntries(Object.entries(file.runtimes ?? {}).map(([name, { command }]) => [name, command])),
      details: file.runtimes ?? {},
      limits: {
        totalMs: milliseconds(file.execution?.step_timeout_minutes),
        idleMs: milliseconds(file.execution?.idle_timeout_minutes),
      },
    },
    minds: mindSettings(file, env),
    runs: runSettings(file),
    allowedPrograms: file.evaluation?.allowed_programs ?? [],
    consent: consentFrom(env.OUROBOROS_CONSENT_CHECKS) ?? file.consent?.checks ?? "ask",
    unknownKeys: unknownKeys(file),
  };
}

function runSettings({ orchestrator, execution = {} }: ConfigFile): RunSettings {
  const { parallel, retries, verifyMs, questionMs, planWithMind, ceiling } = DEFAULT_RUN_SETTINGS;
  const { max_hours = ceiling.hours, max_tokens = ceiling.tokens, max_cost_usd = ceiling.cost_usd } = execution;
  const seconds = execution.verify_command_timeout_seconds;
  return {
    parallel: orchestrator?.max_parallel_workers ?? parallel,
    retries: execution.ac_retry_attempts ?? retries,
    verifyMs: seconds === undefined ? verifyMs : seconds * 1000,
    questionMs: milliseconds(execution.question_minutes) ?? questionMs,
    planWithMind: orchestrator?.plan_with_mind ?? planWithMind,
    ceiling: { hours: max_hours, tokens: max_tokens, cost_usd: max_cost_usd },
  };
}

function milliseconds(minutes: number | undefined): number | undefined {
  return minutes === undefined ? undefined : Math.round(minutes * 60_000);
}

function mindSettings(
  { minds = {}, llm }: ConfigFile,
  env: Readonly<Record<string, string | undefined>>,
): MindSettings {
  const { fast, standard, deep, providers = {} } = minds;
  return {
    roles: { ...(fast && { fast }), ...(standard && { standard }), ...(deep && { deep }) },
    backend: env.OUROBOROS_LLM_BACKEND || undefined,
    standIn: llm?.backend || undefined,
    providers,
  };
}

function storeTarget(
  named: string | undefined,
  token: string | undefined,
  home: string,
  file: ConfigFile,
): StoreTarget {
  if (named !== undefined && named !== "") return parseTarget(named, token);
  const standard = join(home, "ouroboros.db");
  const configured = file.persistence?.database_path;
  if (configured === undefined) return { kind: "file", path: standard, createFolder: true };
  const expanded = configured.replace(/^~(?=\/|$)/, homedir());
  const path = isAbsolute(expanded) ? expanded : join(home, expanded);
  // Upstream v0.27 writes this key into every file and never reads it: its history is where it always was.
  return { kind: "file", path: !existsSync(path) && existsSync(standard) ? standard : path, createFolder: true };
}

/** A path, a `file:` URL, or the URL of a libSQL server. */
function parseTarget(named: string, token: string | undefined): StoreTarget {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(named)?.[1]?.toLowerCase();
  if (scheme === "libsql" || scheme === "https" || scheme === "http") {
    if (!URL.canParse(named)) throw badTarget(named, "it is not a complete URL");
    return { kind: "remote", url: named, token };
  }
  if (scheme === "file") {
    const path = decodeURIComponent(named.replace(/^file:(\/\/(localhost)?(?=\/))?/i, ""));
    return { kind: "file", path: resolve(path), createFolder: false };
  }
  // One letter and a colon is a Windows drive.
  if (scheme !== undefined && scheme.length > 1) throw badTarget(named, `"${scheme}:" is not a kind of store`);
  return { kind: "file", path: resolve(named), createFolder: false };
}

function badTarget(named: string, why: string): OuroborosError {
  const next = "Give a path, or a URL that begins with file:, libsql:, https: or http:";
  return new OuroborosError(
    "bad_store_name",
    `Cannot use the store ${JSON.stringify(named.replace(/\/\/[^@/]*@/, "//"))}: ${why}`,
    next,
  );
}

async function readConfigFile(path: string): Promise<ConfigFile> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw badFile(path, error);
  }
  try {
    // Only people who have a file pay for the parser.
    const { parse } = await import("yaml");
    return v.parse(ConfigFile, parse(text) ?? {});
  } catch (error) {
    throw badFile(path, error);
  }
}

function badFile(path: string, error: unknown): OuroborosError {
  const why =
    error instanceof v.ValiError ? error.issues.map((issue) => faultWords(issue)).join("; ") : messageOf(error);
  return new OuroborosError(
    "bad_config",
    `Cannot read ${path}: ${why}`,
    "Correct the file, or move it away to use the defaults",
    error,
  );
}

function unknownKeys({ runtimes: _, ...file }: ConfigFile): string[] {
  return Object.entries(file).flatMap(([section, value]) => {
    const known = KNOWN[section];
    if (!known && !UPSTREAM_SECTIONS.has(section)) return [section];
    if (typeof value !== "object" || value === null) return [];
    const ours = keysOf(section);
    // What upstream reads of its own sections changes with its versions: there only what was likely meant for us is reported.
    const isStray = (key: string) => (known ? !known.includes(key) : ours.some((one) => isSlip(key, one)));
    return Object.keys(value)
      .filter((key) => !ours.includes(key) && isStray(key))
      .map((key) => `${section}.${key}`);
  });
}

function keysOf(section: string): string[] {
  const schema: unknown = Object.entries(ConfigFile.entries).find(([name]) => name === section)?.[1].wrapped;
  return typeof schema === "object" && schema !== null && "entries" in schema ? Object.keys(schema.entries ?? {}) : [];
}

/** Is it the other one, cut short, lengthened, or with letters wrong at one place? */
function isSlip(key: string, meant: string): boolean {
  if (meant.startsWith(key) || key.startsWith(meant)) return true;
  const longest = Math.max(key.length, meant.length);
  let [front, back] = [0, 0];
  while (key[front] === meant[front]) front++;
  while (key.at(-1 - back) === meant.at(-1 - back)) back++;
  return front + back >= longest - 2;
}

function consentFrom(text: string | undefined): ConsentPolicy | undefined {
  if (text === undefined || text === "") return undefined;
  const policy = CONSENT_POLICIES.find((one) => one === text);
  if (policy) return policy;
  throw new OuroborosError(
    "bad_environment",
    `Cannot use OUROBOROS_CONSENT_CHECKS=${JSON.stringify(text)}: it must be one of ${CONSENT_POLICIES.join(", ")}`,
    "Correct or unset it",
  );
}

function numberFrom(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new OuroborosError(
    "bad_environment",
    `Cannot use OUROBOROS_ORPHAN_THRESHOLD_HOURS=${JSON.stringify(text)}: it must be a positive number of hours`,
    "Correct or unset it",
  );
}
