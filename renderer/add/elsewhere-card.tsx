// A sign-in of this server that was begun elsewhere: by an agent's link, the command line or another window.
import { Button, LinkButton } from '../design/button.tsx';
import { Note } from '../design/note.tsx';
import type { ServerView } from '../store/model.ts';
import { href } from '../store/route.ts';

export function ElsewhereCard({ view, onAnew }: { readonly view: ServerView; readonly onAnew: () => void }) {
  const { state } = view;
  if (state.kind !== 'signing-in') {
    return state.kind === 'connected' ? (
      <Note
        tone="fine"
        announce
        title="The sign-in is done"
        actions={
          <LinkButton look="main" href={href({ at: 'server', server: view.server })}>
            Look at the server
          </LinkButton>
        }
      />
    ) : (
      <Note tone="info" announce title="That sign-in is over" actions={<Button onClick={onAnew}>Begin anew</Button>} />
    );
  }
  return (
    <Note
      tone="info"
      title="A sign-in is waiting for you already"
      actions={
        <>
          <LinkButton look="main" icon="open" href={state.url} target="_blank" rel="noopener noreferrer">
            Go on with it
          </LinkButton>
          <Button onClick={onAnew}>Begin anew</Button>
        </>
      }
    >
      It was begun in another window, on the command line or by an agent. Beginning anew shows first what will be asked
      for, and ends the other one when you sign in.
    </Note>
  );
}
