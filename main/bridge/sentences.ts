// Phrases from several hands joined to sentences: an error's message ends as it came, its advice stands by itself.

/** Joins what is there with a space, each part ending in a full stop or in the mark that it came with. */
export function sentences(...parts: readonly (string | undefined)[]): string {
  return parts
    .map((part) => part?.trim() ?? '')
    .filter((part) => part !== '')
    .map((part) => (/[.!?…]$/u.test(part) ? part : `${part}.`))
    .join(' ');
}
