// One server: everything that may be shown of its grant, its history, and what can be done with it.
import { LinkButton } from '../design/button.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Note } from '../design/note.tsx';
import { Page, Stack } from '../design/page.tsx';
import { ServerIcon } from '../design/server-icon.tsx';
import { StateLine } from '../design/state-line.tsx';
import { TabLinks } from '../design/tabs.tsx';
import { heldWords } from '../rules/tool-words.ts';
import { useModel, useServer } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import { href } from '../store/route.ts';
import { stateAction, stateTone } from '../words/state.ts';
import { AccessPart } from './access-part.tsx';
import { DoctorPart } from './doctor-part.tsx';
import { History } from './history.tsx';
import { Overview } from './overview.tsx';
import { SetUpPart } from './set-up-part.tsx';
import { ToolsPart } from './tools-part.tsx';

const parts = [
  { part: 'overview', label: 'Overview' },
  { part: 'access', label: 'Access' },
  { part: 'tools', label: 'Tools' },
  { part: 'history', label: 'History' },
  { part: 'set-up', label: 'Set up' },
  { part: 'doctor', label: 'Doctor' },
] as const;
type Part = (typeof parts)[number]['part'];

export function ServerScreen({ server, part }: { readonly server: string; readonly part: string | null }) {
  const view = useServer(server);
  const held = useModel((model) => model.known?.held.get(server) ?? 0);
  const back = { href: href({ at: 'servers' }), label: 'Servers' };
  if (view === null) {
    return (
      <Page title={server} back={back} narrow>
        <EmptyState
          icon="search"
          title="There is no server of this name"
          actions={<LinkButton href={back.href}>All servers</LinkButton>}
        >
          It was forgotten, or the link is an old one.
        </EmptyState>
      </Page>
    );
  }
  const current = parts.find((one) => one.part === part)?.part ?? 'overview';
  return (
    <Page
      title={server}
      back={back}
      sign={<ServerIcon name={server} size="large" />}
      about={<StateLine state={view.state} wrap />}
      actions={<SignInLink view={view} />}
    >
      <Stack>
        <TabLinks
          label={`Parts of ${server}`}
          tabs={parts.map((one) => ({
            href: href(one.part === 'overview' ? { at: 'server', server } : { at: 'server', server, part: one.part }),
            label: one.label,
            current: one.part === current,
            ...(one.part === 'tools' && held > 0 && { count: held, alert: 'held' }),
          }))}
        />
        {held > 0 && current !== 'tools' && (
          <Note
            tone="warn"
            title={heldWords(held)}
            actions={
              <LinkButton size="small" href={href({ at: 'server', server, part: 'tools' })}>
                Look at {held === 1 ? 'it' : 'them'}
              </LinkButton>
            }
          >
            Their definitions changed since you agreed, or they are new. Agents do not get them until you accept.
          </Note>
        )}
        <PartOf part={current} view={view} />
      </Stack>
    </Page>
  );
}

function PartOf({ part, view }: { readonly part: Part; readonly view: ServerView }) {
  switch (part) {
    case 'overview':
      return <Overview view={view} />;
    case 'access':
      return <AccessPart server={view.server} />;
    case 'tools':
      return <ToolsPart server={view.server} />;
    case 'history':
      return <History server={view.server} />;
    case 'set-up':
      return <SetUpPart server={view.server} />;
    case 'doctor':
      return <DoctorPart view={view} />;
  }
}

/** The sign-in has a screen of its own, with the plan first; one that is under way goes on there. */
function SignInLink({ view }: { readonly view: ServerView }) {
  const tone = stateTone(view.state);
  return (
    <LinkButton
      look={tone === 'needs-you' || tone === 'busy' ? 'main' : 'plain'}
      icon="key"
      href={href({ at: 'add', name: view.server })}
    >
      {tone === 'busy'
        ? 'Continue the sign-in'
        : (stateAction(view.state) ?? (view.state.kind === 'open' ? 'Sign in' : 'Sign in again'))}
    </LinkButton>
  );
}
