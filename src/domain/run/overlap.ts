/**
 * Pairs of steps that touch the same file, or of which one touches a folder and the other something in it. Letters count as
 * one in either case: on two of three systems `Readme.md` and `README.md` are one file.
 */
export function overlapsOf(filesByStep: readonly (readonly string[])[]): (readonly [number, number])[] {
  const touching = new Map<string, Set<number>>();
  const inside = new Map<string, Set<number>>();
  for (const [index, files] of filesByStep.entries()) {
    for (const file of files) {
      const parts = partsOf(file);
      if (parts.length === 0) continue;
      note(touching, parts.join("/"), index);
      for (let depth = 1; depth < parts.length; depth++) note(inside, parts.slice(0, depth).join("/"), index);
    }
  }
  const pairs = new Map<string, readonly [number, number]>();
  for (const [path, steps] of touching) {
    for (const one of steps) {
      for (const other of [...steps, ...(inside.get(path) ?? [])]) {
        if (one === other) continue;
        const pair = [Math.min(one, other), Math.max(one, other)] as const;
        pairs.set(pair.join("|"), pair);
      }
    }
  }
  return [...pairs.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

function partsOf(file: string): string[] {
  const path = file.normalize("NFC").toLowerCase().replaceAll("\\", "/");
  return path.split("/").flatMap((part) => (part === "" || part === "." ? [] : part));
}

function note(index: Map<string, Set<number>>, path: string, step: number): void {
  const steps = index.get(path) ?? new Set();
  index.set(path, steps.add(step));
}
