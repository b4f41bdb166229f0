// Calls about who may use what: the parts of the contract that stand on the values in contract-access.ts.
import { z } from 'zod';
import {
  accountName,
  accountPinSchema,
  approvalSchema,
  auditFilter,
  auditRowSchema,
  auditVerdictSchema,
  decisionSchema,
  floodSchema,
  lockSchema,
  panicSchema,
  pinnedToolSchema,
  pinningSchema,
  promptSchema,
  serverRulesSchema,
  toolRulesSchema,
} from './contract-access.ts';
import { exportFormat, exportSchema } from './contract-app.ts';
import { agentName, agentSchema, base, grantViewSchema, millis, serverNameSchema, text } from './contract-values.ts';

const id = z.string().min(1).max(128);
const none = z.object({}).optional();
/** Absent: the server's default account. */
const ofGrant = z.object({ server: serverNameSchema, account: accountName.optional() });
const named = z.object({ server: serverNameSchema, account: accountName });

export const approvalsContract = {
  list: base
    .input(none)
    .output(
      z.object({ prompts: z.array(promptSchema), approvals: z.array(approvalSchema), floods: z.array(floodSchema) }),
    ),
  /** Answers a prompt of kind `use`. An answered prompt cannot be answered again. */
  decide: base.input(decisionSchema.extend({ id })).output(approvalSchema),
  /** Answers a prompt of kind `call`. */
  answer: base.input(z.object({ id, allow: z.boolean() })).output(z.object({})),
  /** What is absent stays as it is. */
  change: base
    .input(z.object({ id, rules: toolRulesSchema.optional(), until: millis.nullable().optional() }))
    .output(approvalSchema),
  /** Ends it at once; what the agent has under way with that grant ends within a second. */
  revoke: base.input(z.object({ id })).output(z.object({ revoked: z.boolean() })),
};

export const toolsContract = {
  rules: base.input(z.object({ server: serverNameSchema })).output(serverRulesSchema),
  setRules: base
    .input(
      z.object({
        server: serverNameSchema,
        rules: toolRulesSchema.optional(),
        pinning: pinningSchema.nullable().optional(),
      }),
    )
    .output(serverRulesSchema),
  /** Every tool that was seen of the server, held ones first. */
  list: base.input(ofGrant).output(z.array(pinnedToolSchema).max(10_000)),
  /** Agrees to the definitions as they are seen now. `seenAt` guards against agreeing to what came after the look. */
  accept: base
    .input(ofGrant.extend({ tools: z.array(z.object({ tool: text, seenAt: millis })).max(10_000) }))
    .output(z.object({ accepted: z.number().int() })),
};

export const accountsContract = {
  /** One view for each account of the server. */
  list: base.input(z.object({ server: serverNameSchema })).output(z.array(grantViewSchema)),
  pins: base.input(none).output(z.array(accountPinSchema)),
  /** Exactly one of `agentId` and `folder`; replaces what it was pinned to. */
  pin: base
    .input(
      z.object({
        server: serverNameSchema,
        account: accountName,
        agentId: id.optional(),
        folder: z.string().min(1).max(4_096).optional(),
      }),
    )
    .output(z.array(accountPinSchema)),
  unpin: base
    .input(z.object({ server: serverNameSchema, agentId: id.optional(), folder: z.string().max(4_096).optional() }))
    .output(z.array(accountPinSchema)),
  /** Which one an agent uses that is pinned to none. */
  setDefault: base.input(named).output(z.array(grantViewSchema)),
  /** Drops one account here; tells no one. Revoke first to end it at the provider. */
  forget: base.input(named).output(z.object({ forgotten: z.array(text).readonly() })),
  /** When the grant ends here and needs the person again; null: as the provider has it. */
  setEnd: base.input(ofGrant.extend({ endsAt: millis.nullable() })).output(grantViewSchema),
};

export const lockContract = {
  state: base.input(none).output(lockSchema),
  lock: base.input(none).output(lockSchema),
  /** The passphrase goes in where the vault has one; nothing comes out. */
  unlock: base.input(z.object({ passphrase: z.string().min(1).max(4_096).optional() })).output(lockSchema),
  /** Ends all streams and locks; revokes every grant first where that is asked for. */
  panic: base.input(z.object({ revoke: z.boolean() })).output(panicSchema),
};

export const auditContract = {
  /** Newest first; `next` is null on the last page. With `after`, oldest first from the row behind that one. */
  list: base
    .input(
      auditFilter.extend({
        before: z.number().int().optional(),
        after: z.number().int().optional(),
        limit: z.number().int().min(1).max(500).optional(),
      }),
    )
    .output(z.object({ items: z.array(auditRowSchema).max(500), next: z.number().int().nullable() })),
  choices: base.input(none).output(z.object({ servers: z.array(text), agents: z.array(text), kinds: z.array(text) })),
  verify: base.input(none).output(auditVerdictSchema),
  export: base.input(auditFilter.extend({ format: exportFormat })).output(exportSchema),
};

/** Beside `list` and `revoke` of the agents. */
export const agentsContract = {
  rename: base.input(z.object({ id, name: agentName })).output(agentSchema),
  trust: base.input(z.object({ id, trusted: z.boolean() })).output(agentSchema),
};
