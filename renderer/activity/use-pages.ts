// A pager for as long as a component is shown; it begins with the newest page.
import { useCallback, useEffect, useRef, useState } from 'react';
import { createPager, type Loading, type Pager, type PagerParts } from './pager.ts';

export interface Pages<P> extends Omit<Pager<P>, 'close'> {
  readonly loading: Loading;
}

/** The functions are kept between renderings (`useCallback`): other ones are another record. */
export function usePages<P>(
  list: PagerParts<P>['list'],
  next: PagerParts<P>['next'],
  take: PagerParts<P>['take'],
): Pages<P> {
  const [loading, setLoading] = useState<Loading>({ kind: 'first' });
  const pager = useRef<Pager<P> | null>(null);
  useEffect(() => {
    const own = createPager({ list, next, take, told: setLoading });
    pager.current = own;
    own.first();
    return () => own.close();
  }, [list, next, take]);
  return {
    loading,
    first: useCallback(() => pager.current?.first(), []),
    more: useCallback(() => pager.current?.more(), []),
    again: useCallback(() => pager.current?.again(), []),
    peek: useCallback(async () => (await pager.current?.peek()) ?? null, []),
  };
}
