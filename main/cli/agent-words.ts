// An agent in front of a person: its own word on one side, what the broker found out on the other.
import type { AgentView } from '../../preload/contract.ts';
import { shownName, shownTime } from './terminal.ts';

export const agentKinds: Readonly<Record<AgentView['kind'], string>> = {
  key: 'key',
  oauth: 'signed in',
  stdio: 'stdio',
};

type Checked = NonNullable<AgentView['checked']>;

const signatures: Readonly<Record<NonNullable<Checked['signature']>['verdict'], string>> = {
  valid: 'valid',
  invalid: 'does not fit the program',
  unsigned: 'none',
  unknown: 'could not be checked',
};

/** One fact a line. */
export function agentDetails(agent: AgentView): string[] {
  const { claimed, checked } = agent;
  const client = claimed.client === null ? null : [claimed.client.name, claimed.client.version ?? ''].join(' ').trim();
  return [
    `Agent       ${shownName(agent.name)}`,
    `Id          ${agent.id}`,
    `Known by    ${knownBy(agent)}`,
    `Asked about ${agent.trusted ? 'no: you trust it' : 'yes'}`,
    `Added       ${shownTime(agent.createdAt)}`,
    `Last used   ${shownTime(agent.lastUsedAt)}${agent.unused ? ', not for 30 days' : ''}`,
    ...(agent.revokedAt === null ? [] : [`Revoked     ${shownTime(agent.revokedAt)}`]),
    'Its own word',
    `  Name      ${claimed.name === null ? 'none' : shownName(claimed.name)}`,
    `  Client    ${client === null ? 'not said' : shownName(client)}`,
    ...(claimed.firstClient === undefined ? [] : [`  At first  ${shownName(claimed.firstClient.name)}`]),
    ...(claimed.clientUri === null ? [] : [`  Address   ${shownName(claimed.clientUri)}`]),
    ...(agent.kind === 'stdio' ? checkedWords(checked) : []),
  ];
}

function knownBy({ kind }: AgentView): string {
  if (kind === 'key') return 'its key, of which only the hash is kept';
  return kind === 'oauth' ? 'its sign-in to the bridge' : 'its program, on this machine';
}

function checkedWords(checked: Checked | null): string[] {
  if (checked === null) return ['Checked', '  Nothing: its process could not be seen'];
  const { by, pid, executable, script, folder, signature, parents } = checked;
  const started = parents.map((parent) => `${shownName(parent.executable ?? parent.name)} (${parent.pid})`);
  return [
    by === 'kernel'
      ? 'Checked, at the process that the system named'
      : 'Checked, at the process that it named itself: this system does not tell who is connected',
    `  Process   ${pid}`,
    `  Program   ${executable === null ? 'may not be seen' : shownName(executable)}`,
    ...(script === null ? [] : [`  Script    ${shownName(script)}`]),
    ...(folder === null ? [] : [`  Folder    ${shownName(folder)}`]),
    ...(signature === null
      ? []
      : [
          `  Signature ${signatures[signature.verdict]}${signature.signer === null ? '' : `, of ${shownName(signature.signer)}`}`,
        ]),
    ...started.map((words, at) => `  ${at === 0 ? 'Started by' : '          '} ${words}`),
  ];
}
