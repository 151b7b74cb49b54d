/** Whether this user is asked before commands that others wrote are run; only their own configuration says. */
export const CONSENT_POLICIES = ["ask", "always"] as const;
export type ConsentPolicy = (typeof CONSENT_POLICIES)[number];
