// One question, to be understood in three seconds: who asks, what for, and the answers, which are always in view.
import type { ReactNode } from 'react';
import type { Prompt } from '../../preload/contract.ts';
import { AgentIcon } from '../design/agent-icon.tsx';
import { classes } from '../design/classes.ts';
import { Icon } from '../design/icons.tsx';
import { Note } from '../design/note.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { Page, Stack } from '../design/page.tsx';
import { ServerIcon } from '../design/server-icon.tsx';
import { useNow } from '../store/clock.ts';
import { plainText } from '../words/names.ts';
import { ArgumentsPart } from './arguments-part.tsx';
import { CallAnswer } from './call-answer.tsx';
import { questionText, verbOf, waitingDetail, waitingWords } from './prompt-words.ts';
import styles from './prompt-view.module.css';
import { UseAnswer } from './use-answer.tsx';
import { WhoPart } from './who-part.tsx';
import { WishPart } from './wish-part.tsx';

interface PromptViewProps {
  readonly prompt: Prompt;
  /** How many questions stand behind this one. */
  readonly others: number;
  /** What became of the question before this one. */
  readonly before: string | null;
  /** True when an answer is given, false when it came to nothing. */
  readonly onAnswering: (answering: boolean) => void;
  /** With what was decided, in words. */
  readonly onAnswered: (words: string) => void;
  readonly children: ReactNode;
}

export function PromptView({ prompt, others, before, onAnswering, onAnswered, children }: PromptViewProps) {
  const now = useNow(1_000);
  const { who, left, more } = waitingWords(prompt, others, now);
  const foot = (
    <span className={styles.waiting} title={waitingDetail(prompt, others)}>
      <span className={styles.roomy}>{who} · </span>
      {left}
      {more !== null && (
        <>
          {' '}
          · {more}
          <span className={styles.roomy}> behind it</span>
        </>
      )}
    </span>
  );
  return (
    <Page title={questionText(prompt)} heading={<Question prompt={prompt} />} sign={<Signs prompt={prompt} />} narrow>
      <Stack>
        {before !== null && (
          <Note tone="fine" announce>
            {before}
          </Note>
        )}
        <article className={styles.card} aria-label="The question">
          <WhoPart prompt={prompt} />
          <WishPart prompt={prompt} />
          {prompt.kind === 'call' && <ArgumentsPart prompt={prompt} />}
          <div className={styles.answer}>
            {prompt.kind === 'use' ? (
              <UseAnswer prompt={prompt} onAnswering={onAnswering} onAnswered={onAnswered} foot={foot} />
            ) : (
              <CallAnswer prompt={prompt} onAnswering={onAnswering} onAnswered={onAnswered} foot={foot} />
            )}
          </div>
        </article>
        {children}
      </Stack>
    </Page>
  );
}

/** Each name is set apart from the sentence, so that none can turn it around. */
function Question({ prompt }: { readonly prompt: Prompt }) {
  const agent = <OutsideText fit="wrap">{plainText(prompt.agent.name, 48)}</OutsideText>;
  const server = <bdi>{prompt.server}</bdi>;
  return prompt.kind === 'call' ? (
    <>
      {agent} <span className={styles.verb}>wants to call</span>{' '}
      <OutsideText fit="wrap">{plainText(prompt.tool, 48)}</OutsideText> <span className={styles.verb}>on</span>{' '}
      {server}
    </>
  ) : (
    <>
      {agent} <span className={styles.verb}>{verbOf(prompt)}</span> {server}
    </>
  );
}

function Signs({ prompt }: { readonly prompt: Prompt }) {
  return (
    <span className={classes(styles.signs, prompt.kind === 'call' && styles.roomy)}>
      <AgentIcon name={prompt.agent.name} />
      <Icon name="arrow" />
      <ServerIcon name={prompt.server} />
    </span>
  );
}
