// The parts of the CLI's JSON answers that the demo looks at.
import * as z from 'zod';

export const statusAnswer = z.object({
  vault: z.object({ kind: z.string() }),
  bridge: z.object({ url: z.string() }),
  pid: z.number(),
});

export const viewAnswer = z.object({
  server: z.string(),
  resource: z.string().nullable(),
  grantedScopes: z.array(z.string()),
  state: z.object({ kind: z.string(), accessTokenExpiresAt: z.number().nullish(), because: z.string().nullish() }),
});

export const tokenAnswer = z.object({ access_token: z.string(), expires_at: z.number().nullable() });

export const agentAnswer = z.object({ key: z.string() });

export const approvalAnswer = z.object({ decision: z.literal('allow') });

/** What an agent asks for. */
export const approvalsAnswer = z.object({
  prompts: z.array(
    z.object({ id: z.string(), kind: z.string(), agent: z.object({ name: z.string() }), tool: z.string().nullable() }),
  ),
});

export const auditAnswer = z.object({ verdict: z.string(), rows: z.number() });

export const receiptAnswer = z.object({
  confirmed: z.boolean(),
  forgottenHere: z.boolean(),
  tokens: z.array(
    z.object({ token: z.string(), outcome: z.object({ kind: z.string(), status: z.number().optional() }) }),
  ),
});

export const whoamiAnswer = z.object({
  sub: z.string().nullable(),
  scopes: z.array(z.string()),
  token: z.string().nullable(),
});
export type Whoami = z.output<typeof whoamiAnswer>;
