// What a dialog is about, for as long as it can be seen: a dialog that fades out keeps the words that it had.
import { useState } from 'react';

/** The value, or the last one that was not null. */
export function useShown<T>(value: T | null): T | null {
  const [shown, setShown] = useState(value);
  if (value !== null && value !== shown) {
    setShown(value);
    return value;
  }
  return value ?? shown;
}
