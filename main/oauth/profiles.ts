// What is known of single providers beyond their metadata: a table of data, each row with where it is documented.

/** What a provider does that its metadata does not say. Absent means: by the book. */
export interface IssuerProfile {
  /** Does PKCE S256, though its metadata does not list it. */
  readonly knownToSupportS256?: boolean;
  /** Compares Basic credentials without undoing the form-encoding of RFC 6749 section 2.3.1. */
  readonly plainBasic?: boolean;
  /** Takes a rotated refresh token once more for a while, so that an answer that got lost can be asked for again. */
  readonly refreshRetryAllowed?: boolean;
}

interface Row extends IssuerProfile {
  /** The issuer's host, and with a leading dot every host under it. */
  readonly hosts: readonly string[];
}

const rows: readonly Row[] = [
  // https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
  {
    hosts: [
      'login.microsoftonline.com',
      'login.microsoftonline.us',
      'login.partner.microsoftonline.cn',
      '.ciamlogin.com',
      '.b2clogin.com',
    ],
    knownToSupportS256: true,
  },
  // https://github.blog/changelog/2025-07-14-pkce-support-for-oauth-and-github-app-authentication/
  { hosts: ['github.com', '.ghe.com'], knownToSupportS256: true },
  // https://community.developer.atlassian.com/t/the-old-access-token-will-be-revoked-during-the-refresh-token-exchange/83103
  { hosts: ['auth.atlassian.com'], refreshRetryAllowed: true },
];

const byTheBook: IssuerProfile = {};

export function profileFor(issuer: string): IssuerProfile {
  if (!URL.canParse(issuer)) return byTheBook;
  const url = new URL(issuer);
  if (url.protocol !== 'https:') return byTheBook;
  const row = rows.find(({ hosts }) => hosts.some((host) => matches(url.hostname, host)));
  if (row === undefined) return byTheBook;
  const { hosts: _, ...profile } = row;
  return profile;
}

function matches(hostname: string, host: string): boolean {
  return host.startsWith('.') ? hostname.endsWith(host) : hostname === host;
}
