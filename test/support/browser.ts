// A browser without a screen: follows redirects with cookies, fills in the provider's forms, ends on the callback page.
export interface BrowserOptions {
  /** Typed into the sign-in form. Default: alice. */
  readonly account?: string;
  readonly decide?: 'approve' | 'deny';
  /** Walks away at this page and never answers it. */
  readonly stopAt?: 'login' | 'consent' | 'callback';
  /** Changes the callback address before it is visited: a foreign or tampered answer. */
  readonly tamper?: (callback: URL) => URL;
  /** Milliseconds for the whole visit. Default: 15,000. */
  readonly timeoutMs?: number;
}

export interface FinalPage {
  /** Where the visit ended. */
  readonly url: string;
  readonly status: number;
  /** The page's words, without markup. */
  readonly text: string;
  readonly html: string;
  readonly ended: 'page' | 'stopped';
}

interface BrowserVisit {
  readonly method: string;
  /** Without the query: codes and states stay out of test output. */
  readonly page: string;
  readonly status: number;
}

export interface Browser {
  readonly open: (url: string | URL) => Promise<FinalPage>;
  /** As `ports.OpenUrl`: returns when the browser has the address; the visit itself goes on and lands in `visits`. */
  readonly openUrl: (url: URL) => Promise<void>;
  readonly visits: readonly Promise<FinalPage>[];
  readonly log: readonly BrowserVisit[];
  /** What the last consent page asked for. */
  readonly consent: { readonly client: string; readonly resource: string; readonly scopes: readonly string[] } | null;
  readonly forgetCookies: () => void;
}

const maxSteps = 25;
const maxPage = 1_048_576;

export function createBrowser(options: BrowserOptions = {}): Browser {
  const jar = new Map<string, Map<string, string>>();
  const log: BrowserVisit[] = [];
  const visits: Promise<FinalPage>[] = [];
  let consent: Browser['consent'] = null;

  async function request(url: URL, form: URLSearchParams | null, signal: AbortSignal): Promise<Response> {
    const cookies = [...(jar.get(url.host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      method: form === null ? 'GET' : 'POST',
      redirect: 'manual',
      signal,
      headers: {
        'user-agent': 'Mozilla/5.0 (test)',
        accept: 'text/html',
        ...(cookies === '' ? {} : { cookie: cookies }),
        ...(form === null ? {} : { 'content-type': 'application/x-www-form-urlencoded', origin: url.origin }),
      },
      ...(form === null ? {} : { body: form.toString() }),
    });
    for (const line of response.headers.getSetCookie()) keepCookie(jar, url.host, line);
    log.push({ method: form === null ? 'GET' : 'POST', page: url.origin + url.pathname, status: response.status });
    return response;
  }

  async function visit(start: URL): Promise<FinalPage> {
    const signal = AbortSignal.timeout(options.timeoutMs ?? 15_000);
    let url = start;
    let form: URLSearchParams | null = null;
    for (let step = 0; step < maxSteps; step += 1) {
      if (url.protocol !== 'http:' && url.protocol !== 'https:')
        throw new Error(`a browser does not go to ${url.protocol}`);
      const response = await request(url, form, signal);
      const location = response.headers.get('location');
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await response.body?.cancel();
        let next = new URL(location, url);
        form = null;
        if (isCallback(next)) {
          if (options.stopAt === 'callback') return stopped(next, response.status);
          next = options.tamper?.(next) ?? next;
        }
        url = next;
        continue;
      }
      const html = (await response.text()).slice(0, maxPage);
      const found = response.ok ? readForm(html, url) : null;
      if (found === null) return { url: url.href, status: response.status, text: words(html), html, ended: 'page' };
      if (found.fields.has('account')) {
        if (options.stopAt === 'login') return stopped(url, response.status);
        form = new URLSearchParams({ account: options.account ?? 'alice', decision: 'sign-in' });
      } else if (found.buttons.length === 1) {
        // A page with one thing to do: a sign-in link that wants to be pressed.
        form = new URLSearchParams();
      } else {
        consent = readConsent(html);
        if (options.stopAt === 'consent') return stopped(url, response.status);
        const decision = options.decide ?? 'approve';
        if (!found.buttons.includes(decision)) throw new Error(`the page has no ${decision} button`);
        form = new URLSearchParams({ decision });
      }
      url = found.action;
    }
    throw new Error(`no page after ${maxSteps} steps: ${log.map((entry) => entry.page).join(' > ')}`);
  }

  return {
    log,
    visits,
    get consent() {
      return consent;
    },
    open: (url) => visit(new URL(url)),
    openUrl: async (url) => {
      const going = visit(url);
      going.catch(() => {});
      visits.push(going);
    },
    forgetCookies: () => jar.clear(),
  };
}

/** OAuth answers come to a loopback address with `state` (RFC 6749 section 4.1.2) and a code or an error. */
const isCallback = (url: URL): boolean =>
  url.searchParams.has('state') && (url.searchParams.has('code') || url.searchParams.has('error'));

const stopped = (url: URL, status: number): FinalPage => ({
  url: url.href,
  status,
  text: '',
  html: '',
  ended: 'stopped',
});

function keepCookie(jar: Map<string, Map<string, string>>, host: string, line: string): void {
  const [pair = '', ...attributes] = line.split(';');
  const at = pair.indexOf('=');
  const name = pair.slice(0, at).trim();
  const value = pair.slice(at + 1).trim();
  const cookies = jar.get(host) ?? new Map<string, string>();
  jar.set(host, cookies);
  const expired = attributes.some((text) => /^\s*expires=.*1970/i.test(text) || /^\s*max-age=0$/i.test(text));
  if (value === '' || expired) cookies.delete(name);
  else cookies.set(name, value);
}

interface Form {
  readonly action: URL;
  readonly fields: ReadonlySet<string>;
  readonly buttons: readonly string[];
}

function readForm(html: string, base: URL): Form | null {
  const form = /<form\b([^>]*)>([\s\S]*?)<\/form>/i.exec(html);
  if (form === null) return null;
  const inside = form[2] ?? '';
  return {
    action: new URL(attribute(form[1] ?? '', 'action') ?? base.href, base),
    fields: new Set([...inside.matchAll(/<input\b([^>]*)>/gi)].map((found) => attribute(found[1] ?? '', 'name') ?? '')),
    buttons: [...inside.matchAll(/<button\b([^>]*)>/gi)].map((found) => attribute(found[1] ?? '', 'value') ?? ''),
  };
}

function readConsent(html: string): NonNullable<Browser['consent']> {
  const one = (name: string): string => decode(new RegExp(`class="${name}">([^<]*)<`).exec(html)?.[1] ?? '');
  const scopes = [...html.matchAll(/class="scope">([^<]*)</g)].map((found) => decode(found[1] ?? ''));
  return { client: one('client'), resource: one('resource'), scopes };
}

function attribute(text: string, name: string): string | null {
  const found = new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(text);
  return found?.[1] === undefined ? null : decode(found[1]);
}

const decode = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');

const words = (html: string): string =>
  decode(
    html
      .replace(/<(style|script|title)\b[\s\S]*?<\/\1>/gi, ' ')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' '),
  ).trim();
