// The code of a question as the page in the browser shows it: two halves to compare, one word when it is copied.
import { halves } from '../../preload/answer-place.ts';
import styles from './code-text.module.css';

export function CodeText({ children }: { readonly children: string }) {
  const [first, second] = halves(children);
  return (
    <span className={styles.code}>
      <span>{first}</span>
      <span>{second}</span>
    </span>
  );
}
