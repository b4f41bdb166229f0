// The questions of agents, one in front at a time: who wants what, for how long. What comes meanwhile waits behind it.
import { useState } from 'react';
import type { Prompt } from '../../preload/contract.ts';
import { Button, LinkButton } from '../design/button.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Note } from '../design/note.tsx';
import { Page, Stack } from '../design/page.tsx';
import { useNow } from '../store/clock.ts';
import { useKnown, useModel } from '../store/context.tsx';
import { href } from '../store/route.ts';
import { FloodNotes } from './flood-notes.tsx';
import { goneWords, questionText } from './prompt-words.ts';
import { PromptView } from './prompt-view.tsx';
import { answeredHere, behind, emptyQueue, followed, moved } from './queue.ts';
import { QueueCard } from './queue-card.tsx';

const none: readonly Prompt[] = [];

/** @param wanted the question that the address names; null: the oldest */
export function ApprovalsScreen({ wanted }: { readonly wanted: string | null }) {
  const prompts = useModel((model) => model.known?.prompts ?? none);
  const [queue, setQueue] = useState(() => moved(emptyQueue, prompts, wanted ?? undefined));
  const [outcome, setOutcome] = useState<string | null>(null);
  const now = followed(queue, prompts);
  if (now !== queue) {
    setQueue(now);
    // What came of the last question is no word about one that comes later.
    if (queue.front.kind === 'none') setOutcome(null);
  }
  const others = behind(now, prompts);
  const { front } = now;

  const onAnswered = (id: string, words: string) => {
    setOutcome(words);
    setQueue((known) => answeredHere(known, id, prompts));
  };
  const next = (id?: string) => {
    setOutcome(null);
    setQueue((known) => moved(known, prompts, id));
  };
  const waiting = others.length > 0 && <QueueCard prompts={others} onChoose={(prompt) => next(prompt.id)} />;

  switch (front.kind) {
    case 'none':
      return <Nothing outcome={outcome} />;
    case 'gone':
      return <Gone prompt={front.prompt} onNext={others.length > 0 ? () => next() : null} />;
    case 'open':
      return (
        <PromptView
          key={front.prompt.id}
          prompt={front.prompt}
          others={others.length}
          before={outcome}
          onAnswering={(answering) => setQueue((known) => ({ ...known, answering }))}
          onAnswered={(words) => onAnswered(front.prompt.id, words)}
        >
          <FloodNotes />
          {waiting}
        </PromptView>
      );
  }
}

function Nothing({ outcome }: { readonly outcome: string | null }) {
  const off = useKnown()?.settings.approvals.now === 'off';
  return (
    <Page title="Approvals" narrow>
      <Stack>
        {outcome !== null && (
          <Note tone="fine" announce>
            {outcome}
          </Note>
        )}
        <FloodNotes />
        <EmptyState
          icon="check"
          title="No agent waits for you"
          actions={<LinkButton href={href({ at: 'agents' })}>Agents and what they may use</LinkButton>}
        >
          {off
            ? 'Approvals are off: agents are not asked about.'
            : 'The first time an agent wants a server, you are asked here.'}
        </EmptyState>
      </Stack>
    </Page>
  );
}

function Gone({ prompt, onNext }: { readonly prompt: Prompt; readonly onNext: (() => void) | null }) {
  const approvals = useKnown()?.approvals ?? [];
  const { title, words } = goneWords(prompt, approvals, useNow(1_000));
  return (
    <Page title={title} narrow>
      <EmptyState
        icon="check"
        title={questionText(prompt)}
        actions={
          onNext === null ? (
            <LinkButton href={href({ at: 'agents' })}>Agents and what they may use</LinkButton>
          ) : (
            <Button look="main" onClick={onNext}>
              Next question
            </Button>
          )
        }
      >
        {words}
      </EmptyState>
    </Page>
  );
}
