import { OuroborosError } from "../../base/errors.ts";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { readConfig } from "../../config.ts";
import { hostsNamed } from "../../setup/detect-hosts.ts";
import { HOSTS, type Host } from "../../setup/hosts.ts";
import type { SetupContext } from "../../setup/plan-setup.ts";
import { planRemoval, type RemovalPlan, removalTargets, takeAway } from "../../setup/take-away.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT, exitCodeOf } from "../exit-code.ts";
import { lines } from "../render.ts";
import type { Style } from "../style.ts";
import { agreedTo } from "./setup/agree.ts";
import { changeLines } from "./setup/change-lines.ts";
import { setupContext } from "./setup/setup-context.ts";

export type UninstallFlags = SharedFlags & { readonly yes: boolean; readonly dryRun: boolean };

/** What is said of one file: planned, done or refused. */
interface Told {
  readonly host: Host;
  readonly path: string;
  readonly status: RemovalPlan["status"] | "declined" | "refused" | "failed";
  readonly plan?: RemovalPlan;
  readonly backup?: string | undefined;
  readonly trouble?: Refusal | OuroborosError;
}

/** `ouroboros uninstall [HOST…]`: takes away what setup has written, byte for byte where nobody has changed the file since. */
export async function uninstall(
  cli: Cli,
  flags: UninstallFlags,
  ...named: string[]
): Promise<Answer | Refusal | number> {
  const config = await readConfig({ db: flags.db });
  const context = setupContext(config, flags);
  const chosen = hostsNamed(named);
  if (isRefusal(chosen)) return chosen;
  const targets = await removalTargets(chosen.length > 0 ? chosen : HOSTS, context);
  const all = await Promise.all(
    targets.map(async ({ host, path }): Promise<Told> => {
      const plan = await planRemoval(host, path, context);
      if (isRefusal(plan)) return { host, path, status: "refused", trouble: plan };
      return { host, path, status: plan.status, plan };
    }),
  );
  const told = all.filter(({ status, plan, host }) => status !== "absent" || plan?.receipt || chosen.includes(host));
  const answer = (results: readonly Told[], isDone: boolean): Answer => ({
    json: { hosts: results.map(toJson), kept: config.home },
    text: lines([
      ...results.flatMap((one) => textOf(cli.style, one, isDone)),
      ...(results.length === 0 ? ["No host here starts this server."] : []),
      `Kept: the store, seeds and settings in ${config.home}.`,
    ]),
    exitCode: Math.max(EXIT.ok, ...results.map(({ trouble }) => (trouble ? exitCodeOf(trouble) : EXIT.ok))),
  });
  const [only] = told;
  if (told.length === 1 && isRefusal(only?.trouble)) return only.trouble;
  if (flags.dryRun) return answer(told, false);

  const proposals = told.flatMap(({ plan, path }) =>
    plan?.write
      ? [{ plan, path, question: `Take it out of ${path}?`, lines: planLines(cli.style, { ...plan, path }) }]
      : [],
  );
  const agreed = await agreedTo(cli, flags, { command: "ouroboros uninstall", proposals });
  if (agreed === undefined) return EXIT.interrupted;
  if (isRefusal(agreed)) return agreed;
  const results: Told[] = [];
  for (const one of told) {
    const { host, path, plan } = one;
    if (plan?.write && !agreed.some((proposal) => proposal.plan.path === path && proposal.plan.host === host)) {
      results.push({ ...one, status: "declined" });
      continue;
    }
    results.push(plan ? await taken(one, context) : one);
  }
  return answer(results, true);
}

/** A file that cannot be written is no reason to say nothing of those that were. */
async function taken({ host, path }: Told, context: SetupContext): Promise<Told> {
  try {
    const done = await takeAway(host, path, context);
    if (isRefusal(done)) return { host, path, status: "refused", trouble: done };
    return { host, path, status: done.plan.status, ...done };
  } catch (error) {
    if (error instanceof OuroborosError) return { host, path, status: "failed", trouble: error };
    throw error;
  }
}

function toJson({ host, path, status, plan, backup, trouble }: Told) {
  return {
    host: host.id,
    title: host.title,
    path,
    status,
    change: plan?.shown ?? [],
    backup: backup ?? null,
    ...(trouble ? { error: { code: trouble.code, message: trouble.message, next: trouble.next } } : {}),
  };
}

const WORDS = {
  restore: "byte for byte as it was before setup",
  delete: "setup made this file: removed",
  remove: "changed since setup: only our entry goes",
  put_back: "changed since setup: the entry that ours had replaced comes back",
  absent: "nothing of ours is there",
  declined: "left as it is",
} as const;

function textOf(style: Style, { host, path, status, plan, backup, trouble }: Told, isDone: boolean): string[] {
  const head = `${host.title}: ${path}`;
  if (trouble || status === "refused" || status === "failed") return [head, `  ${trouble?.message}. ${trouble?.next}`];
  if (!isDone && plan) return planLines(style, plan);
  const copy = backup === undefined ? [] : [`  the file as it was: ${backup}`];
  return [head, `  ${WORDS[status]}`, ...copy];
}

function planLines(style: Style, { host, path, status, shown }: RemovalPlan): string[] {
  return [`${host.title}: ${path}`, `  ${WORDS[status]}`, ...changeLines(style, shown)];
}
