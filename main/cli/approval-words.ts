// Questions and approvals in the words of the command line.
import type { Approval, Prompt } from '../../preload/contract-access.ts';
import { answerPlace } from '../../preload/answer-place.ts';
import { shown, shownTime } from './terminal.ts';

/** Everything that a person has to know before they answer, one fact a line. */
export function promptLines(prompt: Prompt): string[] {
  const { agent, account, identity } = prompt;
  const who = identity === null ? account : `${account} (${shown(identity)})`;
  const lines = [
    `Agent    ${named(agent.name)}, ${kinds[agent.kind]}`,
    ...(agent.claimed.name === null || agent.claimed.name === agent.name
      ? []
      : [`Says     it is ${named(agent.claimed.name)}`]),
    ...saysInMessages(agent),
    ...evidence(agent.checked),
    `Server   ${prompt.server}, ${shown(prompt.url)}`,
    `Account  ${who}`,
  ];
  if (prompt.kind === 'use') {
    return [
      ...lines,
      ...(prompt.scopes.length === 0 ? [] : [`Scopes   ${prompt.scopes.map(shown).join(' ')}`]),
      ...(prompt.tool === null ? [] : [`Called   ${named(prompt.tool)}`]),
      ...(prompt.redirectUri === null
        ? []
        : [`Back to  ${shown(answerPlace(prompt.redirectUri))}: ${shown(prompt.redirectUri)}`]),
    ];
  }
  return [
    ...lines,
    `Tool     ${named(prompt.tool)}, ${markedWords[prompt.marked]}`,
    ...indented(prompt.arguments),
    ...(prompt.cut ? ['         … and more, which is not shown here'] : []),
  ];
}

export const promptTitle = ({ id, kind, waiting, expiresAt }: Prompt): string => {
  const what = kind === 'use' ? 'May this agent use this server?' : 'May this one call go out?';
  const who = waiting === 0 ? 'nobody waits just now' : waiting === 1 ? '1 request waits' : `${waiting} requests wait`;
  return `${id}  ${what} (${who}; until ${shownTime(expiresAt)})`;
};

/** What an approval lets through, in a few words. */
export function rulesWords({ rules, decision }: Pick<Approval, 'rules' | 'decision'>): string {
  if (decision === 'deny') return 'denied';
  const { tools, allow, deny, ask } = rules;
  return [
    tools === 'everything' ? 'everything' : 'read-only',
    ...(allow.length === 0 ? [] : [`only ${allow.map(shown).join(' ')}`]),
    ...(deny.length === 0 ? [] : [`not ${deny.map(shown).join(' ')}`]),
    ...(tools === 'read-only' || ask === 'never'
      ? []
      : [ask === 'destructive' ? 'asks before destructive tools' : 'asks before every change']),
  ].join(', ');
}

export function lastsWords({ lasts, until }: Pick<Approval, 'lasts' | 'until'>): string {
  const end = until === null ? '' : ` until ${shownTime(until)}`;
  return { once: `once${end}`, session: `for the session${end}`, until: end.trim(), always: `always${end}` }[lasts];
}

/** What its messages call it, where that is not what it is called here. */
function saysInMessages({ name, claimed: { client, firstClient } }: Prompt['agent']): string[] {
  const first = firstClient === undefined ? [] : [`At first they said it is ${named(versioned(firstClient))}`];
  if (client === null || client.name === name) return first;
  return [`Messages say it is ${named(versioned(client))}`, ...first];
}

const versioned = ({ name, version }: { readonly name: string; readonly version: string | null }): string =>
  version === null ? name : `${name} ${version}`;

const kinds = { key: 'with a key', oauth: 'signed in to the bridge', stdio: 'over stdio' } as const;

/** The broker has made it harmless already; what is no plain word gets quotes, so that its end can be seen. */
const named = (name: string): string => (/^[\w@.+:/-]+$/u.test(name) ? name : `“${name}”`);

function evidence(checked: Prompt['agent']['checked']): string[] {
  if (checked === null) return [];
  const { executable, script } = checked;
  const program = executable === null ? 'may not be seen' : shown(executable);
  const running = script === null ? '' : `, running ${shown(script)}`;
  // A process can call itself what it likes; of those whose file may not be seen there is nothing else.
  const parents = checked.parents.map((parent) => shown(parent.executable ?? parent.name)).join(' ← ');
  return [
    `Program  ${program}${running}${checked.by === 'kernel' ? '' : ' (its own word)'}`,
    ...(parents === '' ? [] : [`Started  by ${parents}`]),
    ...(checked.folder === null ? [] : [`Folder   ${shown(checked.folder)}`]),
  ];
}

const indented = (text: string): string[] => text.split('\n').map((line) => `         ${line}`);

const markedWords: Readonly<Record<Extract<Prompt, { kind: 'call' }>['marked'], string>> = {
  destructive: 'marked destructive',
  'read-only': 'marked read-only',
  unmarked: 'not marked read-only',
  unknown: 'not known: the server gives no list of its tools',
};
