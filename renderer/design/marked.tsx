// A sentence with commands in it: what stands between backticks is shown as code, everything else as the text that it is.
import { plainText } from '../words/names.ts';

export function Marked({ children }: { readonly children: string }) {
  return (
    <>
      {plainText(children)
        .split('`')
        .map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}
    </>
  );
}
