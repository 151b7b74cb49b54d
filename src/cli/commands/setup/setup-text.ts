import type { OuroborosError } from "../../../base/errors.ts";
import type { Refusal } from "../../../base/refusal.ts";
import type { Host } from "../../../setup/hosts.ts";
import type { SetupPlan } from "../../../setup/plan-setup.ts";
import { oneLine } from "../../render.ts";
import type { Style } from "../../style.ts";
import { changeLines } from "./change-lines.ts";

/** What is said of one host: planned, written, declined, or in trouble. */
export interface Told {
  readonly host: Host;
  readonly path: string;
  readonly status: SetupPlan["status"] | "declined" | "refused" | "failed";
  readonly plan?: SetupPlan;
  readonly backup?: string | undefined;
  readonly trouble?: Refusal | OuroborosError;
}

const INTENT = {
  add: "the entry would be added",
  replace: "the entry would replace the Python program's",
  update: "the entry would be updated",
  same: "this server is there already",
} as const;
const OUTCOME = {
  ...INTENT,
  add: "added",
  replace: "replaced the Python program's entry",
  update: "updated",
  declined: "left as it is",
} as const;

/** A plan with its exact change. */
export function planLines(style: Style, { host, path, status, shown, alsoPython }: SetupPlan): string[] {
  const also = alsoPython.map((name) => `  the Python program is registered as ${oneLine(name)} too: remove that one`);
  return [`${host.title}: ${path}`, `  ${INTENT[status]}`, ...changeLines(style, shown), ...also];
}

/** What became of a host. */
export function resultLines({ host, path, status, plan, backup, trouble }: Told): string[] {
  const head = `${host.title}: ${path}`;
  if (trouble || status === "refused" || status === "failed") return [head, `  ${trouble?.message}. ${trouble?.next}`];
  const copy = backup === undefined ? [] : [`  the file as it was: ${backup}`];
  const isWritten = status !== "same" && status !== "declined";
  const also = (plan?.alsoPython ?? []).map(
    (name) => `  the Python program is registered as ${oneLine(name)} too: remove that one`,
  );
  return [head, `  ${OUTCOME[status]}`, ...copy, ...(isWritten ? [`  ${host.reload}`] : []), ...also];
}

/** The same for programs. */
export function toldJson({ host, path, status, plan, backup, trouble }: Told) {
  return {
    host: host.id,
    title: host.title,
    path,
    status,
    found: plan?.found ?? null,
    also_python: plan?.alsoPython ?? [],
    change: plan?.shown ?? [],
    backup: backup ?? null,
    next: host.reload,
    ...(trouble ? { error: { code: trouble.code, message: trouble.message, next: trouble.next } } : {}),
  };
}
