// The values that cross the contract, as schemas: what a server, a grant, a sign-in and an agent look like from outside the broker.
import { oc } from '@orpc/contract';
import { z } from 'zod';

// Sizes: nothing that a person types or a server's metadata legitimately holds comes near these.
export const text = z.string().max(4_096);
export const address = z.string().min(1).max(8_192);
export const millis = z.number();
const scope = z.string().min(1).max(512);
export const scopes = z.array(scope).max(500).readonly();

export const serverNameSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/, 'a name has lower-case letters, digits and dashes only, at most 64');
/** One of several at a server; what may be a name is decided where grants are kept. */
export const accountName = z.string().min(1).max(128);
/** What may be a name is decided where agents are kept; here only its size. */
export const agentName = z.string().min(1).max(256);

// errors ------------------------------------------------------------------------------------------------------------

/** How every failure that Tokentray can explain crosses the wire: a stable code and words, no stack and no cause. */
export const wireErrorSchema = z.object({
  code: z.string().max(64),
  message: text,
  subject: text.optional(),
  advice: text.optional(),
  facts: z.record(z.string().max(64), z.union([z.string().max(8_192), z.number(), z.boolean(), z.null()])),
});
export type WireError = z.output<typeof wireErrorSchema>;

/** The one typed error of every procedure; its `data` is a `WireError`. */
export const wireErrorName = 'TOKENTRAY';
export const base = oc.errors({ [wireErrorName]: { status: 422, data: wireErrorSchema } });

// values ------------------------------------------------------------------------------------------------------------

export const flowKind = z.enum(['authorization_code', 'client_credentials', 'id_jag', 'jwt_bearer']);
export const authMethod = z.enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']);
const registrationKind = z.enum(['pre-registered', 'cimd', 'dcr']);

const serverSettingsSchema = z.object({
  signIn: z.enum(['ask', 'auto']),
  flow: flowKind,
  pinnedScopes: scopes.nullable(),
  removedScopes: scopes,
  chosenIssuer: address.nullable(),
  allowHttp: z.boolean(),
  era: z.object({ kind: z.enum(['modern', 'legacy', 'legacy-sse']), seenAt: millis }).nullable(),
});
/** What a person may change; `era` is observed and `flow` is chosen when the server is added. */
export const settingsChange = serverSettingsSchema.omit({ era: true, flow: true }).partial();

export const grantStateSchema = z.discriminatedUnion('kind', [
  /** `answersSince`: it was seen to answer without a token. */
  z.object({ kind: z.literal('open'), answersSince: millis.optional() }),
  z.object({
    kind: z.literal('connected'),
    accessTokenExpiresAt: millis.nullable(),
    refreshesAt: millis.nullable(),
    refreshable: z.boolean(),
    /** A call was refused for want of these scopes (none: the server did not name them); it waits for the person to agree. */
    stepUp: z.object({ scopes, since: millis }).optional(),
  }),
  z.object({ kind: z.literal('signing-in'), url: address, since: millis }),
  z.object({ kind: z.literal('retrying'), at: millis, because: text }),
  z.object({
    kind: z.literal('needs-sign-in'),
    because: z.enum([
      'never-signed-in',
      'ended-by-provider',
      'revoked-here',
      'no-refresh-token',
      'lost-from-vault',
      'refresh-answer-lost',
      'registration-needed',
      'client-unknown',
      'authorization-server-changed',
      'token-refused-by-server',
      'more-scopes-wanted',
      'lifetime-over',
    ]),
    since: millis.nullable(),
  }),
]);

export const grantViewSchema = z.object({
  server: serverNameSchema,
  url: address,
  account: text,
  /** Whether agents that are pinned to no account use this one. */
  isDefault: z.boolean(),
  /** Who that is at the provider, as it said: foreign text, to be shown as text. */
  identity: text.nullable(),
  /** When the grant ends here because the person wants it so; null: as the provider has it. */
  endsAt: millis.nullable(),
  state: grantStateSchema,
  issuer: address.nullable(),
  resource: address.nullable(),
  registration: registrationKind.nullable(),
  requestedScopes: scopes,
  grantedScopes: scopes,
  settings: serverSettingsSchema,
});

export const signInPlanSchema = z.object({
  server: serverNameSchema,
  issuer: address,
  issuers: z.array(address).max(100).readonly(),
  resource: address.nullable(),
  registration: z.enum(['pre-registered', 'cimd', 'dcr', 'existing', 'needed']),
  redirectUri: address,
  scopes,
  scopesFrom: z.enum(['challenge', 'scopes_supported', 'pinned', 'step-up', 'none']),
  audienceAsked: z.boolean(),
  otherHost: text.nullable(),
});

export const signInChoices = z.object({
  server: serverNameSchema,
  /** Absent: the server's default one; a new name makes a new account. */
  account: accountName.optional(),
  scopes: scopes.optional(),
  issuer: address.optional(),
  freshConsent: z.boolean().optional(),
  registerAgain: z.boolean().optional(),
});

export const signInId = z.string().min(1).max(64);
/** A sign-in under way: `id` names it in the calls that follow; `url` is null where no browser is needed. */
export const signInStartedSchema = z.object({
  id: signInId,
  server: serverNameSchema,
  url: address.nullable(),
  redirectUri: address.nullable(),
});

