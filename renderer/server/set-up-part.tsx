// How an agent comes to use this server: the mcp.json for every way in, ready to be copied.
import { useEffect } from 'react';
import { Button, LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { CopyBlock, CopyField } from '../design/copy-field.tsx';
import { Note, ProblemNote } from '../design/note.tsx';
import { Progress } from '../design/progress.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import { href } from '../store/route.ts';
import styles from './parts.module.css';

export function SetUpPart({ server }: { readonly server: string }) {
  const client = useClient();
  const { state, run } = useCall((signal) => client.servers.snippets({ server }, { signal }));
  useEffect(() => void run(), [run]);
  if (state.kind === 'failed') {
    return <ProblemNote problem={state.problem} actions={<Button onClick={() => void run()}>Try again</Button>} />;
  }
  if (state.kind !== 'done') return <Progress label="Writing the configuration" />;
  const { stdio, http, signIn, placeholder } = state.value;
  return (
    <>
      <Card
        title="Over stdio"
        about="The agent starts a small pipe to the broker. It needs no key, and starts the broker when none runs."
      >
        <CopyBlock label="mcp.json for stdio" text={stdio} />
      </Card>
      {http === null || signIn === null ? (
        <Card title="Over HTTP" about="The agent speaks to the bridge on this machine.">
          <Note tone="warn" title="The HTTP bridge is not up">
            Its port is taken or it was not started. Agents can use stdio meanwhile;{' '}
            <a href={href({ at: 'settings', part: 'bridge' })}>the bridge’s settings</a> say more.
          </Note>
        </Card>
      ) : (
        <>
          <Card
            title="Over HTTP, with the address alone"
            about="For an agent that speaks MCP authorization, as VS Code, Claude Code and Cursor do: it signs in to the bridge by itself, and you are asked."
          >
            <div className={styles.parts}>
              <CopyField label="Address" text={signIn.url} />
              <CopyBlock label="mcp.json without a key" text={signIn.file} />
            </div>
          </Card>
          <Card
            title="Over HTTP, with a key"
            about="The agent speaks to the bridge on this machine and proves itself with its own key."
          >
            <div className={styles.parts}>
              <CopyBlock label="mcp.json for HTTP" text={http} />
              <p className={styles.small}>
                Put the agent’s key in place of <code>{placeholder}</code>. A key is shown once, when it is made; it
                opens this machine’s bridge only and is no token of the provider.
              </p>
              <div>
                <LinkButton size="small" icon="key" href={href({ at: 'settings', part: 'agents' })}>
                  Make a key
                </LinkButton>
              </div>
            </div>
          </Card>
        </>
      )}
    </>
  );
}
