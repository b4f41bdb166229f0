// What a panic did: streams, approvals, and what each provider answered where it was asked to revoke.
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { Note } from '../design/note.tsx';
import { FateRows } from '../server/fate-rows.tsx';
import { fateWords, panicWords, type Panicked } from './lock-words.ts';
import { keepReceipt, useReceipt } from './panic-store.ts';

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
      <FateRows fates={done.receipts.map((one) => ({ ...one, ...fateWords(one) }))} />
    </>
  );
}
