// A value to be taken elsewhere exactly: shown whole, selectable, with a button that copies it.
import { classes } from './classes.ts';
import { CopyButton } from './copy-button.tsx';
import styles from './copy-field.module.css';

interface CopyFieldProps {
  readonly label: string;
  readonly text: string;
}

export function CopyField({ label, text }: CopyFieldProps) {
  return (
    <div className={classes(styles.field, styles.line)} role="group" aria-label={label}>
      <code className={styles.text}>{text}</code>
      <CopyButton size="small" text={text} />
    </div>
  );
}

/** Several lines, as a piece of code; its label and the button stand above it. */
export function CopyBlock({ label, text }: CopyFieldProps) {
  return (
    <div className={styles.field} role="group" aria-label={label}>
      <div className={styles.head}>
        {label}
        <CopyButton size="small" look="quiet" text={text} />
      </div>
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={styles.block} tabIndex={0} aria-label={label} role="region">
        {text}
      </pre>
    </div>
  );
}
