// A number with its noun: `1 scope`, `2 scopes`. Pure.

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
