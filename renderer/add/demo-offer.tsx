// The built-in demo server: a protected MCP server and its provider on this machine, to see a sign-in without an account.
import { Button, type ButtonProps } from '../design/button.tsx';
import { Note, ProblemNote } from '../design/note.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useModel } from '../store/context.tsx';
import { go } from '../store/route.ts';
import styles from './demo-offer.module.css';

/** Starts it and leads to its sign-in. */
export function useDemo() {
  const client = useClient();
  // Its server appears before its answer does, and takes this screen away: what follows belongs to the call, not to the screen.
  const call = useCall(async (_signal) => {
    const demo = await client.demo.start({});
    if (demo.kind === 'on') go({ at: 'add', name: demo.server });
    return demo;
  });
  const start = async () => void (await call.run());
  return { state: call.state, start };
}

export function DemoButton({
  demo,
  ...rest
}: Pick<ButtonProps, 'look' | 'size'> & { readonly demo: ReturnType<typeof useDemo> }) {
  return (
    <Button {...rest} icon="play" busy={demo.state.kind === 'working'} onClick={() => void demo.start()}>
      Try the demo server
    </Button>
  );
}

export function DemoOffer() {
  const demo = useDemo();
  const running = useModel((model) => model.known?.demo.kind === 'on');
  if (demo.state.kind === 'failed') return <ProblemNote problem={demo.state.problem} />;
  if (running) return null;
  return (
    <div className={styles.offer}>
      <p>No account at hand? A demo server with a provider of its own runs inside Tokentray.</p>
      <DemoButton demo={demo} size="small" />
    </div>
  );
}

/** On the demo's own sign-in: what one is looking at. */
export function DemoNote({ server }: { readonly server: string }) {
  const demo = useModel((model) => model.known?.demo ?? null);
  if (demo?.kind !== 'on' || demo.server !== server) return null;
  return (
    <Note tone="info" title="This is the built-in demo">
      The server and its provider run inside Tokentray on this machine. There is no account behind it, and all of it is
      gone when you forget the server.
    </Note>
  );
}
