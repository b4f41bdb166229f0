// The stop button: whether agents get through at all.
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { ProblemNote } from '../design/note.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useKnown } from '../store/context.tsx';

export function PauseCard() {
  const client = useClient();
  const pausedSince = useKnown()?.pausedSince ?? null;
  const paused = pausedSince !== null;
  const call = useCall((signal) =>
    paused ? client.broker.resume({}, { signal }) : client.broker.pause({}, { signal }),
  );
  return (
    <Card
      title={paused ? 'Agents are stopped' : 'Agents are let through'}
      about={
        paused ? (
          <>
            Paused <RelativeTime at={pausedSince} />. No request reaches a server and no token is lent. Grants stay as
            they are. A broker that is started again is not paused.
          </>
        ) : (
          'Pause to stop every agent at once. Grants stay as they are; what is under way may finish.'
        )
      }
      actions={
        <Button
          look={paused ? 'main' : 'plain'}
          icon={paused ? 'play' : 'pause'}
          busy={call.state.kind === 'working'}
          onClick={() => void call.run()}
        >
          {paused ? 'Resume' : 'Pause'}
        </Button>
      }
    >
      {call.state.kind === 'failed' ? <ProblemNote problem={call.state.problem} /> : undefined}
    </Card>
  );
}
