import { posix } from "node:path";
import type { Manifest } from "./manifests.ts";
import { bounded } from "./quoted.ts";

/** Where programs usually begin, in the project itself or in one of its packages. */
const USUAL = new RegExp(
  `^(?:(?:apps|packages|services|crates|libs)/[^/]+/)?(?:${[
    "(?:(?:src|app|lib|bin|server)/)?(?:main|index|app|server|cli|manage|__main__|wsgi|asgi)\\.[cm]?[a-z]{1,4}",
    "src/[^/]+/__main__\\.py",
    "src/bin/[^/]+\\.rs",
    "src/lib\\.rs",
    "cmd/[^/]+/main\\.go",
    "src/main/(?:java|kotlin|scala)/(?:[^/]+/){0,8}(?:Main|App|[A-Za-z]{0,60}Application)\\.(?:java|kt|scala)",
    "(?:src/)?(?:app|pages)/(?:page|layout|_app|index)\\.[jt]sx",
    "(?:src/)?Program\\.cs",
    "Sources/[^/]+/main\\.swift",
    "config\\.ru",
    "lib/main\\.dart",
    "public/index\\.php",
  ].join("|")})$`,
);
const NO_PROGRAM = /\.(?:html?|css|scss|json|md|txt|ya?ml|toml|lock|svg|png)$/;
const MOST = 20;

/** Where the project begins: what its manifests declare first, then files of the usual names. */
export function entryPoints(files: readonly string[], manifests: readonly Manifest[]): string[] {
  const declared = manifests.flatMap(({ shown, facts }) =>
    (facts.entries ?? []).map((entry) => posix.join(posix.dirname(shown.path), entry)),
  );
  const usual = files.filter((path) => USUAL.test(path) && !NO_PROGRAM.test(path));
  return [...new Set([...declared.slice(0, MOST), ...usual])].slice(0, MOST).map(bounded);
}
