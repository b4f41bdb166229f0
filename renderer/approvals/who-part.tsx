// Who asks: whether its name can be relied on, what was checked, how to tell its sign-in from another one, and on a press all of it.
import type { ReactNode } from 'react';
import { answerPlace } from '../../preload/answer-place.ts';
import type { Prompt } from '../../preload/contract.ts';
import { Evidence } from '../agents/evidence.tsx';
import { TrustLine } from '../agents/trust-line.tsx';
import { Disclosure } from '../design/disclosure.tsx';
import { LongText } from '../design/long-text.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { PathText } from '../design/path-text.tsx';
import { useNarrow } from '../design/use-media.ts';
import { checkedLines, trustOf } from '../words/evidence.ts';
import { plainText } from '../words/names.ts';
import { CodeText } from './code-text.tsx';
import styles from './parts.module.css';

/** Seen without a press, where there is room; the rest of what is known is below. */
const atOnce = new Set(['Program', 'Script', 'Started by', 'Folder']);
const inPopover = new Set(['Program', 'Script']);

export function WhoPart({ prompt }: { readonly prompt: Prompt }) {
  const { agent } = prompt;
  const redirectUri = prompt.kind === 'use' ? prompt.redirectUri : null;
  return (
    <section className={styles.part} aria-label="Who asks">
      <h2 className={styles.name}>Who</h2>
      <div className={styles.body}>
        <TrustLine trust={trustOf(agent, redirectUri !== null)} />
        {redirectUri !== null ? (
          <SignIn id={prompt.id} clientUri={agent.claimed.clientUri} redirectUri={redirectUri} />
        ) : (
          <Checked prompt={prompt} />
        )}
      </div>
    </section>
  );
}

/** Nothing of it can be checked: what tells it from another one is where its answer goes, and the page that it opened. */
function SignIn({ id, clientUri, redirectUri }: { id: string; clientUri: string | null; redirectUri: string }) {
  return (
    <dl className={styles.lines}>
      {clientUri !== null && (
        <Line name="Client id">
          <LongText glance={120}>{clientUri}</LongText>
        </Line>
      )}
      <Line name="Answer to" title={plainText(redirectUri)}>
        <OutsideText fit="wrap" longest={300}>
          {answerPlace(redirectUri)}
        </OutsideText>
      </Line>
      <Line name="Code">
        <CodeText>{id}</CodeText> <span className={styles.soft}>as on the page in your browser</span>
      </Line>
    </dl>
  );
}

function Checked({ prompt: { kind, agent } }: { readonly prompt: Prompt }) {
  const narrow = useNarrow();
  // Whoever calls something was allowed before: what counts now is the call.
  const known = kind === 'call' ? [] : checkedLines(agent.checked);
  const lines = known.filter(({ name }) => (narrow ? inPopover : atOnce).has(name));
  return (
    <>
      {lines.length > 0 && (
        <dl className={styles.lines}>
          {lines.map(({ name, value, mono }) => (
            <Line key={name} name={name}>
              {mono ? <PathText>{value}</PathText> : <LongText glance={80}>{value}</LongText>}
            </Line>
          ))}
        </dl>
      )}
      {agent.kind !== 'key' && (
        <Disclosure plain label="What it claims, and what was checked">
          <Evidence agent={agent} />
        </Disclosure>
      )}
    </>
  );
}

interface LineProps {
  readonly name: string;
  readonly title?: string;
  readonly children: ReactNode;
}

function Line({ name, title, children }: LineProps) {
  return (
    <div className={styles.line}>
      <dt>{name}</dt>
      <dd title={title}>{children}</dd>
    </div>
  );
}
