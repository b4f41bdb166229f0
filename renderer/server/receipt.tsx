// The receipt of a revocation: the truth about each token, and what is left to do.
import { Icon } from '../design/icons.tsx';
import { Note } from '../design/note.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { classes } from '../design/classes.ts';
import styles from './receipt.module.css';
import { receiptWords, type Receipt as ReceiptValue } from './receipt-words.ts';

const signs = { yes: 'check', no: 'warning', 'nothing-held': 'info' } as const;

export function Receipt({ receipt }: { readonly receipt: ReceiptValue }) {
  const { tone, headline, advice, asked, tokens } = receiptWords(receipt);
  return (
    <div className={styles.receipt}>
      <Note tone={tone} announce title={headline}>
        {advice}
      </Note>
      <ul className={styles.tokens}>
        {tokens.map(({ token, ended, words, answer }) => (
          <li key={token} className={classes(styles.token, styles[ended])}>
            <Icon name={signs[ended]} />
            <div className={styles.words}>
              <strong>{token}</strong>: {words}
              {answer !== null && (
                <p className={styles.answer}>
                  <OutsideText fit="wrap">{answer}</OutsideText>
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
      {receipt.issuer !== null && (
        <p className={styles.answer}>
          {asked ? 'Asked' : 'Provider'}: <OutsideText fit="wrap">{receipt.issuer}</OutsideText>
        </p>
      )}
    </div>
  );
}
