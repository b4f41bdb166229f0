// The agent's MCP client: the official SDK in the old era or the new, over the bridge that is under test.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import process from 'node:process';
import type { Setting } from './setting.ts';

const newestOld = '2025-11-25';

/** A client with what agents on the market can do; the person behind it agrees to everything. */
export function createAgent(era: Setting['era']): Client {
  const client = new Client(
    { name: 'conformance-agent', version: '1.0.0' },
    {
      capabilities: { roots: {}, sampling: {}, elicitation: { form: { applyDefaults: true }, url: {} } },
      versionNegotiation: { mode: era === 'new' ? 'auto' : 'legacy' },
    },
  );
  client.setRequestHandler('roots/list', () => ({ roots: [] }));
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
  return client;
}

/** @throws when bridge and agent met in another era than the agent's own */
export async function connect(client: Client, setting: Setting, server: string, url: string): Promise<void> {
  await client.connect(transportTo(setting, server, url));
  const version = client.getNegotiatedProtocolVersion() ?? '';
  const isNew = version > newestOld;
  if (setting.bridge !== 'direct' && isNew !== (setting.era === 'new')) {
    throw new Error(`an agent of the ${setting.era} era was answered in ${version || 'no revision'}`);
  }
}

function transportTo(setting: Setting, server: string, url: string): Transport {
  if (setting.bridge === 'direct') return new StreamableHTTPClientTransport(new URL(url));
  if (setting.bridge === 'http') {
    return new StreamableHTTPClientTransport(new URL(`/mcp/${server}`, setting.bridgeUrl), {
      requestInit: { headers: { authorization: `Bearer ${setting.agentKey}` } },
    });
  }
  return new StdioClientTransport({
    command: process.execPath,
    args: [setting.program, 'stdio', server],
    env: inherited(),
    stderr: 'inherit',
  });
}

/** The SDK passes almost nothing on by itself; the shim has to find the broker of this run. */
function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
