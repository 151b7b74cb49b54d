import { homedir } from "node:os";
import type { Config } from "../../../config.ts";
import { ownLaunch } from "../../../setup/launch.ts";
import type { SetupContext } from "../../../setup/plan-setup.ts";
import type { SharedFlags } from "../../command.ts";

/** This machine and this program, as setting hosts up needs to know them; a store that was named goes into the entries. */
export function setupContext({ home, target }: Config, { db }: SharedFlags): SetupContext {
  const { env, platform } = process;
  const store = target.kind === "file" ? target.path : target.url;
  return {
    home,
    launch: ownLaunch(env, db === undefined ? undefined : store),
    surroundings: { platform, home: homedir(), env },
  };
}
