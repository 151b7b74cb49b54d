/** Upstream's limit for the rounds of an interview that nobody is asked in. */
export const MOST_ROUNDS = 50;
export const MOST_GENERATIONS = 30;
