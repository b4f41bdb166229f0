// For a provider that registers no clients by itself: what to do there, step by step, and the id and secret that come out.
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { Button, LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { CopyField } from '../design/copy-field.tsx';
import { Disclosure } from '../design/disclosure.tsx';
import { SelectField, TextField } from '../design/field.tsx';
import { ProblemNote } from '../design/note.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import { href } from '../store/route.ts';
import { hostOf } from '../words/names.ts';
import type { Plan } from '../words/plan.ts';
import styles from './client-form.module.css';

const methods = [
  { value: 'usual', label: 'As the provider prefers' },
  { value: 'client_secret_basic', label: 'In the header (client_secret_basic)' },
  { value: 'client_secret_post', label: 'In the body (client_secret_post)' },
  { value: 'none', label: 'Without a secret (none)' },
] as const;
type Method = (typeof methods)[number]['value'];

interface ClientFormProps {
  readonly server: string;
  readonly url: string;
  readonly plan: Plan;
  readonly onBrought: () => void;
}

export function ClientForm({ server, url, plan, onBrought }: ClientFormProps) {
  const client = useClient();
  const form = useRef<HTMLFormElement>(null);
  const secretId = useId();
  const [clientId, setClientId] = useState('');
  const [method, setMethod] = useState<Method>('usual');
  const [missing, setMissing] = useState(false);
  const registerAt = useRegisterAt(url);

  // The secret is an argument and nothing else: it goes from the field into this one call and is kept nowhere here.
  const bring = useCall((signal, client_id: string, secret: string) =>
    client.servers.bringClient(
      {
        server,
        client: {
          client_id,
          ...(secret === '' ? {} : { client_secret: secret }),
          ...(method === 'usual' ? {} : { token_endpoint_auth_method: method }),
        },
      },
      { signal },
    ),
  );
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const field = form.current?.elements.namedItem(secretId);
    const input = field instanceof HTMLInputElement ? field : null;
    if (clientId.trim() === '') {
      setMissing(true);
      return;
    }
    const secret = input?.value.trim() ?? '';
    // Out of the page before the answer is there, whatever it will be.
    if (input !== null) input.value = '';
    if ((await bring.run(clientId.trim(), secret)) !== null) onBrought();
  };

  return (
    <Card
      title="This provider wants a client that you register"
      about="It does not register clients by itself, so you do it once, by hand. It takes a few minutes."
    >
      <form ref={form} className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        <ol className={styles.steps}>
          <li>
            <h3>
              Create an OAuth client at <OutsideText fit="wrap">{hostOf(plan.issuer)}</OutsideText>
            </h3>
            <p>
              In the provider’s developer settings. The kind is often called “desktop” or “native”, sometimes “web”.
            </p>
            {registerAt !== null && (
              <p>
                <a href={registerAt} target="_blank" rel="noopener noreferrer">
                  Open the provider’s page
                </a>
              </p>
            )}
          </li>
          <li>
            <h3>Give it exactly this redirect URI</h3>
            <CopyField label="Redirect URI" text={plan.redirectUri} />
          </li>
          <li>
            <h3>Copy its id and secret here</h3>
            <div className={styles.fields}>
              <TextField
                label="Client ID"
                mono
                autoComplete="off"
                spellCheck={false}
                value={clientId}
                onChange={(value) => {
                  setClientId(value);
                  setMissing(false);
                }}
                error={missing ? 'Paste the client ID that the provider shows.' : null}
              />
              <TextField
                label="Client secret"
                help="Leave it empty if there is none. It goes to the vault and is never shown again."
                name={secretId}
                type="password"
                mono
                autoComplete="off"
                spellCheck={false}
              />
            </div>
            <Disclosure label="How the secret is sent" plain>
              <SelectField label="Method at the token endpoint" value={method} onChange={setMethod} options={methods} />
            </Disclosure>
          </li>
        </ol>
        {bring.state.kind === 'failed' && <ProblemNote problem={bring.state.problem} />}
        <div className={styles.actions}>
          <LinkButton look="quiet" href={href({ at: 'servers' })}>
            Later
          </LinkButton>
          <Button type="submit" look="main" busy={bring.state.kind === 'working'}>
            Save and go on
          </Button>
        </div>
      </form>
    </Card>
  );
}

/** Where the catalogue says that clients of this server are registered. */
function useRegisterAt(url: string): string | null {
  const client = useClient();
  const { state, run } = useCall((signal) => client.catalogue.list({}, { signal }));
  useEffect(() => void run(), [run]);
  if (state.kind !== 'done') return null;
  return state.value.find((entry) => new URL(entry.url).host === hostOf(url))?.registerAt ?? null;
}
