// Add a server: first which one, then the sign-in, whose every fact is shown before a page opens.
import { ChooseScreen } from './choose-screen.tsx';
import { SignInScreen } from './sign-in-screen.tsx';

interface AddScreenProps {
  readonly url: string | null;
  /** The name of a server that is there already: straight to its sign-in. */
  readonly resume: string | null;
  /** Of that server; null: its default one. */
  readonly account: string | null;
}

export function AddScreen({ url, resume, account }: AddScreenProps) {
  return resume === null ? <ChooseScreen url={url ?? ''} /> : <SignInScreen server={resume} account={account} />;
}
