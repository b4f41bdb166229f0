// What a panic did: streams, approvals, and what each provider answered where it was asked to revoke.
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { Icon } from '../design/icons.tsx';
import { Note } from '../design/note.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { plainText } from '../words/names.ts';
import { fateWords, panicWords, type Panicked } from './lock-words.ts';
import { keepReceipt, useReceipt } from './panic-store.ts';
import styles from './panic.module.css';

const close = () => keepReceipt(null);

export function PanicReceipt() {
  const receipt = useReceipt();
  const shown = useShown(receipt);
  return (
    <Dialog
      open={receipt !== null}
      onClose={close}
      wide
      title="What the panic did"
      actions={
        <Button look="main" onClick={close}>
          Close
        </Button>
      }
    >
      {shown !== null && <Body done={shown} />}
    </Dialog>
  );
}

function Body({ done }: { readonly done: Panicked }) {
  const { tone, headline, facts } = panicWords(done);
  return (
    <>
      <Note tone={tone} announce title={headline}>
        {facts.join(' ')}
      </Note>
      {done.receipts.length > 0 && (
        <ul className={styles.receipts}>
          {done.receipts.map((one) => {
            const fate = fateWords(one);
            return (
              <li key={`${one.server} ${one.account}`} className={styles.receipt} data-tone={fate.tone}>
                <Icon name={fate.tone === 'fine' ? 'check' : 'warning'} />
                <div className={styles.words}>
                  <bdi>{one.server}</bdi>
                  {one.account !== 'default' && <bdi className={styles.soft}> {plainText(one.account, 60)}</bdi>}
                  <p className={styles.soft}>
                    <OutsideText fit="wrap">{fate.words}</OutsideText>
                  </p>
                </div>
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
}
