import { isRefusal } from "../../../base/refusal.ts";
import type { Config } from "../../../config.ts";
import { detectHosts } from "../../../setup/detect-hosts.ts";
import type { Host } from "../../../setup/hosts.ts";
import { planSetup, type SetupContext } from "../../../setup/plan-setup.ts";
import type { SharedFlags } from "../../command.ts";
import { setupContext } from "../setup/setup-context.ts";
import type { Problem } from "./problem.ts";

/** What a host that is in use here starts under our name, by its own configuration. */
export interface HostFindings {
  readonly host: string;
  readonly title: string;
  /** This program, another copy of it, the Python program, something else, nothing, or nobody can tell. */
  readonly entry: "this" | "ours" | "python" | "foreign" | "none" | "unreadable";
}

/** Reads what the hosts here have been told; starts none of them, and writes nothing. */
export function examineHosts(config: Config, flags: SharedFlags, problems: Problem[]): Promise<HostFindings[]> {
  const context = setupContext(config, flags);
  return Promise.all(detectHosts(context.surroundings).map((host) => examineHost(host, context, problems)));
}

async function examineHost(host: Host, context: SetupContext, problems: Problem[]): Promise<HostFindings> {
  const { id, title } = host;
  const plan = await planSetup(host, context);
  if (isRefusal(plan)) {
    const isForeign = plan.code === "entry_taken";
    problems.push({ code: plan.code, message: plan.message, next: plan.next });
    return { host: id, title, entry: isForeign ? "foreign" : "unreadable" };
  }
  if (plan.found === "python" || plan.alsoPython.length > 0) {
    problems.push({
      code: "python_entry",
      message: `${title} starts the Python program (${plan.path})`,
      next: `\`ouroboros setup ${id} --from-python\` puts this one in its place, and keeps a copy`,
    });
  }
  if (plan.gone !== undefined) {
    problems.push({
      code: "entry_gone",
      message: `${title} starts ${plan.gone}, which is not there`,
      next: `\`ouroboros setup ${id}\` puts this program in its place`,
    });
  }
  return { host: id, title, entry: plan.found ?? "none" };
}
