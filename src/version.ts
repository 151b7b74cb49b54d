declare const OUROBOROS_VERSION: string | undefined;

/** The version stamped in by build.ts; `dev` when the source runs unbuilt. */
export const VERSION: string = typeof OUROBOROS_VERSION === "string" ? OUROBOROS_VERSION : "0.0.0-dev";
