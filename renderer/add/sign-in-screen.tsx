// The sign-in to one server, from what discovery found to the connected server; each stage is one card.
import { useEffect, useMemo, useState } from 'react';
import { Button, LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Page, Stack } from '../design/page.tsx';
import { Progress } from '../design/progress.tsx';
import { ServerIcon } from '../design/server-icon.tsx';
import { shortcuts, useShortcut } from '../design/shortcuts.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useModel, useServer } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import type { Problem } from '../store/problem.ts';
import { go, href } from '../store/route.ts';
import { plainText } from '../words/names.ts';
import type { Plan } from '../words/plan.ts';
import { answersOpenly } from '../words/state.ts';
import { newAccount } from './new-account.ts';
import { ClientForm } from './client-form.tsx';
import { DemoNote } from './demo-offer.tsx';
import { DoneCard } from './done-card.tsx';
import { ElsewhereCard } from './elsewhere-card.tsx';
import { PlanCard } from './plan-card.tsx';
import { underWay, type Started } from './under-way.ts';
import { WaitingCard } from './waiting-card.tsx';
import { firstWish, planChoices, removedScopes, signInChoices, type Wish } from './wish.ts';

interface SignInScreenProps {
  readonly server: string;
  /** Null: the server's default one. */
  readonly account: string | null;
}

export function SignInScreen({ server, account }: SignInScreenProps) {
  const first = useServer(server);
  const own = useModel((model) => (account === null ? null : model.known?.accounts.get(server)?.get(account))) ?? null;
  const view = useMemo(
    () => (account === null || first === null ? first : (own ?? newAccount(first, account))),
    [account, first, own],
  );
  if (view === null) {
    return (
      <Page title="Sign in" narrow back={{ href: href({ at: 'add' }), label: 'Add a server' }}>
        <EmptyState
          icon="search"
          title="There is no server of this name"
          actions={<LinkButton href={href({ at: 'add' })}>Add a server</LinkButton>}
        >
          It may have been forgotten meanwhile.
        </EmptyState>
      </Page>
    );
  }
  return <SignInFlow view={view} account={account} />;
}

/** In Electron the broker opens the system's browser; a page in a browser opens a tab beside itself. */
const hasDesktop = window.tokentray !== undefined;

