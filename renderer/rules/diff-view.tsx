// A difference, readable: each line with its sign, what went and what came marked, what stayed counted.
import { classes } from '../design/classes.ts';
import styles from './diff-view.module.css';
import type { PartDiff } from './tool-words.ts';

export function DiffView({ parts }: { readonly parts: readonly PartDiff[] }) {
  return parts.map(({ label, lines }) => (
    <section key={label} className={styles.part} aria-label={label}>
      <h3 className={styles.label}>{label}</h3>
      <div className={styles.lines}>
        {lines.map((line, index) => {
          // Lines have no name of their own; the list is never reordered.
          const key = index;
          if (line.kind === 'skipped') {
            return (
              <p key={key} className={styles.skipped}>
                {line.count} lines as before
              </p>
            );
          }
          const sign = line.kind === 'added' ? '+' : line.kind === 'removed' ? '−' : ' ';
          const Text = line.kind === 'added' ? 'ins' : line.kind === 'removed' ? 'del' : 'span';
          return (
            <p key={key} className={classes(styles.line, styles[line.kind])} dir="ltr">
              <span className={styles.sign} aria-hidden="true">
                {sign}
              </span>
              <Text>{line.text}</Text>
            </p>
          );
        })}
      </div>
    </section>
  ));
}
