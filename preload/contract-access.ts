// Who may use what, as schemas: agents with their evidence, prompts and approvals, rules for tools, accounts, the lock, the audit.
import { z } from 'zod';
import {
  accountName,
  address,
  agentSchema,
  millis,
  revocationReceiptSchema,
  scopes,
  serverNameSchema,
  text,
} from './contract-values.ts';

export { accountName } from './contract-values.ts';

const id = z.string().min(1).max(128);

// rules ---------------------------------------------------------------------------------------------------------------

/** A tool's name with `*` for any run of characters and `?` for one. */
export const toolGlob = z.string().min(1).max(256);
export const toolRulesSchema = z.object({
  tools: z.enum(['everything', 'read-only']),
  /** Empty: every tool that `tools` lets through. */
  allow: z.array(toolGlob).max(200).readonly(),
  /** Wins over everything. */
  deny: z.array(toolGlob).max(200).readonly(),
  ask: z.enum(['never', 'destructive', 'changes']),
});
export const pinningSchema = z.enum(['hold', 'warn', 'off']);

/** What holds for every agent of a server; `pinning` null: as the settings of the whole app say. */
export const serverRulesSchema = z.object({
  server: serverNameSchema,
  rules: toolRulesSchema,
  pinning: pinningSchema.nullable(),
});
export type ServerRules = z.output<typeof serverRulesSchema>;

/** A definition as the server gave it, each part as text: JSON where it was an object, cut where it was longer. */
export const toolDefinitionSchema = z.object({
  title: text.nullable(),
  description: z.string().max(65_536).nullable(),
  inputSchema: z.string().max(262_144).nullable(),
  outputSchema: z.string().max(262_144).nullable(),
  annotations: z.string().max(16_384).nullable(),
  /** Everything else that the definition holds. */
  rest: z.string().max(65_536).nullable(),
});
export type ToolDefinition = z.output<typeof toolDefinitionSchema>;

export const pinnedToolSchema = z.object({
  tool: text,
  /** `held` tools can be neither seen nor called; `warned` ones differ too, but the setting lets them through. */
  state: z.enum(['accepted', 'held', 'warned']),
  /** As its annotations say: `read-only`, `destructive`, or neither. */
  marked: z.enum(['read-only', 'destructive', 'unmarked']),
  /** Null: the tool is new. */
  accepted: toolDefinitionSchema.nullable(),
  acceptedAt: millis.nullable(),
  /** As the server has it now; the same as `accepted` where nothing changed. */
  seen: toolDefinitionSchema,
  seenAt: millis,
  /** Why it is not simply accepted, in words; null where it is. */
  because: text.nullable(),
});
export type PinnedTool = z.output<typeof pinnedToolSchema>;

// prompts and approvals -------------------------------------------------------------------------------------------------

const promptBase = z.object({
  id,
  at: millis,
  /** Until then an answer still counts. */
  expiresAt: millis,
  agent: agentSchema,
  via: z.enum(['http', 'stdio']),
  server: serverNameSchema,
  url: address,
  account: text,
  /** Who that is at the provider, where it said so. */
  identity: text.nullable(),
  /** How many requests of the agent wait for the answer now. */
  waiting: z.number().int(),
});

/** A question that only a person answers. */
export const promptSchema = z.discriminatedUnion('kind', [
  /** May this agent use this grant? */
  promptBase.extend({
    kind: z.literal('use'),
    scopes,
    /** The tool that it called first; null: it asked for something else. */
    tool: text.nullable(),
    /** An agent that signs in to the bridge: where its answer goes to. */
    redirectUri: address.nullable(),
  }),
  /** May this one call go out? */
  promptBase.extend({
    kind: z.literal('call'),
    tool: text,
    title: text.nullable(),
    /** `unknown`: the server's list could not be read. */
    marked: z.enum(['read-only', 'destructive', 'unmarked', 'unknown']),
    /** The arguments as indented JSON, cut where they are longer. */
    arguments: z.string().max(65_536),
    /** Whether something of the arguments is not shown. */
    cut: z.boolean(),
  }),
]);
export type Prompt = z.output<typeof promptSchema>;

/** A program that asks more often than anybody could answer; what it asks beyond is refused without a prompt. */
export const floodSchema = z.object({
  /** One of them: which asks most, or asked last. */
  agent: text,
  since: millis,
  refused: z.number().int(),
  /** The file of its program, where that was checked: then `agents` are what it calls itself. */
  program: text.nullable().optional(),
  /** All that are counted together, `agent` last. */
  agents: z.array(text).max(100).readonly().optional(),
});
export type Flood = z.output<typeof floodSchema>;

