// What an agent claims of itself beside what the broker checked by itself.
import { LongText } from '../design/long-text.tsx';
import type { Agent } from '../store/model.ts';
import { checkedLines, claimedLines, type EvidenceLine } from '../words/evidence.ts';
import styles from './evidence.module.css';

export function Evidence({ agent }: { readonly agent: Pick<Agent, 'kind' | 'claimed' | 'checked'> }) {
  return (
    <div className={styles.beside}>
      <Side title="It claims" lines={claimedLines(agent.claimed)} none="Nothing so far." />
      <Side title="Checked here" lines={checkedLines(agent.checked)} none={uncheckedWords(agent.kind)} />
    </div>
  );
}

function uncheckedWords(kind: Agent['kind']): string {
  switch (kind) {
    case 'key':
      return 'Its key, with every request.';
    case 'oauth':
      return 'Its token, with every request. Which program it is cannot be seen over HTTP.';
    case 'stdio':
      return 'Nothing: the process was gone or out of sight.';
  }
}

interface SideProps {
  readonly title: string;
  readonly lines: readonly EvidenceLine[];
  readonly none: string;
}

function Side({ title, lines, none }: SideProps) {
  return (
    <section aria-label={title}>
      <h3 className={styles.title}>{title}</h3>
      {lines.length === 0 ? (
        <p className={styles.none}>{none}</p>
      ) : (
        <dl className={styles.lines}>
          {lines.map(({ name, value, mono }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <LongText mono={mono}>{value}</LongText>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
