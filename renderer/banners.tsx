// What holds for every screen and has to be known: the broker is gone, paused, asks nobody, or keeps nothing past its end; and who waits for an answer.
import type { ReactNode } from 'react';
import type { Prompt } from '../preload/contract.ts';
import { questionText } from './approvals/prompt-words.ts';
import { Button, LinkButton } from './design/button.tsx';
import { classes } from './design/classes.ts';
import { Icon, type IconName } from './design/icons.tsx';
import { toast } from './design/toast.tsx';
import { useNarrow } from './design/use-media.ts';
import { useCall } from './store/call.ts';
import { useNow } from './store/clock.ts';
import { useClient, useModel, useStore } from './store/context.tsx';
import { href, type Route } from './store/route.ts';
import { span } from './words/time.ts';
import styles from './banners.module.css';

const noPrompts: readonly Prompt[] = [];

export function Banners({ route }: { readonly route: Route }) {
  // In the popover a question has the room that there is: what says nothing about it stands on every other screen.
  const narrow = useNarrow();
  const asked = useModel((model) => (model.known?.prompts.length ?? 0) > 0) && narrow && route.at === 'approvals';
  return (
    <section aria-label="Notices">
      <LostBanner />
      {route.at !== 'approvals' && <QuestionBanner />}
      <PausedBanner />
      <ApprovalsOffBanner />
      {!asked && (
        <>
          <VaultBanner />
          <SetAsideBanner />
          <PortBanner />
        </>
      )}
    </section>
  );
}

function Banner({
  icon,
  tone = 'warn',
  children,
  action,
}: {
  readonly icon: IconName;
  readonly tone?: 'warn' | 'calm';
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className={classes(styles.banner, styles[tone])} role="status">
      <Icon name={icon} />
      <p>{children}</p>
      {action}
    </div>
  );
}

function LostBanner() {
  const store = useStore();
  const link = useModel((model) => model.link);
  const now = useNow(1_000);
  if (link.kind !== 'lost') return null;
  return (
    <Banner
      icon="warning"
      action={
        <Button size="small" onClick={() => store.reconnect()}>
          Try now
        </Button>
      }
    >
      <strong>The broker does not answer.</strong> Nothing here is live.{' '}
      {link.retryAt > now ? `Trying again in ${span(link.retryAt - now)}.` : 'Trying again…'}
    </Banner>
  );
}

function QuestionBanner() {
  const [first, second] = useModel((model) => model.known?.prompts ?? noPrompts);
  if (first === undefined) return null;
  return (
    <Banner
      icon="agents"
      action={
        <LinkButton size="small" look="main" href={href({ at: 'approvals', prompt: first.id })}>
          Answer
        </LinkButton>
      }
    >
      <strong>
        <bdi>{questionText(first)}.</bdi>
      </strong>{' '}
      {second !== undefined && 'Others wait behind it.'}
    </Banner>
  );
}

function ApprovalsOffBanner() {
  const off = useModel((model) => model.known?.settings.approvals.now === 'off');
  if (!off) return null;
  return (
    <Banner icon="shield" tone="calm">
      <strong>Approvals are off:</strong> every agent may use every server.{' '}
      <a href={href({ at: 'settings', part: 'approvals' })}>Why?</a>
    </Banner>
  );
}

function PausedBanner() {
  const client = useClient();
  const paused = useModel((model) => model.known?.pausedSince != null);
  const resume = useCall((signal) => client.broker.resume({}, { signal }));
  if (!paused) return null;
  return (
    <Banner
      icon="pause"
      action={
        <Button
          size="small"
          icon="play"
          busy={resume.state.kind === 'working'}
          onClick={() => void resume.run().then((done) => done !== null && toast('Agents are let through again'))}
        >
          Resume
        </Button>
      }
    >
      <strong>Paused.</strong> No agent gets through and no token is lent until you resume.
      {resume.state.kind === 'failed' && ` ${resume.state.problem.message}`}
    </Banner>
  );
}

function VaultBanner() {
  const vault = useModel((model) => model.status?.vault ?? null);
  if (vault === null || (vault.persistent && vault.reason === null)) return null;
  if (vault.persistent) {
    return (
      <Banner icon="key" tone="calm">
        <strong>Some sign-ins cannot be used with the vault as it is.</strong> <a href="#/settings/vault">Why?</a>
      </Banner>
    );
  }
  return (
    <Banner icon="key" tone="calm">
      {/* The vault's own reason has its place in the settings, beside what to do about it. */}
      <strong>Sign-ins end with the broker.</strong> <a href="#/settings/vault">Why?</a>
    </Banner>
  );
}

function SetAsideBanner() {
  const file = useModel((model) => model.status?.databaseSetAside ?? null);
  if (file === null) return null;
  return (
    <Banner icon="warning">
      <strong>The database was damaged and a new one was begun.</strong> Nothing was deleted; the old one is at{' '}
      <bdi>{file}</bdi>.
    </Banner>
  );
}

function PortBanner() {
  const bridge = useModel((model) => model.status?.bridge ?? null);
  if (bridge === null || bridge.onPreferredPort) return null;
  return (
    <Banner icon="warning">
      <strong>Another program has the usual port.</strong> Agents that use HTTP find the bridge at port {bridge.port}{' '}
      until it is free again.
    </Banner>
  );
}
