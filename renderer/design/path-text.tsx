// A path on one line: what it ends with is what tells, so the folders before it give way first. The whole is in the title.
import { plainText } from '../words/names.ts';
import styles from './path-text.module.css';

export function PathText({ children }: { readonly children: string }) {
  const path = plainText(children);
  const at = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1;
  return (
    <span className={styles.path} title={path}>
      <bdi className={styles.folders} data-folders>
        {path.slice(0, at)}
      </bdi>
      <bdi className={styles.last}>{path.slice(at)}</bdi>
    </span>
  );
}
