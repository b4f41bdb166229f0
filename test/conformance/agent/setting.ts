// What the runner tells each agent process: through which bridge to go, speaking which era, to which broker.
import * as z from 'zod';

const schema = z.object({
  bridge: z.enum(['stdio', 'http', 'direct']),
  era: z.enum(['old', 'new']),
  /** The built command line. */
  program: z.string(),
  /** `http://127.0.0.1:<port>` of the HTTP bridge. */
  bridgeUrl: z.string(),
  agentKey: z.string(),
});
export type Setting = z.output<typeof schema>;

export const settingVariable = 'TOKENTRAY_CONFORMANCE';

export function readSetting(env: NodeJS.ProcessEnv): Setting {
  return schema.parse(JSON.parse(env[settingVariable] ?? 'null'));
}

/**
 * The agent's last word on stdout. Where a refusal is wanted the suite forgives an agent that fails in any way at all, so
 * its exit code would not tell one that was refused from one that broke.
 */
export const wentAsItShould = 'went as it should';

/** What the suite says of the scenario, in its own environment variables. */
export interface Scenario {
  readonly name: string;
  readonly url: string;
  readonly context: Context;
}

const contextSchema = z.object({
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  private_key_pem: z.string().optional(),
  signing_algorithm: z.string().optional(),
  idp_client_id: z.string().optional(),
  idp_id_token: z.string().optional(),
  idp_token_endpoint: z.string().optional(),
  valid_jwt: z.string().optional(),
  toolCalls: z.array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })).optional(),
});
export type Context = z.output<typeof contextSchema>;

export function readScenario(env: NodeJS.ProcessEnv, argv: readonly string[]): Scenario {
  const name = env['MCP_CONFORMANCE_SCENARIO'];
  const url = argv.at(-1);
  if (name === undefined || url === undefined) throw new Error('started by the conformance suite only');
  return { name, url, context: contextSchema.parse(JSON.parse(env['MCP_CONFORMANCE_CONTEXT'] ?? '{}')) };
}
