// The whole of one row of the audit, with the seal that binds it to the row before.
import type { AuditEntry } from '../../preload/contract.ts';
import { Button } from '../design/button.tsx';
import { Fact, Facts } from '../design/card.tsx';
import { Dialog } from '../design/dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { LongText } from '../design/long-text.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { exactTime } from '../words/time.ts';
import { describeEntry } from './audit-words.ts';
import { eventFacts } from './event-words.ts';

export function AuditDialog({ entry, onClose }: { readonly entry: AuditEntry | null; readonly onClose: () => void }) {
  const shown = useShown(entry);
  return (
    <Dialog
      open={entry !== null}
      onClose={onClose}
      title={shown === null ? 'Row' : describeEntry(shown).title}
      actions={<Button onClick={onClose}>Close</Button>}
    >
      {shown !== null && (
        <Facts>
          <Fact name="When">{exactTime(shown.at)}</Fact>
          {named('Server', shown.server)}
          {named('Account', shown.account)}
          {named('Agent', shown.agent)}
          {eventFacts(shown).map(([name, value]) => (
            <Fact key={name} name={<OutsideText>{name}</OutsideText>}>
              <LongText glance={400}>{value}</LongText>
            </Fact>
          ))}
          <Fact name="Kind">{code(shown.kind)}</Fact>
          <Fact name="Row">{shown.seq}</Fact>
          <Fact name="Its seal">{code(shown.hash)}</Fact>
          <Fact name="Seal before">{code(shown.previous)}</Fact>
        </Facts>
      )}
    </Dialog>
  );
}

const named = (name: string, value: string | null) =>
  value !== null && (
    <Fact name={name}>
      <OutsideText fit="wrap">{value}</OutsideText>
    </Fact>
  );

const code = (text: string) => (
  <OutsideText fit="wrap" mono>
    {text}
  </OutsideText>
);
