// Without any server: what Tokentray is for, and the two ways to the first connected one.
import { DemoButton, useDemo } from '../add/demo-offer.tsx';
import { LinkButton } from '../design/button.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Page } from '../design/page.tsx';
import { href } from '../store/route.ts';
import styles from './first-run.module.css';

const steps = [
  {
    title: 'Add a server',
    words: 'Paste its address or pick a well-known one. You see what the sign-in asks for before it opens.',
  },
  {
    title: 'Sign in once',
    words: 'In your browser, at the provider. The refresh token stays with Tokentray, in the vault of this machine.',
  },
  {
    title: 'Point your agents here',
    words: 'Each call gets a fresh token for that one server. No agent ever holds the key to your account.',
  },
] as const;

export function FirstRun() {
  const demo = useDemo();
  return (
    <Page
      title="Welcome to Tokentray"
      about="One place that signs in to remote MCP servers for every agent on this machine."
    >
      <div className={styles.box}>
        <ol className={styles.steps}>
          {steps.map(({ title, words }, index) => (
            <li key={title} className={styles.step}>
              <span className={styles.number} aria-hidden="true">
                {index + 1}
              </span>
              <h2>{title}</h2>
              <p>{words}</p>
            </li>
          ))}
        </ol>
        <div className={styles.actions}>
          <LinkButton look="main" icon="add" href={href({ at: 'add' })}>
            Add your first server
          </LinkButton>
          <DemoButton demo={demo} />
          <p className={styles.aside}>The demo runs on this machine only and needs no account.</p>
        </div>
        {demo.state.kind === 'failed' && <ProblemNote problem={demo.state.problem} />}
      </div>
    </Page>
  );
}
