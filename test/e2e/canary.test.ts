// Known tokens are looked for everywhere that they may not be, after a whole run of the real program.
import { describe, expect, it } from 'vitest';
import { searchBytes, searchFolder } from '../support/canary.ts';
import { realBroker } from './real-broker.ts';

describe('after sign-in, calls, refreshes, a step-up, failures and a revocation', () => {
  it('no token, no client secret and no agent key is in a file, a log, an answer or an error', async () => {
    await using w = await realBroker({ as: { accessTokenTtl: 4 }, auth: { scopesSupported: ['mcp'] } });
    await w.signIn();
    const key = await w.agentKey();
    const stdio = await w.stdioAgent();
    const http = await w.httpAgent(key);
    const answers: string[] = [];
    const call = async (client: typeof stdio, name: string): Promise<void> => {
      const answer: unknown = await client.callTool({ name, arguments: { text: 'hi' } }).catch(String);
      answers.push(JSON.stringify(answer));
    };
    await call(stdio, 'echo');
    await call(http, 'echo');
    w.authorizationServer.expireAccessTokens();
    await call(http, 'echo');
    await call(stdio, 'admin');
    await w.signIn();
    await call(stdio, 'admin');

    w.authorizationServer.fault({ endpoint: 'token', status: 500, body: { error: 'server_error' }, times: 1 });
    w.authorizationServer.expireAccessTokens();
    await call(http, 'echo');
    const token = (await w.cli('token', 'demo', '--min-ttl', '1s')).stdout.trim();
    w.printed.splice(0, w.printed.length, ...w.printed.filter((text) => token === '' || !text.includes(token)));

    for (const command of ['status', 'list', 'show demo', 'agent list', 'revoke demo', 'list', 'show demo']) {
      await w.cli(...command.split(' '));
      await w.cli(...command.split(' '), '--json');
    }
    await w.cli('doctor', w.server.url, '--json');
    await w.cli('forget', 'demo', '--yes');
    await stdio.close();
    await http.close();

    const secrets = [...w.authorizationServer.issuedSecrets, key];
    expect(secrets.length).toBeGreaterThan(5);
    const { sightings, files } = await searchFolder(w.folder.path, secrets);
    expect(sightings).toEqual([]);
    expect(files.some((file) => file.endsWith('.db'))).toBe(true);
    expect(files.some((file) => file.endsWith('.log'))).toBe(true);
    const said = [...w.printed, ...answers, w.process.stdout(), w.process.stderr()].join('\n');
    expect(said).toContain('demo');
    expect(searchBytes('what was said', said, secrets)).toEqual([]);
  }, 120_000);
});
