// What a person's programs may ask of the broker, as schemas: types for every side, validation at the boundary.
// `contract` is what a UI gets; none of its answers has a place for a secret. `scriptContract` is the command line's, on the control socket only.
import { eventIterator } from '@orpc/contract';
import type { InferContractRouterOutputs } from '@orpc/contract';
import { z } from 'zod';
import {
  accountsContract,
  agentsContract,
  approvalsContract,
  auditContract,
  lockContract,
  toolsContract,
} from './contract-access-calls.ts';
import { lockSchema } from './contract-access.ts';
import {
  activityChoicesSchema,
  activityFilter,
  activityPageSchema,
  activityQuery,
  appSettingsChange,
  appSettingsSchema,
  catalogueEntrySchema,
  changeSchema,
  clearConfirmation,
  clearedSchema,
  demoSchema,
  exportFormat,
  exportSchema,
  licenceSchema,
  pauseSchema,
  serverDetailsSchema,
  sessionSchema,
  snippetsSchema,
} from './contract-app.ts';
import {
  accountName,
  address,
  adoptableSchema,
  agentName,
  agentSchema,
  authMethod,
  base,
  diagnosisSchema,
  eventSchema,
  grantViewSchema,
  millis,
  revocationReceiptSchema,
  serverNameSchema,
  settingsChange,
  signInChoices,
  signInId,
  signInPlanSchema,
  signInResultSchema,
  signInStartedSchema,
  statusSchema,
  text,
} from './contract-values.ts';

export * from './contract-access.ts';
export * from './contract-app.ts';
export {
  diagnosisSchema,
  grantStateSchema,
  revocationReceiptSchema,
  serverNameSchema,
  signInPlanSchema,
  wireErrorName,
  wireErrorSchema,
} from './contract-values.ts';
export type { AgentView, WireError } from './contract-values.ts';

/** A value that must be kept: a PEM key or a JWT is the longest that is real. */
const credential = z.string().min(1).max(65_536);

const named = z.object({ server: serverNameSchema });
/** Absent: the server's default account. */
const ofAccount = named.extend({ account: accountName.optional() });
const none = z.object({}).optional();
/** An agent that is not revoked, by its id or by its name. */
const agentRef = z.union([z.object({ id: z.string().min(1).max(128) }), z.object({ name: agentName })]);

// the contracts -----------------------------------------------------------------------------------------------------

