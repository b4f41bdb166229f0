// One value of an event's detail, by its name: whatever its shape, what comes out is what was looked for or nothing. Pure.
import type { Activity } from '../../preload/contract.ts';

type Detail = Activity['detail'];

export function word(detail: Detail, name: string): string | null {
  const value = detail[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** `by-hand` → "by hand". */
export function spacedWord(detail: Detail, name: string): string | null {
  return word(detail, name)?.replaceAll('-', ' ') ?? null;
}

export function strings(detail: Detail, name: string): readonly string[] {
  const value = detail[name];
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string') : [];
}

export function number(detail: Detail, name: string): number {
  const value = detail[name];
  return typeof value === 'number' ? value : 0;
}
