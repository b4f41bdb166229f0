// What the demo lets an agent do, in words for its consent page.

export const demoScopes: Readonly<Record<string, string>> = {
  'notes:read': 'read the demo’s notes',
  'notes:write': 'add notes to the demo',
};

/** Asked for by every request; the other scope only by the tool that writes, so that a step-up can be tried. */
export const readScope = 'notes:read';
export const toolScopes: Readonly<Record<string, string>> = { add_note: 'notes:write' };
