// Agents that ask more often than anybody could answer: who they are, how much was refused unseen, and the way to stop them.
import type { Flood } from '../../preload/contract.ts';
import { LinkButton } from '../design/button.tsx';
import { Note } from '../design/note.tsx';
import { useNow } from '../store/clock.ts';
import { useKnown, useModel } from '../store/context.tsx';
import { href } from '../store/route.ts';
import { floodWords } from './prompt-words.ts';

const none: readonly Flood[] = [];

export function FloodNotes() {
  const floods = useModel((model) => model.known?.floods ?? none);
  return floods.map((flood) => <FloodNote key={flood.agent} flood={flood} />);
}

function FloodNote({ flood }: { readonly flood: Flood }) {
  const now = useNow(1_000);
  const agent = useKnown()?.agents.find(({ name, revokedAt }) => name === flood.agent && revokedAt === null);
  return (
    <Note
      tone="warn"
      title="An agent floods you with questions"
      actions={
        agent !== undefined && (
          <LinkButton size="small" href={href({ at: 'agent', id: agent.id })}>
            Look at the agent
          </LinkButton>
        )
      }
    >
      <bdi>{floodWords(flood, now)}</bdi>
    </Note>
  );
}