/** For every UI. A schema strips what it does not name, so a secret cannot ride along. */
export const contract = {
  status: base.input(none).output(statusSchema.extend({ lock: lockSchema })),
  servers: {
    add: base
      .input(z.object({ name: serverNameSchema, url: address, settings: settingsChange.optional() }))
      .output(grantViewSchema),
    list: base.input(none).output(z.array(grantViewSchema)),
    show: base.input(ofAccount).output(grantViewSchema),
    /** One server with all that may be shown of its grant. */
    details: base.input(ofAccount).output(serverDetailsSchema),
    /** A client that the person registered at the provider by hand. Here, and in `lock.unlock`, a UI hands a secret in; none comes out. */
    bringClient: base
      .input(
        named.extend({
          client: z.object({
            client_id: z.string().min(1).max(4_096),
            client_secret: credential.optional(),
            token_endpoint_auth_method: authMethod.exclude(['private_key_jwt']).optional(),
          }),
        }),
      )
      .output(grantViewSchema),
    snippets: base.input(named).output(snippetsSchema),
    plan: base.input(signInChoices).output(signInPlanSchema),
    updateSettings: base.input(named.extend({ settings: settingsChange })).output(grantViewSchema),
    forget: base.input(named).output(z.object({ forgotten: z.array(text).readonly() })),
  },
  signIn: {
    /** Starts it or joins the one under way. */
    start: base
      .input(
        signInChoices.extend({
          openBrowser: z.boolean().optional(),
          /** When the grant ends here; null: as the provider has it; absent: as the one had it that it takes the place of. */
          endsAt: millis.nullable().optional(),
        }),
      )
      .output(signInStartedSchema),
    /** Answers when the person is done; may be asked by several and again. */
    wait: base.input(z.object({ id: signInId })).output(signInResultSchema),
    complete: base.input(z.object({ id: signInId, callback: address })).output(z.object({})),
    cancel: base.input(z.object({ id: signInId })).output(z.object({})),
  },
  revoke: base.input(ofAccount).output(revocationReceiptSchema),
  cache: {
    clear: base.input(named.partial().optional()).output(
      z.object({
        documents: z.number(),
        accessTokens: z.number(),
        /** Dropped: the next sign-in registers anew. */
        registrations: z.number(),
        /** Not dropped, and why: a grant's tokens are bound to it, a sign-in is under way with it, or it is the person's own. */
        registrationsKept: z.object({
          neededByGrant: z.number(),
          signInUnderWay: z.number(),
          preRegistered: z.number(),
        }),
      }),
    ),
  },
  doctor: base.input(z.object({ url: address, allowHttp: z.boolean().optional() })).output(diagnosisSchema),
  agents: {
    list: base.input(none).output(z.array(agentSchema)),
    revoke: base.input(agentRef).output(z.object({ revoked: z.boolean() })),
    ...agentsContract,
  },
  events: {
    list: base
      .input(
        z
          .object({
            server: serverNameSchema.optional(),
            kind: z.string().max(128).optional(),
            limit: z.number().int().min(1).max(1_000).optional(),
          })
          .optional(),
      )
      .output(z.array(eventSchema)),
  },
  /** Who may use what: questions that are open, and what the person decided. */
  approvals: approvalsContract,
  /** What agents may do with the tools of a server, and definitions that changed. */
  tools: toolsContract,
  /** Several accounts at one server, and who uses which. */
  accounts: accountsContract,
  /** Grants that the vault holds and the database has lost: offered, taken up only on a person's word. */
  adoption: {
    list: base.input(none).output(z.array(adoptableSchema).max(1_000)),
    adopt: base
      .input(z.object({ id: z.string().min(1).max(128) }))
      .output(z.object({ server: serverNameSchema.nullable() })),
  },
  activity: {
    list: base.input(activityQuery).output(activityPageSchema),
    choices: base.input(none).output(activityChoicesSchema),
    export: base.input(activityFilter.extend({ format: exportFormat })).output(exportSchema),
  },
  audit: auditContract,
  /** The person's lock over everything, and the panic button. */
  lock: lockContract,
  settings: {
    get: base.input(none).output(appSettingsSchema),
    /** What is absent stays as it is. */
    set: base.input(appSettingsChange).output(appSettingsSchema),
  },
  broker: {
    /** From now on no agent's request reaches a server and no token is lent, until `resume` or the broker's end. */
    pause: base.input(none).output(pauseSchema),
    resume: base.input(none).output(pauseSchema),
  },
  /** Revokes and forgets every server, then removes all else that is kept. The words are typed by the person. */
  clearEverything: base.input(z.object({ confirm: z.literal(clearConfirmation) })).output(clearedSchema),
  catalogue: { list: base.input(none).output(z.array(catalogueEntrySchema)) },
  demo: {
    /** Starts the demo server on this machine and adds it; gives the one that runs already. */
    start: base.input(none).output(demoSchema),
    /** Ends it and forgets its server. */
    stop: base.input(none).output(demoSchema),
  },
  sessions: {
    /** `current`: the caller's own; null where it is no browser. */
    list: base.input(none).output(z.object({ sessions: z.array(sessionSchema), current: z.string().nullable() })),
    /** Ends the session and whatever it has under way. */
    revoke: base.input(z.object({ id: z.string().min(1).max(64) })).output(z.object({ revoked: z.boolean() })),
  },
  licences: base.input(none).output(z.array(licenceSchema)),
  changes: base.input(none).output(eventIterator(changeSchema)),
};

const newAgent = z.object({ agent: agentSchema, key: credential });

/** For the command line on the control socket: the only place where a credential goes in or a token comes out. */
export const scriptContract = {
  addServer: base
    .input(
      z.object({
        name: serverNameSchema,
        url: address,
        settings: settingsChange.optional(),
        client: z
          .object({
            client_id: z.string().min(1).max(4_096),
            client_secret: credential.optional(),
            private_key: credential.optional(),
            signing_alg: z.string().min(1).max(32).optional(),
            token_endpoint_auth_method: authMethod.optional(),
          })
          .optional(),
        flow: z
          .discriminatedUnion('kind', [
            z.object({ kind: z.literal('authorization_code') }),
            z.object({ kind: z.literal('client_credentials') }),
            z.object({
              kind: z.literal('id_jag'),
              idp_token_endpoint: address,
              idp_client_id: z.string().min(1).max(4_096),
              id_token: credential,
            }),
            z.object({ kind: z.literal('jwt_bearer'), assertion: credential }),
          ])
          .optional(),
      }),
    )
    .output(grantViewSchema),
  token: base.input(ofAccount.extend({ minTtlMs: z.number().int().min(0).max(86_400_000).optional() })).output(
    z.object({
      access_token: credential,
      token_type: z.enum(['bearer', 'dpop']),
      expires_at: millis.nullable(),
    }),
  ),
  /** The key is shown this once; the broker keeps its hash. */
  addAgent: base.input(z.object({ name: agentName, trusted: z.boolean().optional() })).output(newAgent),
  /** A new key for the same agent; the old one is refused at once. */
  rotateAgent: base.input(agentRef).output(newAgent),
  /** A way into the UI: its window where there is one, else a link that lets one browser in, once. */
  openUi: base
    .input(z.object({ linkOnly: z.boolean().optional() }))
    .output(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('window') }),
        z.object({ kind: z.literal('link'), link: address }),
      ]),
    ),
};

/** What the control socket serves. */
export const controlContract = { ...contract, script: scriptContract };

export type ContractOutputs = InferContractRouterOutputs<typeof contract>;
export type ScriptOutputs = InferContractRouterOutputs<typeof scriptContract>;
