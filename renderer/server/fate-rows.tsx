// What became of each grant, one row for an account: its server, and what the provider answered.
import { Icon } from '../design/icons.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { plainText } from '../words/names.ts';
import styles from './fate-rows.module.css';

export interface Fate {
  readonly server: string;
  readonly account: string;
  readonly tone: 'fine' | 'warn';
  /** May hold text from outside. */
  readonly words: string;
}

export function FateRows({ fates }: { readonly fates: readonly Fate[] }) {
  if (fates.length === 0) return null;
  return (
    <ul className={styles.rows}>
      {fates.map(({ server, account, tone, words }) => (
        <li key={`${server} ${account}`} className={styles.row} data-tone={tone}>
          <Icon name={tone === 'fine' ? 'check' : 'warning'} />
          <div className={styles.words}>
            <OutsideText>{server}</OutsideText>
            {account !== 'default' && <bdi className={styles.soft}> {plainText(account, 60)}</bdi>}
            <p className={styles.soft}>
              <OutsideText fit="wrap">{words}</OutsideText>
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}
