// Which addresses may be opened in the system browser: an allow-list of schemes, and each address taken apart and put together again. Pure.

const longest = 8_192;

/** The address as the URL parser understood it; null for what is no web address or would hide where it leads. */
export function safeLink(text: string): URL | null {
  if (text.length > longest || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  // `https://bank.example@evil.example` is a lie that no link of ours needs.
  return url.username === '' && url.password === '' ? url : null;
}
