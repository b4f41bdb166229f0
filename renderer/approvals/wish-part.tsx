// What is asked for: the server, whose account there, the tool that was called, and on a press every scope of the grant.
import type { Prompt } from '../../preload/contract.ts';
import { Badge, Scope } from '../design/badge.tsx';
import { Disclosure } from '../design/disclosure.tsx';
import { LongText } from '../design/long-text.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { useNarrow } from '../design/use-media.ts';
import { useModel } from '../store/context.tsx';
import { hostOf, plainText } from '../words/names.ts';
import { accountText, markedWords } from './prompt-words.ts';
import styles from './parts.module.css';

export function WishPart({ prompt }: { readonly prompt: Prompt }) {
  const several = useModel((model) => (model.known?.accounts.get(prompt.server)?.size ?? 1) > 1);
  const account = accountText(prompt, several);
  return (
    <section className={styles.part} aria-label="What it wants">
      <h2 className={styles.name}>Wants</h2>
      <div className={styles.body}>
        <p className={styles.what}>
          <strong>
            <bdi>{prompt.server}</bdi>
          </strong>{' '}
          <span className={styles.soft}>
            <OutsideText fit="wrap">{hostOf(prompt.url)}</OutsideText>
          </span>
        </p>
        {account !== null && (
          <p>
            as <OutsideText fit="wrap">{account}</OutsideText>
          </p>
        )}
        <Tool prompt={prompt} />
        {prompt.kind === 'use' && <Scopes scopes={prompt.scopes} />}
      </div>
    </section>
  );
}

function Tool({ prompt }: { readonly prompt: Prompt }) {
  if (prompt.kind === 'use') {
    if (prompt.tool === null) return null;
    return (
      <>
        <p>
          It called{' '}
          <LongText glance={60} mono>
            {prompt.tool}
          </LongText>
        </p>
        <p className={styles.soft}>You allow the server, not this tool alone.</p>
      </>
    );
  }
  return (
    <p className={styles.tool}>
      <LongText glance={60} mono>
        {prompt.tool}
      </LongText>
      {prompt.title !== null && prompt.title !== prompt.tool && (
        <span className={styles.soft}>
          “<OutsideText fit="wrap">{plainText(prompt.title, 80)}</OutsideText>”
        </span>
      )}
      <Badge tone={markedTones[prompt.marked]}>{markedWords(prompt.marked)}</Badge>
    </p>
  );
}

/** Nothing known is no reason to be calm. */
const markedTones = { destructive: 'danger', unknown: 'needs-you', unmarked: 'idle', 'read-only': 'idle' } as const;

/** So many are read at a glance. */
const mostAtOnce = 3;

function Scopes({ scopes }: { readonly scopes: readonly string[] }) {
  // In the popover, room is for what one decides by.
  const narrow = useNarrow();
  if (scopes.length === 0) return <p className={styles.soft}>The provider names no scopes.</p>;
  const list = (
    <div className={styles.scopes}>
      {scopes.map((scope) => (
        <Scope key={scope}>{plainText(scope)}</Scope>
      ))}
    </div>
  );
  const words = scopes.length === 1 ? '1 scope' : `${scopes.length} scopes`;
  if (!narrow && scopes.length <= mostAtOnce) {
    return (
      <div className={styles.few} role="group" aria-label={words}>
        <span className={styles.soft}>with</span>
        {list}
      </div>
    );
  }
  return (
    <Disclosure plain label={words}>
      {list}
    </Disclosure>
  );
}