function SignInFlow({ view, account }: { readonly view: ServerView; readonly account: string | null }) {
  const client = useClient();
  const { server } = view;
  const [wish, setWish] = useState<Wish>(() => firstWish(view));
  // A client of the person's own, although the provider would register one.
  const [byHand, setByHand] = useState(false);
  const [started, setStarted] = useState<Started | null>(() => underWay.get(server, account));
  // A sign-in that another window or an agent began: shown, and left alone unless the person says otherwise.
  const [elsewhere, setElsewhere] = useState(view.state.kind === 'signing-in' && started === null);

  const plan = useCall((signal, at: string | null) =>
    client.servers.plan(planChoices(server, at, account), { signal }),
  );
  const start = useCall(async (signal, found: Plan) => {
    const removed = removedScopes(found, view, wish);
    if (removed !== null)
      await client.servers.updateSettings({ server, settings: { removedScopes: removed } }, { signal });
    return client.signIn.start({ ...signInChoices(found, view, wish, account), openBrowser: hasDesktop }, { signal });
  });
  const finish = useCall((signal, id: string) => client.signIn.wait({ id }, { signal }));

  const { run: runPlan } = plan;
  const { run: runFinish } = finish;
  const planFirst = started === null && !elsewhere;
  const { issuer } = wish;
  useEffect(() => {
    if (planFirst) void runPlan(issuer);
  }, [planFirst, runPlan, issuer]);
  useEffect(() => {
    if (started !== null) void runFinish(started.id);
  }, [started, runFinish]);
  useEffect(() => {
    if (finish.state.kind === 'done' || finish.state.kind === 'failed') underWay.drop(server, account);
  }, [finish.state.kind, server, account]);
  useShortcut(shortcuts.back, () => go({ at: 'servers' }));

  const begin = async (found: Plan) => {
    const next = await start.run(found);
    if (next === null) return;
    underWay.keep(next, account);
    finish.reset();
    setStarted(next);
    if (!hasDesktop && next.url !== null) window.open(next.url, '_blank', 'noopener,noreferrer');
  };
  const again = () => {
    setStarted(null);
    setElsewhere(false);
    finish.reset();
    start.reset();
  };
  const cancel = async () => {
    if (started !== null) await client.signIn.cancel({ id: started.id }).catch(() => undefined);
    underWay.drop(server, account);
    again();
  };
  const stage = () => {
    if (finish.state.kind === 'done') return <DoneCard result={finish.state.value} />;
    if (elsewhere) return <ElsewhereCard view={view} onAnew={again} />;
    if (started !== null && finish.state.kind !== 'failed') {
      return <WaitingCard started={started} onCancel={() => void cancel()} />;
    }
    if (started !== null && finish.state.kind === 'failed') {
      return (
        <ProblemNote
          problem={finish.state.problem}
          actions={
            <>
              <Button onClick={again}>Back to the sign-in</Button>
              <LinkButton look="quiet" href={href({ at: 'server', server })}>
                Look at the server
              </LinkButton>
            </>
          }
        />
      );
    }
    if (plan.state.kind === 'failed')
      return <PlanFailed view={view} problem={plan.state.problem} onAgain={() => void runPlan(issuer)} />;
    if (plan.state.kind !== 'done') {
      return (
        <Card>
          <Progress
            label="Asking the server how to sign in"
            detail="No page opens yet."
            onCancel={() => go({ at: 'servers' })}
          />
        </Card>
      );
    }
    const found = plan.state.value;
    if (found.registration === 'needed' || byHand) {
      const brought = () => {
        setByHand(false);
        start.reset();
        void runPlan(issuer);
      };
      return <ClientForm server={server} url={view.url} plan={found} onBrought={brought} />;
    }
    return (
      <PlanCard
        view={view}
        plan={found}
        wish={wish}
        onWish={setWish}
        onByHand={() => setByHand(true)}
        onSignIn={() => void begin(found)}
        busy={start.state.kind === 'working'}
        onCancel={start.cancel}
        problem={start.state.kind === 'failed' ? start.state.problem : null}
      />
    );
  };

  const done = finish.state.kind === 'done';
  return (
    <Page
      title={done ? `${server} is connected` : `Sign in to ${server}`}
      narrow
      sign={<ServerIcon name={server} size="large" />}
      about={
        <>
          <bdi>{view.url}</bdi>
          {account !== null && (
            <p>
              Account <bdi>{plainText(account, 100)}</bdi>
            </p>
          )}
        </>
      }
      back={{ href: href({ at: 'servers' }), label: 'Servers' }}
    >
      <Stack>
        {!done && <DemoNote server={server} />}
        {stage()}
      </Stack>
    </Page>
  );
}

/** Codes that the server's own lack of authorization leads to: it may well be open to everybody. */
const mayBeOpen = new Set(['discovery_failed']);

function PlanFailed({
  view,
  problem,
  onAgain,
}: {
  readonly view: ServerView;
  readonly problem: Problem;
  readonly onAgain: () => void;
}) {
  const client = useClient();
  const forget = useCall(async (_signal) => {
    await client.servers.forget({ server: view.server });
    go({ at: 'add', url: view.url });
    return true;
  });
  const changeAddress = async () => void (await forget.run());
  // Only what was added a moment ago and never used is dropped without a question.
  const unused =
    (view.state.kind === 'open' && !answersOpenly(view.state)) ||
    (view.state.kind === 'needs-sign-in' && view.state.because === 'never-signed-in');
  return (
    <ProblemNote
      problem={problem}
      actions={
        <>
          <Button size="small" onClick={onAgain}>
            Try again
          </Button>
          {unused && (
            <Button size="small" busy={forget.state.kind === 'working'} onClick={() => void changeAddress()}>
              Change address
            </Button>
          )}
          <LinkButton
            size="small"
            look="quiet"
            href={href({ at: 'server', server: view.server, part: 'doctor' })}
            title="Looks at every step of this server’s authorization"
          >
            Doctor
          </LinkButton>
          {unused && mayBeOpen.has(problem.code) && (
            <LinkButton size="small" look="quiet" href={href({ at: 'server', server: view.server })}>
              Use it without a sign-in
            </LinkButton>
          )}
        </>
      }
    />
  );
}
