// Who asks: whether its name can be relied on, what was checked, and on a press what it claims beside what was checked.
import type { Prompt } from '../../preload/contract.ts';
import { Evidence } from '../agents/evidence.tsx';
import { TrustLine } from '../agents/trust-line.tsx';
import { Disclosure } from '../design/disclosure.tsx';
import { LongText } from '../design/long-text.tsx';
import { PathText } from '../design/path-text.tsx';
import { checkedLines, trustOf } from '../words/evidence.ts';
import { returnWords } from './prompt-words.ts';
import styles from './parts.module.css';

/** Seen without a press; the rest of what is known is below. */
const atOnce = new Set(['Program', 'Script', 'Started by', 'Folder']);

export function WhoPart({ prompt }: { readonly prompt: Prompt }) {
  const { agent } = prompt;
  const redirectUri = prompt.kind === 'use' ? prompt.redirectUri : null;
  const lines = checkedLines(agent.checked).filter(({ name }) => atOnce.has(name));
  return (
    <section className={styles.part} aria-label="Who asks">
      <h2 className={styles.name}>Who</h2>
      <div className={styles.body}>
        <TrustLine trust={trustOf(agent, redirectUri !== null)} />
        {(lines.length > 0 || redirectUri !== null) && (
          <dl className={styles.lines}>
            {lines.map(({ name, value, mono }) => (
              <div key={name} className={styles.line}>
                <dt>{name}</dt>
                <dd>{mono ? <PathText>{value}</PathText> : <LongText glance={80}>{value}</LongText>}</dd>
              </div>
            ))}
            {redirectUri !== null && (
              <div className={styles.line}>
                <dt>Answer to</dt>
                <dd>
                  <LongText glance={120}>{returnWords(redirectUri)}</LongText>
                </dd>
              </div>
            )}
          </dl>
        )}
        {agent.kind !== 'key' && (
          <Disclosure plain label="What it claims, and what was checked">
            <Evidence agent={agent} />
          </Disclosure>
        )}
      </div>
    </section>
  );
}
