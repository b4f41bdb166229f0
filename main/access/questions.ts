// What a person is asked, as it is shown: who wants what, with every foreign word made harmless, and the arguments as text.
import { createHash } from 'node:crypto';
import type { AgentView } from '../../preload/contract.ts';
import type { Prompt } from '../../preload/contract-access.ts';
import { canonicalJson, writeJson } from './canonical.ts';
import { plainLines, plainText } from './plain-text.ts';
import type { JsonObject } from './types.ts';

/** Who asks, for which grant. */
export interface Asker {
  /** As it was called when it connected; what is told names it as it is called then. */
  readonly agent: { readonly id: string; readonly name: string };
  readonly via: 'http' | 'stdio';
  readonly server: string;
  readonly account: string;
  readonly session: string;
}

export type Question =
  | (Asker & {
      readonly kind: 'use';
      /** The tool that it called first; null: it asked for something else. */
      readonly tool: string | null;
      /** Where the answer of an agent goes to that signs in to the bridge. */
      readonly redirectUri?: string | null;
      /** That sign-in: each is asked about for itself, for its agent may be another program that says it is this one. */
      readonly signIn?: string;
    })
  | (Asker & {
      readonly kind: 'call';
      readonly tool: string;
      readonly title: string | null;
      readonly marked: 'read-only' | 'destructive' | 'unmarked' | 'unknown';
      readonly arguments: JsonObject;
    });

/** What is known of a grant, for the person to decide on. */
export interface About {
  readonly url: string;
  readonly identity: string | null;
  readonly scopes: readonly string[];
}

/** Two requests with the same key wait for the same answer. */
export function keyOf(question: Question): string {
  const { agent, server, account } = question;
  if (question.kind === 'use') {
    const { signIn } = question;
    if (signIn !== undefined) return JSON.stringify(['sign-in', agent.id, server, account, signIn]);
    return useKey(agent.id, server, account);
  }
  const call = canonicalJson([question.tool, question.arguments]);
  return JSON.stringify(['call', agent.id, server, account, createHash('sha256').update(call).digest('hex')]);
}

export const useKey = (agentId: string, server: string, account: string): string =>
  JSON.stringify(['use', agentId, server, account]);

/** Names beyond this are a trick, not names. */
const longestName = 120;
/** Nobody reads more; the contract takes no more than 65,536. */
const mostArguments = 32_768;

/** The question without its times and numbers: those change while it is open. */
export function shownQuestion(
  question: Question,
  agent: AgentView,
  about: About,
): DistributiveOmit<Prompt, 'id' | 'at' | 'expiresAt' | 'waiting'> {
  const { via, server, account } = question;
  const base = {
    agent: shownAgent(agent),
    via,
    server,
    url: about.url,
    account: plainText(account, longestName),
    identity: about.identity === null ? null : plainText(about.identity),
  };
  if (question.kind === 'use') {
    return {
      ...base,
      kind: 'use',
      scopes: about.scopes.map((scope) => plainText(scope, 512)),
      tool: question.tool === null ? null : shownTool(question.tool),
      redirectUri: question.redirectUri ?? null,
    };
  }
  const { text, cut } = argumentsText(question.arguments);
  return {
    ...base,
    kind: 'call',
    tool: shownTool(question.tool),
    title: question.title === null ? null : plainText(question.title, longestName),
    marked: question.marked,
    arguments: text,
    cut,
  };
}

export const shownTool = (name: string): string => plainText(name, longestName);

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What an agent claims of itself is foreign; its name on this machine was checked or made by us. */
export function shownAgent(agent: AgentView): AgentView {
  const { name, client, clientUri, firstClient } = agent.claimed;
  const words = (text: string | null): string | null => (text === null ? null : plainText(text, longestName));
  const shownClient = (said: NonNullable<typeof client>): NonNullable<typeof client> => ({
    name: plainText(said.name, longestName),
    version: words(said.version),
  });
  return {
    ...agent,
    name: plainText(agent.name, longestName),
    claimed: {
      name: words(name),
      client: client === null ? null : shownClient(client),
      clientUri: clientUri === null ? null : plainText(clientUri, 2_048),
      ...(firstClient === undefined ? {} : { firstClient: shownClient(firstClient) }),
    },
  };
}

/** Indented JSON, as far as there is room for it. */
function argumentsText(value: JsonObject): { text: string; cut: boolean } {
  let text = '';
  writeJson(value, (piece) => (text += plainLines(piece)).length <= mostArguments, true);
  return { text: text.slice(0, mostArguments), cut: text.length > mostArguments };
}
