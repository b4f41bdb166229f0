// How the stdio shim asks for a stream: an HTTP upgrade on the control socket that says who asks. Free of dependencies.

/** `GET /stdio/<server>` with `Upgrade: tokentray-stdio`; after the 101 both sides send newline-delimited JSON. */
export const stdioUpgrade = 'tokentray-stdio';
export const stdioPath = '/stdio/';

/** Base64url of the hello's JSON. */
export const helloHeader = 'tokentray-hello';

/** What the shim says of itself and of the program that started it. Its own word: it explains, it proves nothing. */
export interface StdioHello {
  readonly server: string;
  /** The name that the person gave in the agent's configuration; null when none. */
  readonly agentName: string | null;
  readonly pid: number;
  readonly parentPid: number;
  readonly cwd: string;
  readonly argv: readonly string[];
  readonly version: string;
  /** True when this stream carries on one that a broker's end cut off. */
  readonly resumed: boolean;
}

/** The header's value. Long command lines are cut, so that it stays far below the limit of HTTP heads. */
export function encodeHello(hello: StdioHello): string {
  const cut = {
    ...hello,
    cwd: hello.cwd.slice(0, 1_024),
    argv: hello.argv.slice(0, 32).map((word) => word.slice(0, 128)),
  };
  return Buffer.from(JSON.stringify(cut), 'utf8').toString('base64url');
}
