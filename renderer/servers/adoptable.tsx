// Grants that the vault still holds and the database has lost: offered, and taken up only on the person's word.
import { useEffect } from 'react';
import { Button } from '../design/button.tsx';
import { Note, ProblemNote } from '../design/note.tsx';
import { toast } from '../design/toast.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useModel } from '../store/context.tsx';
import styles from './adoptable.module.css';

/** Only a database that was set aside loses grants, so only then is the vault asked. */
export function Adoptable() {
  const lost = useModel((model) => (model.status?.databaseSetAside ?? null) !== null);
  return lost ? <Offer /> : null;
}

function Offer() {
  const client = useClient();
  const { state, run } = useCall((signal) => client.adoption.list({}, { signal }));
  const adopt = useCall(async (signal) => {
    let taken = 0;
    for (const { id } of await client.adoption.list({}, { signal })) {
      const { server } = await client.adoption.adopt({ id }, { signal });
      if (server !== null) taken += 1;
    }
    return taken;
  });
  useEffect(() => void run(), [run]);

  const takeUp = async () => {
    const taken = await adopt.run();
    if (taken === null) return;
    toast(taken === 1 ? 'One server is back' : `${taken} servers are back`);
    await run();
  };
  if (adopt.state.kind === 'failed') return <ProblemNote problem={adopt.state.problem} />;
  if (state.kind !== 'done' || state.value.length === 0) return null;
  const names = state.value.map((grant) => grant.server).join(', ');
  return (
    <div className={styles.offer}>
      <Note
        tone="info"
        title={
          state.value.length === 1
            ? 'The vault still holds a sign-in'
            : `The vault still holds ${state.value.length} sign-ins`
        }
        actions={
          <Button busy={adopt.state.kind === 'working'} onClick={() => void takeUp()}>
            Take them up
          </Button>
        }
      >
        The new database does not know: <bdi>{names}</bdi>. Taking them up needs no new sign-in.
      </Note>
    </div>
  );
}
