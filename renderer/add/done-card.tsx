// The sign-in worked: what was granted, what was not, what to know, and how an agent gets to the server from here.
import { useEffect, useState } from 'react';
import type { ContractOutputs } from '../../preload/contract.ts';
import { Scope } from '../design/badge.tsx';
import { Button, LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { CopyBlock } from '../design/copy-field.tsx';
import { Note, ProblemNote } from '../design/note.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { Segments } from '../design/segments.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import { href } from '../store/route.ts';
import { plainText } from '../words/names.ts';
import { sentence } from '../store/problem.ts';
import styles from './done-card.module.css';

type Result = ContractOutputs['signIn']['wait'];

export function DoneCard({ result }: { readonly result: Result }) {
  const granted = new Set(result.grantedScopes);
  const refused = result.requestedScopes.filter((scope) => !granted.has(scope));
  return (
    <>
      <Note tone="fine" announce title="Signed in">
        <div className={styles.scopes}>
          {result.grantedScopes.length === 0
            ? 'The provider names no scopes.'
            : result.grantedScopes.map((scope) => <Scope key={scope}>{plainText(scope)}</Scope>)}
        </div>
      </Note>
      {refused.length > 0 && (
        <Note tone="warn" title="Not everything was granted">
          <div className={styles.scopes}>
            {refused.map((scope) => (
              <Scope key={scope}>{plainText(scope)}</Scope>
            ))}
          </div>
        </Note>
      )}
      {!result.refreshable && (
        <Note tone="warn" title="The provider gave no refresh token">
          You sign in again when this one ends
          {result.accessTokenExpiresAt !== null && (
            <>
              , <RelativeTime at={result.accessTokenExpiresAt} />
            </>
          )}
          .
        </Note>
      )}
      {result.warning !== null && <Note tone="warn">{sentence(plainText(result.warning))}</Note>}
      <Snippets server={result.server} />
      <div className={styles.actions}>
        <LinkButton href={href({ at: 'add' })} icon="add">
          Add another
        </LinkButton>
        <LinkButton look="main" href={href({ at: 'server', server: result.server })}>
          Look at the server
        </LinkButton>
      </div>
    </>
  );
}

function Snippets({ server }: { readonly server: string }) {
  const client = useClient();
  const [way, setWay] = useState<'stdio' | 'http'>('stdio');
  const { state, run } = useCall((signal) => client.servers.snippets({ server }, { signal }));
  useEffect(() => void run(), [run]);
  if (state.kind === 'failed') {
    return <ProblemNote problem={state.problem} actions={<Button onClick={() => void run()}>Try again</Button>} />;
  }
  if (state.kind !== 'done') return null;
  const { stdio, http, placeholder } = state.value;
  const text = way === 'http' && http !== null ? http : stdio;
  return (
    <Card
      title="Tell your agents"
      about="Put this into the agent’s mcp.json or the settings that stand for it."
      actions={
        http !== null && (
          <Segments
            label="Way of the agent"
            value={way}
            onChange={setWay}
            options={[
              { value: 'stdio', label: 'stdio' },
              { value: 'http', label: 'HTTP' },
            ]}
          />
        )
      }
    >
      <div className={styles.snippet}>
        <CopyBlock label="mcp.json" text={text} />
        {way === 'http' && (
          <p className={styles.hint}>
            In place of <code>{placeholder}</code> goes the agent’s own key:{' '}
            <code>tokentray agent add &lt;name&gt;</code>
          </p>
        )}
      </div>
    </Card>
  );
}
