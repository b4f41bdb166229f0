// What became of a revocation, until the person has read it.
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { Receipt } from './receipt.tsx';
import type { Receipt as ReceiptValue } from './receipt-words.ts';

/** Null: there is nothing to read. */
export function ReceiptDialog({
  receipt,
  onClose,
}: {
  readonly receipt: ReceiptValue | null;
  readonly onClose: () => void;
}) {
  return (
    <Dialog
      open={receipt !== null}
      onClose={onClose}
      title="Receipt"
      actions={
        <Button look="main" onClick={onClose}>
          Close
        </Button>
      }
    >
      {receipt !== null && <Receipt receipt={receipt} />}
    </Dialog>
  );
}
