// The person before Tokentray's window, without a screen: let in by the one-time link, and speaking the window's own contract.
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/fetch';
import type { ContractRouterClient } from '@orpc/contract';
import * as z from 'zod';
import type { contract } from '../../preload/contract.ts';
import type { Prompt } from '../../preload/contract-access.ts';
import type { Cli } from './cli.ts';
import { hold } from './report.ts';

export interface PersonAtWindow {
  /** The question that is open. */
  question(): Promise<Prompt | null>;
  allow(question: Prompt): Promise<void>;
}

export const linkAnswer = z.object({ kind: z.literal('link'), link: z.url() });

/** A command that an agent started cannot fetch the link: this is done before any agent is there. */
export async function openWindow(cli: Cli): Promise<PersonAtWindow> {
  const { link } = await cli.json(linkAnswer, 'ui', '--no-open');
  const page = await fetch(link);
  const place = /url=(\/ui\/[\w-]+\/)/u.exec(page.headers.get('refresh') ?? '')?.[1];
  const [cookie] = (page.headers.get('set-cookie') ?? '').split(';');
  hold(page.status === 200 && place !== undefined && cookie !== undefined, `the link answered ${page.status}`);
  const again = await fetch(link);
  hold(again.status === 404, `the link let somebody in twice (${again.status})`);
  const { origin } = new URL(link);
  const window: ContractRouterClient<typeof contract> = createORPCClient(
    new RPCLink({ url: `${origin}${place}rpc`, headers: { cookie, origin } }),
  );
  return {
    question: async () => (await window.approvals.list()).prompts[0] ?? null,
    async allow({ id }) {
      await window.approvals.decide({ id, decision: 'allow', lasts: 'session' });
    },
  };
}
