// Adds the scenario's server to the broker with the real command line, and forgets it afterwards.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { runProcess } from '../../support/process.ts';
import type { Scenario, Setting } from './setting.ts';

/** Adds it under a name of its own; what the scenario's context gives decides client and flow. */
export async function addServer(setting: Setting, scenario: Scenario): Promise<string> {
  const name = `${scenario.name.replaceAll(/[^a-z0-9-]+/gu, '-').slice(0, 50)}-${randomBytes(4).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'tt-secret-'));
  try {
    const file = async (label: string, secret: string): Promise<string> => {
      const path = join(folder, label);
      await writeFile(path, secret, { mode: 0o600 });
      return path;
    };
    await tokentray(setting, ['add', name, scenario.url, '--sign-in', 'auto', ...(await settingsOf(scenario, file))]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return name;
}

/** As a person does who was told that it is needed: through the browser stub, having seen the plan. */
export async function signIn(setting: Setting, name: string): Promise<void> {
  await tokentray(setting, ['connect', name, '--yes']);
}

/** So that nothing of a scenario that is over reaches the next one that gets its port. */
export async function forgetServer(setting: Setting, name: string): Promise<void> {
  await tokentray(setting, ['forget', name, '--yes']);
}

async function settingsOf(
  { name, context }: Scenario,
  file: (label: string, secret: string) => Promise<string>,
): Promise<string[]> {
  const args: string[] = [];
  if (context.client_id !== undefined) args.push('--client-id', context.client_id);
  if (context.client_secret !== undefined) {
    args.push('--client-secret-file', await file('client-secret', context.client_secret));
  }
  if (context.private_key_pem !== undefined) {
    args.push('--private-key-file', await file('private-key', context.private_key_pem));
    args.push('--signing-alg', context.signing_algorithm ?? 'ES256', '--auth-method', 'private_key_jwt');
  }
  if (context.valid_jwt !== undefined) {
    args.push('--flow', 'jwt_bearer', '--assertion-file', await file('assertion', context.valid_jwt));
    args.push('--auth-method', 'none');
  } else if (context.idp_id_token !== undefined) {
    args.push('--flow', 'id_jag', '--id-token-file', await file('id-token', context.idp_id_token));
    args.push('--idp-token-endpoint', context.idp_token_endpoint ?? '', '--idp-client-id', context.idp_client_id ?? '');
  } else if (name.startsWith('auth/client-credentials-')) {
    args.push('--flow', 'client_credentials');
  }
  return args;
}

async function tokentray({ program }: Setting, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProcess(process.execPath, [program, ...args], { timeoutMs: 15_000 });
  if (code !== 0) throw new Error(`tokentray ${args[0]} ended with ${code}: ${stderr}`);
}
