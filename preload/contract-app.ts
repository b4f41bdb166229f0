// The values of the app around the grants, as schemas: activity, uses, settings, browser sessions, the catalogue, the demo server.
import { z } from 'zod';
import {
  accountPinSchema,
  approvalSchema,
  auditSettingsSchema,
  floodSchema,
  lockSchema,
  lockSettingsSchema,
  pinningSchema,
  promptSchema,
} from './contract-access.ts';
import {
  address,
  agentSchema,
  approvalsMode,
  authMethod,
  eventSchema,
  grantStateSchema,
  grantViewSchema,
  millis,
  revocationReceiptSchema,
  serverNameSchema,
  text,
} from './contract-values.ts';

// activity ----------------------------------------------------------------------------------------------------------

/** One thing that happened; `agent` where an agent was part of it. */
export const activitySchema = eventSchema.extend({ agent: text.nullable() });
export type Activity = z.output<typeof activitySchema>;

export const activityFilter = z.object({
  server: z.string().max(64).optional(),
  agent: z.string().max(256).optional(),
  kind: z.string().max(128).optional(),
});
export type ActivityFilter = z.output<typeof activityFilter>;

/** `before`: the `next` of the page that came first; the newest page without it. */
export const activityQuery = activityFilter.extend({
  before: z.number().int().positive().optional(),
  limit: z.number().int().min(1).max(500).optional(),
});

/** Newest first; `next` is null on the last page. */
export const activityPageSchema = z.object({
  items: z.array(activitySchema).max(500),
  next: z.number().int().nullable(),
});

/** What the filters can be set to: everything that some event names. */
export const activityChoicesSchema = z.object({
  servers: z.array(text),
  agents: z.array(text),
  kinds: z.array(text),
});

export const exportFormat = z.enum(['jsonl', 'csv']);
/** A file for the person: its name, its media type and what is in it. */
export const exportSchema = z.object({ name: text, mediaType: text, content: z.string().max(134_217_728) });

/** That an agent used a server: a request of it was let through. Noted at most once a minute. */
export const useSchema = z.object({
  server: serverNameSchema,
  agent: text,
  via: z.enum(['http', 'stdio']),
  firstAt: millis,
  lastAt: millis,
});
export type Use = z.output<typeof useSchema>;

// one server --------------------------------------------------------------------------------------------------------

/** One server with all that may be shown of its grant: times and names, never values. */
export const serverDetailsSchema = z.object({
  view: grantViewSchema,
  addedAt: millis,
  /** The living grant, or the newest that ended; null: nobody ever signed in. */
  grant: z
    .object({
      signedInAt: millis,
      refreshedAt: millis.nullable(),
      accessTokenExpiresAt: millis.nullable(),
      refreshable: z.boolean(),
      endedAt: millis.nullable(),
      endedBecause: text.nullable(),
    })
    .nullable(),
  client: z
    .object({
      kind: z.enum(['pre-registered', 'cimd', 'dcr']),
      id: text,
      authentication: authMethod,
      redirectUris: z.array(address).max(100).readonly(),
      registeredAt: millis,
      /** When the authorization server will no longer know the client; null: never, or it did not say. */
      expiresAt: millis.nullable(),
    })
    .nullable(),
  uses: z.array(useSchema),
});

/** The same server for an agent's mcp.json, in every way. The agent key is left for the person to put in. */
export const snippetsSchema = z.object({
  stdio: text,
  /** Null while no HTTP bridge is up. */
  http: text.nullable(),
  /** For an agent that signs in to the bridge by itself, which needs the address alone; null while no HTTP bridge is up. */
  signIn: z.object({ url: address, file: text }).nullable(),
  /** Stands in `http` where the agent key goes. */
  placeholder: text,
});

// settings ----------------------------------------------------------------------------------------------------------

export const appSettingsSchema = z.object({
  bridgePort: z.object({
    /** What the person chose; null: the usual one. */
    chosen: z.number().int().nullable(),
    usual: z.number().int(),
    /** Where the bridge listens now; null: it is not up. */
    now: z.number().int().nullable(),
    /** A flag or an environment variable that decides instead of the person's choice. */
    fixedBy: text.nullable(),
    /** The choice is another port than the present one: it counts from the next start on. */
    afterRestart: z.boolean(),
  }),
  /** For servers that are added from now on. */
  signIn: z.enum(['ask', 'auto']),
  /** Whether a person is asked before an agent may use a server. */
  approvals: z.object({
    chosen: approvalsMode,
    /** What holds: a flag decides over the choice. */
    now: approvalsMode,
    fixedBy: text.nullable(),
    /** How long a request waits for the person's answer, in milliseconds. */
    wait: millis,
  }),
  /** What becomes of tools whose definition changed, where the rules of a server do not say it. */
  tools: z.object({ pinning: pinningSchema }),
  audit: auditSettingsSchema,
  lock: lockSettingsSchema,
  /** Null where this host cannot start at login: it is not offered. */
  startAtLogin: z.boolean().nullable(),
  /** How this broker reaches the network; read from the environment and the flags, without passwords. */
  network: z.object({
    httpProxy: text.nullable(),
    httpsProxy: text.nullable(),
    noProxy: text.nullable(),
    caFiles: z.array(text).readonly(),
  }),
  dataFolder: text,
});
export type AppSettings = z.output<typeof appSettingsSchema>;

