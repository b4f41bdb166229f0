// The demo's clients: public ones on this machine, whose id is what they registered, so that it need not be remembered.
import { z } from 'zod';
import { json } from '../bridge/answers.ts';
import { isLoopbackUrl } from '../net/address.ts';

/** Programs on this machine only; a demo has no business with anybody else's callback. */
const redirectUrisSchema = z
  .array(
    z
      .url()
      .max(512)
      .refine((uri) => new URL(uri).protocol === 'http:' && isLoopbackUrl(new URL(uri))),
  )
  .min(1)
  .max(5);

export const registrationSchema = z.object({ redirect_uris: redirectUrisSchema });

const prefix = 'demo-client-';

/** Without a secret nothing but its redirects makes a client; a broker that was started anew still knows it. */
export const clientIdFor = (redirectUris: readonly string[]): string =>
  `${prefix}${Buffer.from(JSON.stringify(redirectUris), 'utf8').toString('base64url')}`;

/** What the client registered; null: it is none of ours. */
export function redirectUrisOf(clientId: string): readonly string[] | null {
  if (!clientId.startsWith(prefix)) return null;
  return redirectUrisSchema.safeParse(json(Buffer.from(clientId.slice(prefix.length), 'base64url'))).data ?? null;
}

/** RFC 8252 section 7.3: the port of a loopback redirect is the client's to choose anew each time. */
export function isRedirectOf(registered: readonly string[], asked: string): boolean {
  if (!URL.canParse(asked)) return false;
  const url = new URL(asked);
  return registered.some((uri) => {
    const one = new URL(uri);
    one.port = url.port;
    return one.href === url.href;
  });
}
