// A value to be taken elsewhere exactly: shown whole, selectable, with a button that copies it.
import { CopyButton } from './copy-button.tsx';
import styles from './copy-field.module.css';

/** `block`: several lines, as a piece of code. */
export function CopyField({
  label,
  text,
  block = false,
}: {
  readonly label: string;
  readonly text: string;
  readonly block?: boolean;
}) {
  return (
    <div className={styles.field} role="group" aria-label={label}>
      {block ? (
        // A region that scrolls must be reachable by keyboard.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <pre className={styles.block} tabIndex={0} aria-label={label} role="region">
          {text}
        </pre>
      ) : (
        <code className={styles.text}>{text}</code>
      )}
      <CopyButton size="small" text={text} />
    </div>
  );
}
