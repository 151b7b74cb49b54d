/** Folders full of what others wrote or a tool made: nobody looks for a project's own files in them. */
const HEAVY = new Set(
  `node_modules bower_components jspm_packages vendor Pods Carthage DerivedData venv env __pycache__ site-packages
  target build dist out obj coverage htmlcov _build deps elm-stuff Library Applications AppData go.pkg`.split(/\s+/),
);
/** Folders with a dot that tell something of a project. */
const TELLING = new Set([".github", ".gitlab", ".circleci"]);

/** Is a folder of this name passed over where nothing else says what is ignored? */
export function isHeavyFolder(name: string): boolean {
  return HEAVY.has(name) || (name.startsWith(".") && !TELLING.has(name));
}
