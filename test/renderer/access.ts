// An agent, its questions and what was decided, as the broker shows them, for the tests of what the window makes of them.
import type { Approval, PinnedTool, Prompt, ToolDefinition } from '../../preload/contract.ts';
import type { Agent } from '../../renderer/store/model.ts';

export type UsePrompt = Extract<Prompt, { kind: 'use' }>;
export type CallPrompt = Extract<Prompt, { kind: 'call' }>;

export function agent(over: Partial<Agent> = {}): Agent {
  return {
    id: 'a1',
    name: 'cursor',
    kind: 'stdio',
    trusted: false,
    createdAt: 0,
    lastUsedAt: null,
    revokedAt: null,
    unused: false,
    claimed: { name: 'cursor', client: null, clientUri: null },
    checked: checked('/opt/Cursor/cursor'),
    ...over,
  };
}

export const checked = (executable: string | null, script: string | null = null): NonNullable<Agent['checked']> => ({
  by: 'kernel',
  pid: 1,
  executable,
  script,
  parents: [],
  folder: null,
  signature: null,
});

const asked = {
  id: 'p1',
  at: 1_000,
  expiresAt: 901_000,
  agent: agent(),
  via: 'stdio',
  server: 'notes',
  url: 'https://notes.example/mcp',
  account: 'default',
  identity: null,
  waiting: 1,
} as const;

export const usePrompt = (over: Partial<UsePrompt> = {}): UsePrompt => ({
  ...asked,
  kind: 'use',
  scopes: [],
  tool: null,
  redirectUri: null,
  ...over,
});

export const callPrompt = (over: Partial<CallPrompt> = {}): CallPrompt => ({
  ...asked,
  kind: 'call',
  tool: 'delete_page',
  title: null,
  marked: 'destructive',
  arguments: '{}',
  cut: false,
  ...over,
});

export const approval = (over: Partial<Approval> = {}): Approval => ({
  id: 'ap1',
  agentId: 'a1',
  agent: 'cursor',
  server: 'notes',
  account: 'default',
  decision: 'allow',
  lasts: 'session',
  until: null,
  rules: { tools: 'everything', allow: [], deny: [], ask: 'never' },
  decidedAt: 2_000,
  decidedBy: 'window',
  ...over,
});

export const definition = (over: Partial<ToolDefinition> = {}): ToolDefinition => ({
  title: null,
  description: 'What it does.',
  inputSchema: null,
  outputSchema: null,
  annotations: null,
  rest: null,
  ...over,
});

export const tool = (name: string, over: Partial<PinnedTool> = {}): PinnedTool => ({
  tool: name,
  state: 'accepted',
  marked: 'unmarked',
  accepted: definition(),
  acceptedAt: 0,
  seen: definition(),
  seenAt: 0,
  because: null,
  ...over,
});
