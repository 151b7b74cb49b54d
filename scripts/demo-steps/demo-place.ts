import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** The demo's places: all inside the checkout, in a folder that git ignores. */
export const DEMO = {
  root: ROOT,
  program: join(ROOT, "dist/ouroboros"),
  /** What the program takes for the user's home. */
  home: join(ROOT, ".work/demo/home"),
  data: join(ROOT, ".work/demo/home/.ouroboros"),
  store: join(ROOT, ".work/demo/home/.ouroboros/ouroboros.db"),
} as const;

/** The whole environment of every program the demo starts. */
export const DEMO_ENV = { HOME: DEMO.home, PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin" };
