// What the one call would be made with, all of it as text: nothing in it is invisible, and what is missing is said.
import type { Prompt } from '../../preload/contract.ts';
import { spelledLines } from '../words/names.ts';
import styles from './parts.module.css';

export function ArgumentsPart({ prompt }: { readonly prompt: Extract<Prompt, { kind: 'call' }> }) {
  const text = spelledLines(prompt.arguments);
  return (
    <section className={styles.part} aria-label="Arguments">
      <h2 className={styles.name}>With</h2>
      <div className={styles.body}>
        {/* A region that scrolls must be reachable by keyboard. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre className={styles.arguments} dir="ltr" tabIndex={0} role="region" aria-label="The call’s arguments">
          {text}
        </pre>
        {prompt.cut && (
          <p className={styles.cut}>It is too long to be shown whole. Allow it only if you know what the rest is.</p>
        )}
      </div>
    </section>
  );
}
