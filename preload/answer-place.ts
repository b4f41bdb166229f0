// Where the answer of a sign-in goes, in words: the same on the page in the browser and in the window, so that a person can compare them. Pure.

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);
/** Of the web, which an address leaves out. */
const usualPorts: ReadonlyMap<string, number> = new Map([
  ['http:', 80],
  ['https:', 443],
]);

/**
 * A host is never cut: its end says whose it is. What is no address comes back as it is.
 * @param redirectUri as the agent gave it: whoever shows the words still shows them as text from outside
 */
export function answerPlace(redirectUri: string): string {
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : null;
  if (url === null) return redirectUri;
  const usualPort = usualPorts.get(url.protocol);
  if (usualPort === undefined) return `the program that opens ${url.protocol} links`;
  return loopback.has(url.hostname)
    ? `a program on this machine, port ${url.port === '' ? usualPort : url.port}`
    : `the website ${url.host}`;
}

/** The code of a question in two halves, each short enough to be compared at a glance. */
export function halves(code: string): readonly [string, string] {
  const middle = Math.ceil(code.length / 2);
  return [code.slice(0, middle), code.slice(middle)];
}
