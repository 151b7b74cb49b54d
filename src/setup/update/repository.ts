import packageJson from "../../../package.json" with { type: "json" };

/** Where this project is at home: its releases lie below. */
export const REPOSITORY: string = packageJson.repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