/** Ports below 1024 belong to the system on most machines. */
export const appSettingsChange = z
  .object({
    bridgePort: z
      .number()
      .int()
      .min(1_024, 'a port is at least 1024')
      .max(65_535, 'a port is at most 65535')
      .nullable(),
    signIn: z.enum(['ask', 'auto']),
    approvals: approvalsMode,
    approvalWait: z
      .number()
      .int()
      .min(5_000, 'a request waits for at least 5 seconds')
      .max(600_000, 'a request waits for at most 10 minutes'),
    tools: z.object({ pinning: pinningSchema }).partial(),
    audit: auditSettingsSchema.partial(),
    lock: lockSettingsSchema.extend({ onScreenLock: z.boolean() }).partial(),
    startAtLogin: z.boolean(),
  })
  .partial();

// everything else ---------------------------------------------------------------------------------------------------

/** A browser that may use this broker. */
export const sessionSchema = z.object({
  id: z.string().max(64),
  openedAt: millis,
  lastUsedAt: millis,
  /** What the browser calls itself, cut. */
  browser: text,
});
export type BrowserSession = z.output<typeof sessionSchema>;

/** The server's name while the demo runs; its pages and its MCP endpoint are on this machine only. */
export const demoSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('off') }),
  z.object({ kind: z.literal('on'), server: serverNameSchema, url: address }),
]);
export type Demo = z.output<typeof demoSchema>;

export const pauseSchema = z.object({ pausedSince: millis.nullable() });

/** What became of each server, and what else was removed. `error`: what could not be done, and the server is still there. */
export const clearedSchema = z.object({
  servers: z.array(
    z.object({
      server: serverNameSchema,
      /** One entry for each account of a server. */
      account: text,
      receipt: revocationReceiptSchema.nullable(),
      forgotten: z.boolean(),
      error: text.nullable(),
    }),
  ),
  /** Registrations' and lost grants' secrets that were left in the vault. */
  vaultItems: z.number().int(),
  agents: z.number().int(),
  documents: z.number().int(),
  events: z.number().int(),
});
export const clearConfirmation = 'clear everything';

export const catalogueEntrySchema = z.object({
  id: serverNameSchema,
  name: text,
  url: address,
  description: text,
  /** The provider's own page that says so. */
  source: address,
  /** `pre-registered`: the provider registers no clients by itself; the person brings one. */
  registration: z.enum(['automatic', 'pre-registered']),
  /** Where a client is registered, if it has to be. */
  registerAt: address.nullable(),
});
export type CatalogueEntry = z.output<typeof catalogueEntrySchema>;

export const licenceSchema = z.object({
  name: text,
  version: text,
  licence: text,
  /** The licence's words as the package has them; null when it brings none. */
  words: z.string().max(65_536).nullable(),
});
export type Licence = z.output<typeof licenceSchema>;

/** What an observer is told: first everything as it is, then each change. A slow observer gets `snapshot` again. */
export const changeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('snapshot'),
    /** One for each server and account; of each server the default one first. */
    servers: z.array(grantViewSchema).max(10_000),
    accountPins: z.array(accountPinSchema),
    uses: z.array(useSchema),
    agents: z.array(agentSchema),
    settings: appSettingsSchema,
    sessions: z.array(sessionSchema),
    demo: demoSchema,
    pausedSince: millis.nullable(),
    lock: lockSchema,
    prompts: z.array(promptSchema),
    approvals: z.array(approvalSchema),
    floods: z.array(floodSchema),
    /** How many tools are held; servers without any are left out. */
    heldTools: z.array(z.object({ server: serverNameSchema, held: z.number().int() })),
  }),
  /** Of a server's default account; any other one's comes as `settings`. */
  z.object({ kind: z.literal('state'), server: serverNameSchema, account: text, state: grantStateSchema }),
  /** Which agents and folders are pinned to which account. */
  z.object({ kind: z.literal('account-pins'), pins: z.array(accountPinSchema) }),
  z.object({ kind: z.literal('added'), view: grantViewSchema }),
  /** Everything else about a server than its state: settings, account, scopes, issuer, registration. */
  z.object({ kind: z.literal('settings'), view: grantViewSchema }),
  z.object({ kind: z.literal('forgotten'), server: serverNameSchema }),
  /** Its rules for tools, or how many of its tools are held. */
  z.object({ kind: z.literal('tools'), server: serverNameSchema, held: z.number().int() }),
  z.object({ kind: z.literal('activity'), item: activitySchema }),
  /** `was`: it stands in the place of what was told under that name, which the agent no longer has. */
  z.object({ kind: z.literal('used'), use: useSchema, was: text.optional() }),
  z.object({ kind: z.literal('agents'), agents: z.array(agentSchema) }),
  z.object({ kind: z.literal('app-settings'), settings: appSettingsSchema }),
  z.object({ kind: z.literal('sessions'), sessions: z.array(sessionSchema) }),
  z.object({ kind: z.literal('demo'), demo: demoSchema }),
  z.object({ kind: z.literal('paused'), pausedSince: millis.nullable() }),
  z.object({ kind: z.literal('lock'), lock: lockSchema }),
  /** Every question that is open, and every agent that asks too often. */
  z.object({ kind: z.literal('prompts'), prompts: z.array(promptSchema), floods: z.array(floodSchema) }),
  /** Everything that the person decided and that still stands. */
  z.object({ kind: z.literal('approvals'), approvals: z.array(approvalSchema) }),
]);
export type Change = z.output<typeof changeSchema>;
