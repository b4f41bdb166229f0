// Whether an answer may be given already: not in the first moment after a question appeared, so that no press meant for something else is one.
import { useEffect, useState } from 'react';

/** Longer than a double click, shorter than reading. */
const settleMs = 500;

/** @param about the question; another one, and a window that comes to the front, begin anew */
export function useArmed(about: string): boolean {
  const [armed, setArmed] = useState<string | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      clearTimeout(timer);
      setArmed(null);
      if (document.visibilityState === 'visible') timer = setTimeout(() => setArmed(about), settleMs);
    };
    begin();
    document.addEventListener('visibilitychange', begin);
    // The click that brings the window to the front is no answer.
    window.addEventListener('focus', begin);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', begin);
      window.removeEventListener('focus', begin);
    };
  }, [about]);
  return armed === about;
}
