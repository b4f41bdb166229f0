// One server: everything that may be shown of its grant, its history, and what can be done with it.
import { LinkButton } from '../design/button.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Page, Stack } from '../design/page.tsx';
import { ServerIcon } from '../design/server-icon.tsx';
import { StateLine } from '../design/state-line.tsx';
import { TabLinks } from '../design/tabs.tsx';
import { useServer } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import { href } from '../store/route.ts';
import { stateTone } from '../words/state.ts';
import { DoctorPart } from './doctor-part.tsx';
import { History } from './history.tsx';
import { Overview } from './overview.tsx';
import { SetUpPart } from './set-up-part.tsx';

const parts = [
  { part: 'overview', label: 'Overview' },
  { part: 'history', label: 'History' },
  { part: 'set-up', label: 'Set up' },
  { part: 'doctor', label: 'Doctor' },
] as const;
type Part = (typeof parts)[number]['part'];

export function ServerScreen({ server, part }: { readonly server: string; readonly part: string | null }) {
  const view = useServer(server);
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
          }))}
        />
        <PartOf part={current} view={view} />
      </Stack>
    </Page>
  );
}

function PartOf({ part, view }: { readonly part: Part; readonly view: ServerView }) {
  switch (part) {
    case 'overview':
      return <Overview view={view} />;
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
  const label =
    tone === 'busy'
      ? 'Continue the sign-in'
      : tone === 'needs-you'
        ? 'Sign in'
        : tone === 'idle'
          ? 'Sign in'
          : 'Sign in again';
  return (
    <LinkButton
      look={tone === 'needs-you' || tone === 'busy' ? 'main' : 'plain'}
      icon="key"
      href={href({ at: 'add', name: view.server })}
    >
      {label}
    </LinkButton>
  );
}
