// Add a server: first which one, then the sign-in, whose every fact is shown before a page opens.
import { ChooseScreen } from './choose-screen.tsx';
import { SignInScreen } from './sign-in-screen.tsx';

/** @param resume the name of a server that is there already: straight to its sign-in */
export function AddScreen({ url, resume }: { readonly url: string | null; readonly resume: string | null }) {
  return resume === null ? <ChooseScreen url={url ?? ''} /> : <SignInScreen server={resume} />;
}
