import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the table needs besides the clients that the tests have, at exactly these versions. */
const VERSIONS = { opencode: "1.18.33", inspector: "2.12.0", conformance: "0.1.16", preview: "0.2.0-alpha.12" };
/** For what does not run on Node 20. */
const NODE = { major: 22, version: "22.23.3" };

const PLATFORM = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
const EXE = process.platform === "win32" ? ".exe" : "";

export interface Tools {
  readonly versions: typeof VERSIONS;
  /** A Node that all of them run on. */
  readonly node: string;
  readonly opencode: string;
  readonly inspector: string;
  readonly conformance: string;
  /** The suite that knows the newest revision. */
  readonly preview: string;
}

/** Installs them into a folder, once; none of their install scripts is run, so the programs are named themselves. */
export function installTools(folder: string, say: (line: string) => void): Tools {
  const modules = join(folder, "node_modules");
  const nodePackage = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const hasNode = nodeMajor() >= NODE.major;
  const tools: Tools = {
    versions: VERSIONS,
    node: hasNode ? "node" : join(modules, nodePackage, `bin/node${EXE}`),
    opencode: join(modules, `opencode-${PLATFORM}/bin/opencode${EXE}`),
    inspector: join(modules, "inspector-2/clients/launcher/build/index.js"),
    conformance: join(modules, "conformance/dist/index.js"),
    preview: join(modules, "conformance-preview/dist/index.js"),
  };
  const wanted = [
    `opencode-ai@${VERSIONS.opencode}`,
    `inspector-2@npm:@modelcontextprotocol/inspector@${VERSIONS.inspector}`,
    `conformance@npm:@modelcontextprotocol/conformance@${VERSIONS.conformance}`,
    `conformance-preview@npm:@modelcontextprotocol/conformance@${VERSIONS.preview}`,
    ...(hasNode ? [] : [`${nodePackage}@${NODE.version}`]),
  ];
  const stamp = join(folder, "installed.json");
  const isThere = existsSync(stamp) && readFileSync(stamp, "utf8") === JSON.stringify(wanted);
  if (isThere) return tools;
  say(`Installing ${wanted.join(", ")}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private": true}\n');
  const options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stderr } = spawnSync("npm", ["install", ...options, ...wanted], {
    cwd: folder,
    encoding: "utf8",
    timeout: 180_000,
  });
  if (status !== 0) throw new Error(`Cannot install the clients: npm ended with ${status}; ${stderr.slice(-1000)}`);
  writeFileSync(stamp, JSON.stringify(wanted));
  return tools;
}

function nodeMajor(): number {
  const { stdout } = spawnSync("node", ["-p", "process.versions.node"], { encoding: "utf8" });
  return Number(stdout.split(".")[0]);
}
