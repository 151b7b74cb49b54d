import { OuroborosError } from "../../base/errors.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { readConfig } from "../../config.ts";
import { setUpHost } from "../../setup/carry-out-setup.ts";
import { configPath, detectHosts, hostsNamed } from "../../setup/detect-hosts.ts";
import { changeEntry } from "../../setup/formats/change-entry.ts";
import { isFault } from "../../setup/formats/format.ts";
import { ENTRY_NAME, HOSTS, type Host } from "../../setup/hosts.ts";
import { planSetup, type SetupContext } from "../../setup/plan-setup.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT, exitCodeOf } from "../exit-code.ts";
import { lines } from "../render.ts";
import { agreedTo } from "./setup/agree.ts";
import { lookAtPython, pythonLines } from "./setup/from-python.ts";
import { setupContext } from "./setup/setup-context.ts";
import { planLines, resultLines, type Told, toldJson } from "./setup/setup-text.ts";

export type SetupFlags = SharedFlags & {
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly print: boolean;
  readonly fromPython: boolean;
};

/** `ouroboros setup [HOST…]`: tells the hosts here about this server, each only after somebody has agreed to the change that is shown. */
export async function setup(cli: Cli, flags: SetupFlags, ...named: string[]): Promise<Answer | Refusal | number> {
  const config = await readConfig({ db: flags.db });
  const context = setupContext(config, flags);
  const chosen = hostsNamed(named);
  if (isRefusal(chosen)) return chosen;
  const detected = detectHosts(context.surroundings);
  if (flags.print) return printed(chosen.length > 0 ? chosen : detected.length > 0 ? detected : HOSTS, context);
  const python = flags.fromPython ? await lookAtPython(config, context) : undefined;
  const hosts = chosen.length > 0 ? chosen : detected;
  if (hosts.length === 0) {
    const known = HOSTS.map(({ id }) => id).join(", ");
    return refuse("no_host", "No host was found here", `Name one of ${known}; or \`ouroboros setup --print\``, {
      known,
    });
  }
  const all = await Promise.all(hosts.map((host) => planned(host, context)));
  // Whoever comes from Python is asked about what Python's setup has written, and about nothing else unless they name it.
  const told = python && chosen.length === 0 ? all.filter(isPythons) : all;

  const intro = python ? pythonLines(python) : [];
  const answer = (results: readonly Told[], text: readonly string[]): Answer => ({
    json: { launch: context.launch, ...(python ? { from_python: python } : {}), hosts: results.map(toldJson) },
    text: lines([...text, ...noneLines(results, python), ...storeLines(flags)]),
    exitCode: Math.max(EXIT.ok, ...results.map(({ trouble }) => (trouble ? exitCodeOf(trouble) : EXIT.ok))),
  });
  const [only] = told;
  if (told.length === 1 && isRefusal(only?.trouble) && !python) return only.trouble;
  const isAsked = !flags.yes && !flags.dryRun && told.some(({ plan }) => plan?.write);
  if (flags.dryRun) {
    const planned = told.flatMap((one) => (one.plan ? planLines(cli.style, one.plan) : resultLines(one)));
    return answer(told, [...intro, ...planned]);
  }

  const proposals = told.flatMap(({ plan, path }) =>
    plan?.write ? [{ plan, path, question: `Write this to ${path}?`, lines: planLines(cli.style, plan) }] : [],
  );
  const agreed = await agreedTo(cli, flags, { command: "ouroboros setup", intro, proposals });
  if (agreed === undefined) return EXIT.interrupted;
  if (isRefusal(agreed)) return agreed;
  const results: Told[] = [];
  for (const one of told) {
    if (!one.plan?.write) results.push(one);
    else if (agreed.some(({ plan }) => plan === one.plan)) results.push(await done(one, context));
    else results.push({ ...one, status: "declined" });
  }
  return answer(results, [...(isAsked ? [] : intro), ...results.flatMap(resultLines)]);
}

async function planned(host: Host, context: SetupContext): Promise<Told> {
  const path = configPath(host, context.surroundings);
  const plan = await planSetup(host, context);
  return isRefusal(plan) ? { host, path, status: "refused", trouble: plan } : { host, path, status: plan.status, plan };
}

/** A file that cannot be written is no reason to say nothing of those that were. */
async function done({ host, path }: Told, context: SetupContext): Promise<Told> {
  try {
    const result = await setUpHost(host, context);
    if (isRefusal(result)) return { host, path, status: "refused", trouble: result };
    return { host, path, status: result.plan.status, ...result };
  } catch (error) {
    if (error instanceof OuroborosError) return { host, path, status: "failed", trouble: error };
    throw error;
  }
}

function isPythons({ plan, trouble }: Told): boolean {
  return trouble !== undefined || plan?.found === "python" || (plan?.alsoPython.length ?? 0) > 0;
}

/** The entries to paste, each in its host's own form. */
function printed(hosts: readonly Host[], { surroundings, launch }: SetupContext): Answer {
  const entries = hosts.map((host) => {
    const change = changeEntry(host.format, "", [...host.servers, ENTRY_NAME], host.entry(launch));
    return { host: host.id, path: configPath(host, surroundings), text: isFault(change) ? "" : change.after };
  });
  const text = entries.flatMap(({ host, path, text }) => [`# ${host}: ${path}`, text]);
  return { json: { launch, hosts: entries }, text: lines(text) };
}

function noneLines(results: readonly Told[], python: object | undefined): string[] {
  return results.length === 0 && python
    ? ["No host here starts the Python program. To add this one: ouroboros setup"]
    : [];
}

/** Hosts start servers with few variables: what only this shell knows, the server will not. */
function storeLines({ db }: SetupFlags): string[] {
  if (db !== undefined || !process.env.OUROBOROS_DATABASE_URL) return [];
  return [
    "Hosts may not hand OUROBOROS_DATABASE_URL on to the server: name the store with --db, or set it in the entry.",
  ];
}
