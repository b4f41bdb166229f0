// Which server: its address pasted, or one picked from the catalogue.
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { Checkbox } from '../design/checkbox.tsx';
import { TextField } from '../design/field.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Page, Stack } from '../design/page.tsx';
import { shortcuts, useShortcut } from '../design/shortcuts.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useModel } from '../store/context.tsx';
import { go, href } from '../store/route.ts';
import { nameForAddress, nameProblem } from '../words/names.ts';
import { readAddress } from './address.ts';
import { Catalogue } from './catalogue.tsx';
import { DemoOffer } from './demo-offer.tsx';
import styles from './choose-screen.module.css';

interface Choice {
  readonly name: string;
  readonly url: string;
  readonly allowHttp: boolean;
}

export function ChooseScreen({ url: given }: { readonly url: string }) {
  const client = useClient();
  const servers = useModel((model) => model.known?.servers ?? null);
  const taken = (name: string) => servers?.has(name) ?? false;

  const [text, setText] = useState(given);
  const [ownName, setOwnName] = useState<string | null>(null);
  const [allowHttp, setAllowHttp] = useState(false);
  const [tried, setTried] = useState(false);
  const addressInput = useRef<HTMLInputElement>(null);
  useEffect(() => addressInput.current?.focus(), []);
  useShortcut(shortcuts.back, () => go({ at: 'servers' }));

  const address = readAddress(text);
  const name = ownName ?? (address.kind === 'good' ? nameForAddress(address.url, taken) : '');
  const wrongName = nameProblem(name, taken);

  const add = useCall(async (signal, choice: Choice) => {
    const settings = choice.allowHttp ? { settings: { allowHttp: true } } : {};
    return client.servers.add({ name: choice.name, url: choice.url, ...settings }, { signal });
  });
  const addAndGoOn = async (choice: Choice) => {
    const view = await add.run(choice);
    if (view !== null) go({ at: 'add', name: view.server });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (address.kind !== 'good' || wrongName !== null || (address.plainHttp && !allowHttp)) {
      addressInput.current?.focus();
      return;
    }
    void addAndGoOn({ name, url: address.url, allowHttp: address.plainHttp });
  };

  const plainHttp = address.kind === 'good' && address.plainHttp;
  return (
    <Page
      title="Add a server"
      narrow
      back={{ href: href({ at: 'servers' }), label: 'Servers' }}
      about="No page opens before you have seen what the sign-in asks for."
    >
      <Stack>
        <Card>
          <form className={styles.form} onSubmit={submit} noValidate>
            <TextField
              label="Address of the MCP server"
              placeholder="https://mcp.example.com/mcp"
              inputMode="url"
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={setText}
              inputRef={addressInput}
              error={tried ? addressError(address) : null}
            />
            <TextField
              label="Name on this machine"
              help="Agents and the command line know the server by it."
              autoComplete="off"
              spellCheck={false}
              maxLength={64}
              value={name}
              onChange={(value) => setOwnName(value.toLowerCase().replace(/\s+/gu, '-'))}
              error={
                tried || ownName !== null ? (address.kind === 'good' || ownName !== null ? wrongName : null) : null
              }
            />
            {plainHttp && (
              <Checkbox
                label="Accept plain http for this server"
                help="Everybody on the way can read its tokens. Only for a network that you trust."
                checked={allowHttp}
                onChange={setAllowHttp}
              />
            )}
            {add.state.kind === 'failed' && <ProblemNote problem={add.state.problem} />}
            <div className={styles.actions}>
              <Button type="submit" look="main" busy={add.state.kind === 'working'} disabled={plainHttp && !allowHttp}>
                Continue
              </Button>
            </div>
          </form>
        </Card>
        <Catalogue
          onPick={(entry) =>
            void addAndGoOn({
              name: taken(entry.id) ? nameForAddress(entry.url, (one) => taken(one)) : entry.id,
              url: entry.url,
              allowHttp: false,
            })
          }
        />
        <DemoOffer />
      </Stack>
    </Page>
  );
}

function addressError(address: ReturnType<typeof readAddress>): string | null {
  switch (address.kind) {
    case 'empty':
      return 'Paste the address of the server.';
    case 'wrong':
      return address.why;
    case 'good':
      return null;
  }
}
