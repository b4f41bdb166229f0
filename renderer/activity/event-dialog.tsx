// The whole of one event: everything that was noted, as text.
import type { Activity } from '../../preload/contract.ts';
import { Button } from '../design/button.tsx';
import { Fact, Facts } from '../design/card.tsx';
import { Dialog } from '../design/dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { OutsideText } from '../design/outside-text.tsx';
import { href } from '../store/route.ts';
import { useServer } from '../store/context.tsx';
import { exactTime } from '../words/time.ts';
import { describeEvent, eventFacts } from './event-words.ts';

export function EventDialog({ event, onClose }: { readonly event: Activity | null; readonly onClose: () => void }) {
  const shown = useShown(event);
  const server = useServer(shown?.server ?? '');
  return (
    <Dialog
      open={event !== null}
      onClose={onClose}
      title={shown === null ? 'Event' : describeEvent(shown).title}
      actions={<Button onClick={onClose}>Close</Button>}
    >
      {shown !== null && (
        <Facts>
          <Fact name="When">{exactTime(shown.at)}</Fact>
          {shown.server !== null && (
            <Fact name="Server">
              {server === null ? (
                <OutsideText fit="wrap">{shown.server}</OutsideText>
              ) : (
                <a href={href({ at: 'server', server: server.server })} onClick={onClose}>
                  <OutsideText fit="wrap">{server.server}</OutsideText>
                </a>
              )}
            </Fact>
          )}
          {shown.agent !== null && (
            <Fact name="Agent">
              <OutsideText fit="wrap">{shown.agent}</OutsideText>
            </Fact>
          )}
          {eventFacts(shown).map(([name, value]) => (
            <Fact key={name} name={<OutsideText>{name}</OutsideText>}>
              <OutsideText fit="wrap">{value}</OutsideText>
            </Fact>
          ))}
          <Fact name="Kind">
            <OutsideText fit="wrap" mono>
              {shown.kind}
            </OutsideText>
          </Fact>
        </Facts>
      )}
    </Dialog>
  );
}
