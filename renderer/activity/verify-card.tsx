// Whether every row is as it was written: walked over on a press, the verdict in words.
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { Note, ProblemNote } from '../design/note.tsx';
import { Progress } from '../design/progress.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import { plainText } from '../words/names.ts';
import { verdictTitle, verdictTone } from './audit-words.ts';

export function VerifyCard() {
  const client = useClient();
  const call = useCall((signal) => client.audit.verify({}, { signal }));
  const { state } = call;
  const working = state.kind === 'working';
  const about = 'Finds the first row that was changed, removed or put into another order, and an end that was cut off.';
  return (
    <Card
      title="Is it whole?"
      {...(state.kind === 'idle' && { about })}
      actions={
        <Button icon="shield" size="small" busy={working} onClick={() => void call.run()}>
          {state.kind === 'done' ? 'Verify again' : 'Verify'}
        </Button>
      }
    >
      {working ? (
        <Progress label="Going over every row" since={state.since} onCancel={call.cancel} />
      ) : state.kind === 'failed' ? (
        <ProblemNote problem={state.problem} />
      ) : state.kind === 'done' ? (
        <Note tone={verdictTone(state.value.verdict)} announce title={verdictTitle(state.value)}>
          {plainText(state.value.words)}
        </Note>
      ) : undefined}
    </Card>
  );
}