export const lastsSchema = z.enum(['once', 'session', 'until', 'always']);

export const approvalSchema = z.object({
  id,
  agentId: id,
  agent: text,
  server: serverNameSchema,
  account: text,
  decision: z.enum(['allow', 'deny']),
  lasts: lastsSchema,
  until: millis.nullable(),
  rules: toolRulesSchema,
  decidedAt: millis,
  decidedBy: text,
});
export type Approval = z.output<typeof approvalSchema>;

/** The answer to a prompt of kind `use`. `until` is needed for `lasts: 'until'`, and may bound the others. */
export const decisionSchema = z.object({
  decision: z.enum(['allow', 'deny']),
  lasts: lastsSchema,
  until: millis.optional(),
  rules: toolRulesSchema.optional(),
});

// accounts --------------------------------------------------------------------------------------------------------------

export const accountPinSchema = z.object({
  server: serverNameSchema,
  account: accountName,
  /** Exactly one of the two is there. */
  agentId: id.nullable(),
  folder: text.nullable(),
});
export type AccountPin = z.output<typeof accountPinSchema>;

// lock ------------------------------------------------------------------------------------------------------------------

/** `unlocksBy`: what `unlock` needs of the person. */
export const lockSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open') }),
  z.object({
    kind: z.literal('locked'),
    since: millis,
    /** `no-passphrase`: it was started without the passphrase of its vault. */
    because: z.enum(['by-hand', 'screen', 'idle', 'panic', 'no-passphrase']),
    unlocksBy: z.enum(['passphrase', 'system', 'click']),
  }),
]);
export type LockState = z.output<typeof lockSchema>;

/** When it locks by itself, and what becomes of streams that are open. */
export const lockSettingsSchema = z.object({
  /** Minutes without a request of an agent or an action of the person; null: it does not matter. */
  afterIdleMinutes: z
    .number()
    .int()
    .min(1, 'it locks after at least a minute')
    .max(10_080, 'it locks after at most a week')
    .nullable(),
  /** Null where this host does not hear of the screen's lock: it is not offered. */
  onScreenLock: z.boolean().nullable(),
  streams: z.enum(['end', 'go-on']),
});

export const panicSchema = z.object({
  locked: z.boolean(),
  /** Streams that were ended. */
  streams: z.number().int(),
  approvals: z.number().int(),
  /** Sign-ins that only memory held, and that are gone; null: they go as soon as what is under way is written down. */
  dropped: z.number().int().nullable(),
  /** One for each grant, where revoking was asked for. */
  receipts: z.array(
    z.object({
      server: serverNameSchema,
      account: text,
      receipt: revocationReceiptSchema.nullable(),
      error: text.nullable(),
    }),
  ),
});

// audit -----------------------------------------------------------------------------------------------------------------

export const auditRowSchema = z.object({
  seq: z.number().int(),
  at: millis,
  kind: text,
  server: text.nullable(),
  account: text.nullable(),
  agent: text.nullable(),
  detail: z.record(z.string().max(128), z.unknown()).readonly(),
  previous: z.string().max(64),
  hash: z.string().max(64),
});
export type AuditEntry = z.output<typeof auditRowSchema>;

export const auditFilter = z.object({
  server: z.string().max(64).optional(),
  agent: z.string().max(256).optional(),
  kind: z.string().max(128).optional(),
  /** Not older than this. */
  since: millis.optional(),
});

/** What `verify` found. `at`: the first row that is not as it was written. */
export const auditVerdictSchema = z.object({
  verdict: z.enum(['intact', 'changed', 'removed', 'reordered', 'truncated', 'bad-signature', 'no-key']),
  rows: z.number().int(),
  /** The newest row that a signature vouches for; null: none yet. */
  signedTo: z.number().int().nullable(),
  at: z.number().int().nullable(),
  words: text,
});
export type AuditVerdict = z.output<typeof auditVerdictSchema>;

/** `arguments`: whether those of tool calls are kept, redacted. What is older, or more than so many megabytes, goes. */
export const auditSettingsSchema = z.object({
  arguments: z.boolean(),
  keepDays: z
    .number()
    .int()
    .min(1, 'rows are kept for at least a day')
    .max(3_650, 'rows are kept for at most ten years'),
  keepMegabytes: z.number().int().min(1, 'at least a megabyte is kept').max(65_536, 'at most 64 gigabytes are kept'),
});
