// What the benchmark and its switched broker say to each other: a line of JSON each way.
import * as z from 'zod';

export const serversSchema = z.array(z.object({ name: z.string(), url: z.url() }));

export const readySchema = z.object({ bridge: z.url(), key: z.string() });
export type Ready = z.output<typeof readySchema>;

export const turnSchema = z.object({ turn: z.int(), audit: z.enum(['on', 'off']) });

export const turnedSchema = z.object({
  turn: z.int(),
  /** The number of the newest row. */
  rows: z.int(),
  /** The broker's time on the processor since it began, with the writing of every row so far. */
  processorMicros: z.number(),
});
export type Turned = z.output<typeof turnedSchema>;
