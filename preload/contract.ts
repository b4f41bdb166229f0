// What a person's programs may ask of the broker, as schemas: types for every side, validation at the boundary.
// `contract` is what a UI gets and has no place for a secret; `scriptContract` is the command line's, on the control socket only.
import { eventIterator, oc } from '@orpc/contract';
import type { InferContractRouterOutputs } from '@orpc/contract';
import { z } from 'zod';

// Sizes: nothing that a person types or a server's metadata legitimately holds comes near these.
const text = z.string().max(4_096);
const address = z.string().min(1).max(8_192);
const millis = z.number();
const scope = z.string().min(1).max(512);
const scopes = z.array(scope).max(500).readonly();

export const serverNameSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/, 'a name has lower-case letters, digits and dashes only, at most 64');
/** What may be a name is decided where agents are kept; here only its size. */
const agentName = z.string().min(1).max(256);

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
const base = oc.errors({ [wireErrorName]: { status: 422, data: wireErrorSchema } });

// values ------------------------------------------------------------------------------------------------------------

const flowKind = z.enum(['authorization_code', 'client_credentials', 'id_jag', 'jwt_bearer']);
const authMethod = z.enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']);
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
const settingsChange = serverSettingsSchema.omit({ era: true, flow: true }).partial();

export const grantStateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open') }),
  z.object({
    kind: z.literal('connected'),
    accessTokenExpiresAt: millis.nullable(),
    refreshesAt: millis.nullable(),
    refreshable: z.boolean(),
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
    ]),
    since: millis.nullable(),
  }),
]);

const grantViewSchema = z.object({
  server: serverNameSchema,
  url: address,
  account: text,
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

const signInChoices = z.object({
  server: serverNameSchema,
  scopes: scopes.optional(),
  issuer: address.optional(),
  freshConsent: z.boolean().optional(),
  registerAgain: z.boolean().optional(),
});

const signInId = z.string().min(1).max(64);
/** A sign-in under way: `id` names it in the calls that follow; `url` is null where no browser is needed. */
const signInStartedSchema = z.object({
  id: signInId,
  server: serverNameSchema,
  url: address.nullable(),
  redirectUri: address.nullable(),
});

const signInResultSchema = z.object({
  server: serverNameSchema,
  issuer: address,
  requestedScopes: scopes,
  grantedScopes: scopes,
  accessTokenExpiresAt: millis.nullable(),
  refreshable: z.boolean(),
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

const agentSchema = z.object({
  name: text,
  createdAt: millis,
  lastUsedAt: millis.nullable(),
  revokedAt: millis.nullable(),
});

const adoptableSchema = z.object({
  id: z.string().max(128),
  server: serverNameSchema,
  url: address,
  issuer: address,
  scopes,
});

const eventSchema = z.object({
  id: z.number().int(),
  at: millis,
  server: text.nullable(),
  grantId: text.nullable(),
  kind: text,
  detail: z.record(z.string().max(128), z.unknown()).readonly(),
});

const statusSchema = z.object({
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
  bridge: z.object({ url: address, port: z.number().int().min(1).max(65_535) }).nullable(),
  servers: z.object({ total: z.number().int(), connected: z.number().int(), needSignIn: z.number().int() }),
});

/** What an observer is told: first everything as it is, then each change. A slow observer gets `snapshot` again. */
const changeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('snapshot'), servers: z.array(grantViewSchema).max(10_000) }),
  z.object({ kind: z.literal('state'), server: serverNameSchema, state: grantStateSchema }),
  z.object({ kind: z.literal('added'), view: grantViewSchema }),
  z.object({ kind: z.literal('settings'), view: grantViewSchema }),
  z.object({ kind: z.literal('forgotten'), server: serverNameSchema }),
]);
export type Change = z.output<typeof changeSchema>;

const named = z.object({ server: serverNameSchema });
const none = z.object({}).optional();

// the contracts -----------------------------------------------------------------------------------------------------

/** For every UI. A schema strips what it does not name, so a secret cannot ride along. */
export const contract = {
  status: base.input(none).output(statusSchema),
  servers: {
    add: base
      .input(z.object({ name: serverNameSchema, url: address, settings: settingsChange.optional() }))
      .output(grantViewSchema),
    list: base.input(none).output(z.array(grantViewSchema)),
    show: base.input(named).output(grantViewSchema),
    plan: base.input(signInChoices).output(signInPlanSchema),
    updateSettings: base.input(named.extend({ settings: settingsChange })).output(grantViewSchema),
    forget: base.input(named).output(z.object({ forgotten: z.array(text).readonly() })),
  },
  signIn: {
    /** Starts it or joins the one under way. */
    start: base.input(signInChoices.extend({ openBrowser: z.boolean().optional() })).output(signInStartedSchema),
    /** Answers when the person is done; may be asked by several and again. */
    wait: base.input(z.object({ id: signInId })).output(signInResultSchema),
    complete: base.input(z.object({ id: signInId, callback: address })).output(z.object({})),
    cancel: base.input(z.object({ id: signInId })).output(z.object({})),
  },
  revoke: base.input(named).output(revocationReceiptSchema),
  cache: {
    clear: base
      .input(named.partial().optional())
      .output(z.object({ documents: z.number(), accessTokens: z.number(), registrations: z.number() })),
  },
  doctor: base.input(z.object({ url: address, allowHttp: z.boolean().optional() })).output(diagnosisSchema),
  agents: {
    list: base.input(none).output(z.array(agentSchema)),
    revoke: base.input(z.object({ name: agentName })).output(z.object({ revoked: z.boolean() })),
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
  /** Grants that the vault holds and the database has lost: offered, taken up only on a person's word. */
  adoption: {
    list: base.input(none).output(z.array(adoptableSchema).max(1_000)),
    adopt: base
      .input(z.object({ id: z.string().min(1).max(128) }))
      .output(z.object({ server: serverNameSchema.nullable() })),
  },
  changes: base.input(none).output(eventIterator(changeSchema)),
};

/** A value that must be kept: a PEM key or a JWT is the longest that is real. */
const credential = z.string().min(1).max(65_536);

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
  token: base.input(named.extend({ minTtlMs: z.number().int().min(0).max(86_400_000).optional() })).output(
    z.object({
      access_token: credential,
      token_type: z.enum(['bearer', 'dpop']),
      expires_at: millis.nullable(),
    }),
  ),
  /** The key is shown this once; the broker keeps its hash. */
  addAgent: base.input(z.object({ name: agentName })).output(newAgent),
  /** A new key under the same name; the old one is refused at once. */
  rotateAgent: base.input(z.object({ name: agentName })).output(newAgent),
};

/** What the control socket serves. */
export const controlContract = { ...contract, script: scriptContract };

export type ContractOutputs = InferContractRouterOutputs<typeof contract>;
export type ScriptOutputs = InferContractRouterOutputs<typeof scriptContract>;