export const signInResultSchema = z.object({
  server: serverNameSchema,
  issuer: address,
  requestedScopes: scopes,
  grantedScopes: scopes,
  accessTokenExpiresAt: millis.nullable(),
  refreshable: z.boolean(),
  account: text,
  /** Who signed in, as the provider said. */
  identity: text.nullable(),
  endsAt: millis.nullable(),
  /** That it was another person than before, or that nothing of it outlives the broker: for the person to read. */
  warning: text.nullable(),
});

const revocationOutcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('revoked'), status: z.number().int() }),
  z.object({ kind: z.literal('refused'), status: z.number().int(), error: text.nullable() }),
  z.object({ kind: z.literal('unreachable'), error: text }),
  z.object({ kind: z.literal('no-endpoint') }),
  z.object({ kind: z.literal('not-held') }),
]);

export const revocationReceiptSchema = z.object({
  server: serverNameSchema,
  issuer: address.nullable(),
  /** Which of the two kinds and what became of it; never the value. */
  tokens: z
    .array(z.object({ token: z.enum(['refresh_token', 'access_token']), outcome: revocationOutcome }))
    .max(10)
    .readonly(),
  confirmed: z.boolean(),
  forgottenHere: z.boolean(),
});

export const diagnosisSchema = z.object({
  url: address,
  steps: z
    .array(
      z.object({
        name: text,
        verdict: z.enum(['ok', 'unusual', 'missing', 'wrong', 'skipped']),
        detail: text,
        /** The section that the verdict rests on: `RFC 9728 section 3.1`. */
        section: text.nullable(),
      }),
    )
    .max(200)
    .readonly(),
});

/** `off`: every agent with a key, and every program of this user on stdio, may use everything that is signed in. */
export const approvalsMode = z.enum(['ask', 'off']);

const processSchema = z.object({ pid: z.number().int(), name: text, executable: text.nullable() });

/**
 * A program that may ask for grants. `claimed` is its own word; `checked` is what the broker found out by itself, for agents
 * on stdio. Of a key or a local sign-in the secret itself is the proof.
 */
export const agentSchema = z.object({
  id: z.string().max(128),
  name: text,
  kind: z.enum(['key', 'oauth', 'stdio']),
  /** The person said when they added it that it need not be asked about. */
  trusted: z.boolean(),
  createdAt: millis,
  lastUsedAt: millis.nullable(),
  revokedAt: millis.nullable(),
  /** Not used for 30 days. */
  unused: z.boolean(),
  claimed: z.object({
    /** From the agent's configuration, or its sign-in to the bridge. */
    name: text.nullable(),
    /** `clientInfo` of its MCP messages, as they say now. */
    client: z.object({ name: text, version: text.nullable() }).nullable(),
    /** A client id that is an address, whose document was fetched. */
    clientUri: text.nullable(),
    /** What its messages said first; absent where they have always said the same name. */
    firstClient: z.object({ name: text, version: text.nullable() }).optional(),
  }),
  checked: z
    .object({
      /** `kernel`: the operating system named the process; `its-word`: the shim did, and only that process was looked at. */
      by: z.enum(['kernel', 'its-word']),
      pid: z.number().int(),
      executable: text.nullable(),
      /** The file that an interpreter runs. */
      script: text.nullable(),
      /** From the agent upwards. */
      parents: z.array(processSchema).max(16).readonly(),
      folder: text.nullable(),
      signature: z
        .object({ verdict: z.enum(['valid', 'invalid', 'unsigned', 'unknown']), signer: text.nullable() })
        .nullable(),
    })
    .nullable(),
});
export type AgentView = z.output<typeof agentSchema>;

export const adoptableSchema = z.object({
  id: z.string().max(128),
  server: serverNameSchema,
  account: text,
  url: address,
  issuer: address,
  scopes,
});

export const eventSchema = z.object({
  id: z.number().int(),
  at: millis,
  server: text.nullable(),
  grantId: text.nullable(),
  kind: text,
  detail: z.record(z.string().max(128), z.unknown()).readonly(),
});

export const statusSchema = z.object({
  version: text,
  pid: z.number().int(),
  startedAt: millis,
  dataFolder: text,
  /** Where a damaged database was put; null when it was sound. */
  databaseSetAside: text.nullable(),
  vault: z.object({
    kind: z.enum(['keychain', 'memory', 'passphrase-file']),
    persistent: z.boolean(),
    /** Why it is not the keychain, in words. */
    reason: text.nullable(),
  }),
  bridge: z
    .object({
      url: address,
      port: z.number().int().min(1).max(65_535),
      /** False when another program has the port that agents were set up with. */
      onPreferredPort: z.boolean(),
    })
    .nullable(),
  /** Null while agents' requests are let through. */
  pausedSince: millis.nullable(),
  /** `off`: no person is asked before an agent uses a server. */
  approvals: approvalsMode,
  servers: z.object({
    total: z.number().int(),
    connected: z.number().int(),
    needSignIn: z.number().int(),
    /** They answer without a token. */
    needNone: z.number().int(),
  }),
  /** Questions that a person has not answered yet. */
  openQuestions: z.number().int(),
  /** Tools that are held until a person accepts them, by server; those without any are left out. */
  heldTools: z.array(z.object({ server: serverNameSchema, held: z.number().int() })),
});
